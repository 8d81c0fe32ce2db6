//! Accounts, with what is asked for beside them. What Yodlee has stays readable when it can no longer log in.

use axum::Json;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::Caller;
use super::logins::datasets;
use super::providers::{has_numbers, provider_id};
use super::state::{ProviderAccount, Standing};
use super::values::{Query, given, ids, listed, money, number, time, without_nulls};
use crate::bank::{BankAccount, Books};
use crate::domain::account::{AccountSubtype, AccountType, Identifiers, Owner};
use crate::domain::product::Product;

/// A provider account that was aggregated, with the books behind it.
pub struct Aggregated {
    /// It.
    pub login: ProviderAccount,
    /// How it stands.
    pub standing: Standing,
    /// What the institution has.
    pub books: Books,
}

impl Aggregated {
    /// Its open accounts.
    pub fn accounts(&self) -> Vec<BankAccount> {
        let mut accounts = self.books.accounts();
        accounts.retain(|account| self.login.accounts.contains(&account.key));
        accounts
    }
}

impl Simulator {
    /// The caller's provider accounts that were ever aggregated.
    pub(super) async fn aggregated(&self, caller: &Caller) -> Result<Vec<Aggregated>> {
        let mut all = Vec::new();
        for login in caller.logins().await? {
            if let Some(books) = self.books(&login.login).await? {
                let standing = login.standing(Some(&books), self.shared.clock.now());
                all.push(Aggregated { login, standing, books });
            }
        }
        Ok(all)
    }
}

/// The container of an account.
pub fn container(account: &BankAccount) -> &'static str {
    match account.account_type {
        AccountType::Credit => "creditCard",
        AccountType::Loan => "loan",
        AccountType::Investment => "investment",
        _ => "bank",
    }
}

fn account_type(subtype: AccountSubtype) -> &'static str {
    match subtype {
        AccountSubtype::Checking => "CHECKING",
        AccountSubtype::Savings => "SAVINGS",
        AccountSubtype::CreditCard => "CREDIT",
        AccountSubtype::Mortgage => "MORTGAGE",
        AccountSubtype::StudentLoan => "STUDENT_LOAN",
        AccountSubtype::Brokerage => "BROKERAGE_CASH",
        AccountSubtype::Plan401k => "EMPLOYEE_RETIREMENT_ACCOUNT_401K",
        AccountSubtype::Ira => "INDIVIDUAL_RETIREMENT_ACCOUNT_IRA",
        AccountSubtype::Roth => "ROTH_IRA",
        AccountSubtype::Retirement => "REGISTERED_RETIREMENT_SAVINGS_PLAN_RRSP",
        AccountSubtype::TaxAdvantaged => "TAX_FREE_SAVINGS_ACCOUNT_TFSA",
        _ => "OTHER",
    }
}

/// `GET /accounts`
pub async fn list(caller: Caller, query: Query) -> Result<Json<Value>> {
    let logins = ids(&query, "providerAccountId", 100)?;
    let wanted = ids(&query, "accountId", 100)?;
    let containers: Option<Vec<&str>> = given(&query, "container").map(|text| text.split(',').collect());
    let include: Vec<&str> = given(&query, "include").map(|text| text.split(',').collect()).unwrap_or_default();
    let all = caller.simulator.aggregated(&caller).await?;
    if let Some(unknown) = logins.iter().flatten().find(|id| all.iter().all(|one| one.login.id != **id)) {
        // One whose first attempt failed is there, and has no accounts.
        caller.login(&unknown.to_string()).await?;
    }
    if let Some(odd) = include.iter().find(|one| !INCLUDES.contains(one)) {
        return Err(Error::invalid(odd));
    }
    let now = caller.simulator.shared.clock.now();
    let mut found = Vec::new();
    for one in all.iter().filter(|one| logins.as_ref().is_none_or(|ids| ids.contains(&one.login.id))) {
        for account in one.accounts() {
            let id = one.login.account_id(&account.key);
            let is_asked = wanted.as_ref().is_none_or(|ids| ids.contains(&id))
                && containers.as_ref().is_none_or(|list| list.contains(&container(&account)));
            found.extend(is_asked.then(|| describe(one, &account, &include, now)));
        }
    }
    Ok(listed("account", found))
}

const INCLUDES: [&str; 6] =
    ["profile", "holder", "fullAccountNumber", "fullAccountNumberList", "paymentProfile", "autoRefresh"];

fn describe(one: &Aggregated, account: &BankAccount, include: &[&str], now: DateTime<Utc>) -> Value {
    let login = &one.login;
    let mut body = json!({
        "id": login.account_id(&account.key), "providerAccountId": login.id, "CONTAINER": container(account),
        "providerId": provider_id(&login.institution).to_string(), "providerName": one.books.institution().name,
        "accountName": account.official_name, "accountNumber": format!("xxxx{}", account.mask), "accountStatus": "ACTIVE",
        "accountType": account_type(account.subtype), "aggregationSource": "USER", "isManual": false,
        "isAsset": !matches!(account.account_type, AccountType::Credit | AccountType::Loan), "includeInNetWorth": true,
        "createdDate": time(login.created_at), "lastUpdated": time(login.attempted_at),
        "dataset": datasets(login, &one.standing),
    });
    add(&mut body, balances(one, account));
    add(&mut body, terms(one, account, now));
    if login.profile {
        add(&mut body, profile(one, account, include));
    }
    if include.contains(&"autoRefresh") {
        let (status, why) = match one.standing.is_served() {
            true => ("ENABLED", "SCHEDULED"),
            false => ("DISABLED", "USER_ACTION_REQUIRED"),
        };
        let as_of = login.attempted_at.date_naive();
        body["autoRefresh"] = json!({ "status": status, "additionalStatus": why, "asOfDate": as_of });
    }
    body
}

