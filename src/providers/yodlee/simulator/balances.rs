//! Balances straight from the institution, and cards' statements.

use axum::Json;
use serde_json::{Value, json};

use super::accounts::{Aggregated, container};
use super::errors::{Error, Result};
use super::gate::Caller;
use super::values::{Query, given, ids, listed, money, time, without_nulls};
use crate::bank::BankAccount;
use crate::bank::ids as make;
use crate::domain::account::AccountType;
use crate::domain::product::Product;

/// `GET /accounts/latestBalances`
pub async fn latest(caller: Caller, query: Query) -> Result<Json<Value>> {
    let login = given(&query, "providerAccountId").ok_or_else(|| Error::required("providerAccountId"))?;
    let wanted = ids(&query, "accountId", 10)?.ok_or_else(|| Error::required("accountId"))?;
    caller.login(login).await?;
    let all = caller.simulator.aggregated(&caller).await?;
    let one = all.iter().find(|one| one.login.id.to_string() == login).ok_or_else(|| Error::invalid("accountId"))?;
    let accounts = one.accounts();
    let now = caller.simulator.shared.clock.now();
    let mut found = Vec::new();
    for id in wanted {
        let account = accounts.iter().find(|account| one.login.account_id(&account.key) == id);
        let account = account.ok_or_else(|| Error::invalid("accountId"))?;
        if !matches!(container(account), "bank" | "investment") {
            let text = "The accountId is not supported for container other than bank, investment";
            return Err(Error::bad("Y820", text));
        }
        found.push(balance(one, account, time(now)));
    }
    Ok(listed("accountBalance", found))
}

fn balance(one: &Aggregated, account: &BankAccount, now: String) -> Value {
    let id = one.login.account_id(&account.key);
    let mut body = json!({
        "accountId": id, "providerAccountId": one.login.id, "CONTAINER": container(account),
        "accountName": account.official_name, "accountNumber": format!("xxxx{}", account.mask), "lastUpdated": now,
    });
    if !one.standing.is_served() {
        body["refreshStatus"] = json!("FAILED");
        body["failedReason"] = json!(one.standing.additional);
        return body;
    }
    body["refreshStatus"] = json!("SUCCESS");
    let balances = one.books.balances(&account.key, one.books.now()).unwrap_or_default();
    let money = |amount: Option<rust_decimal::Decimal>| amount.map(|amount| money(amount, account.currency));
    let (current, available) = (money(balances.current), money(balances.available));
    let more = match account.account_type {
        AccountType::Investment => json!({ "balance": current, "cash": available }),
        _ => json!({ "balance": current, "currentBalance": current, "availableBalance": available }),
    };
    if let (Value::Object(body), Value::Object(more)) = (&mut body, without_nulls(more)) {
        body.extend(more);
    }
    body
}

/// `GET /statements`: the latest of each card.
pub async fn statements(caller: Caller, query: Query) -> Result<Json<Value>> {
    let container = given(&query, "container");
    if container.is_some_and(|one| !["creditCard", "loan", "insurance"].contains(&one)) {
        return Err(Error::invalid("container"));
    }
    let wanted = ids(&query, "accountId", 1)?;
    let now = caller.simulator.shared.clock.now();
    let mut found = Vec::new();
    for one in caller.simulator.aggregated(&caller).await? {
        let is_card = |account: &BankAccount| account.account_type == AccountType::Credit;
        if container.is_some_and(|one| one != "creditCard") || !one.login.has(Product::Liabilities) {
            continue;
        }
        for account in one.accounts().into_iter().filter(is_card) {
            let id = one.login.account_id(&account.key);
            let terms = one.books.liability(&account.key, now).map(|liability| liability.terms);
            let Some(terms) = terms.filter(|_| wanted.as_ref().is_none_or(|ids| ids.contains(&id))) else { continue };
            let Some(date) = terms.last_statement_date else { continue };
            let money = |amount: Option<rust_decimal::Decimal>| amount.map(|amount| money(amount, account.currency));
            found.push(without_nulls(json!({
                "id": make::number(&["statement", &id.to_string(), &date.to_string()]), "accountId": id,
                "statementDate": date, "dueDate": terms.next_payment_due_date, "isLatest": true,
                "amountDue": money(terms.last_statement_balance), "minimumPayment": money(terms.minimum_payment),
                "lastUpdated": time(one.login.attempted_at),
            })));
        }
    }
    Ok(listed("statement", found))
}