fn add(body: &mut Value, more: Value) {
    if let (Value::Object(body), Value::Object(more)) = (body, without_nulls(more)) {
        body.extend(more);
    }
}

fn balances(one: &Aggregated, account: &BankAccount) -> Value {
    let Some(balances) = one.books.balances(&account.key, one.books.now()) else { return json!({}) };
    let money = |amount: Option<rust_decimal::Decimal>| amount.map(|amount| money(amount, account.currency));
    let [current, available, limit] = [balances.current, balances.available, balances.limit].map(money);
    match account.account_type {
        AccountType::Credit => json!({
            "balance": current, "runningBalance": current, "availableCredit": available, "totalCreditLine": limit,
        }),
        AccountType::Loan => json!({ "balance": current, "principalBalance": current }),
        AccountType::Investment => json!({ "balance": current, "cash": available }),
        _ => json!({ "balance": current, "currentBalance": current, "availableBalance": available }),
    }
}

fn terms(one: &Aggregated, account: &BankAccount, now: DateTime<Utc>) -> Value {
    let liability = one.login.has(Product::Liabilities).then(|| one.books.liability(&account.key, now)).flatten();
    let Some(liability) = liability else { return json!({}) };
    let terms = liability.terms;
    let money = |amount: Option<rust_decimal::Decimal>| amount.map(|amount| money(amount, account.currency));
    let rate = terms.interest_rate.map(number);
    let is_card = account.account_type == AccountType::Credit;
    let mut body = json!({
        "dueDate": terms.next_payment_due_date, "lastPaymentAmount": money(terms.last_payment_amount),
        "lastPaymentDate": terms.last_payment_date, "minimumAmountDue": money(terms.minimum_payment),
    });
    add(
        &mut body,
        match is_card {
            true => json!({ "apr": rate, "amountDue": money(terms.last_statement_balance) }),
            false => json!({
                "interestRate": rate, "amountDue": money(terms.minimum_payment),
                "originalLoanAmount": money(terms.original_principal), "originationDate": terms.origination_date,
                "maturityDate": terms.maturity_date,
            }),
        },
    );
    body
}

/// Numbers and holders, as far as they are aggregated and asked for.
fn profile(one: &Aggregated, account: &BankAccount, include: &[&str]) -> Value {
    let mut body = json!({});
    let code = code(&account.identifiers).filter(|_| numbered(one));
    if let Some((number, code, kind)) = code {
        body["bankTransferCode"] = json!([{ "id": code, "type": kind }]);
        if include.contains(&"fullAccountNumberList") {
            body["fullAccountNumberList"] = json!({ "paymentAccountNumber": number, "unmaskedAccountNumber": number });
        }
    }
    if one.login.has(Product::Owners) {
        if include.contains(&"holder") {
            body["holder"] = account.owners.iter().enumerate().map(holder).collect();
        }
        if include.contains(&"profile") {
            body["profile"] = account.owners.first().map(contact).unwrap_or_default();
        }
    }
    body
}

fn numbered(one: &Aggregated) -> bool {
    one.login.has(Product::Identifiers) && has_numbers(one.books.institution())
}

fn code(identifiers: &Identifiers) -> Option<(&str, &str, &'static str)> {
    let ach = identifiers.ach.as_ref().map(|ach| (ach.account.as_str(), ach.routing.as_str(), "ROUTING_NUMBER"));
    let bacs = || identifiers.bacs.as_ref().map(|one| (one.account.as_str(), one.sort_code.as_str(), "SORT_CODE"));
    ach.or_else(bacs)
}

fn holder((place, owner): (usize, &Owner)) -> Value {
    let ownership = if place == 0 { "PRIMARY" } else { "SECONDARY" };
    json!({ "ownership": ownership, "name": { "fullName": owner.names.first() } })
}

fn contact(owner: &Owner) -> Value {
    let address = |address: &crate::domain::account::Address| {
        without_nulls(json!({
            "type": "HOME", "address1": address.street, "city": address.city, "state": address.region,
            "zip": address.postal_code, "country": address.country,
        }))
    };
    let email = |email: &String| json!({ "type": "PRIMARY", "value": email });
    let phone = |phone: &String| json!({ "type": "HOME", "value": phone });
    json!({
        "address": owner.addresses.iter().map(address).collect::<Vec<_>>(),
        "email": owner.emails.iter().map(email).collect::<Vec<_>>(),
        "phoneNumber": owner.phone_numbers.iter().map(phone).collect::<Vec<_>>(),
    })
}
