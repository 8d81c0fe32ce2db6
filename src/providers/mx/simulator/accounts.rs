//! Accounts with the terms of loans and cards, their numbers and owners; the code for a processor.

use axum::extract::Path;
use chrono::{Datelike, NaiveDate};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Value, json};

use super::call::{Answer, Call, Error};
use super::state::{Member, guid, token};
use super::users::time;
use crate::bank::{BankAccount, Books};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::liability::LiabilityKind;
use crate::domain::product::Product;

/// MX's type and subtype.
fn kind(subtype: AccountSubtype) -> (&'static str, &'static str) {
    match subtype {
        AccountSubtype::Checking => ("CHECKING", "NONE"),
        AccountSubtype::Savings => ("SAVINGS", "NONE"),
        AccountSubtype::CreditCard => ("CREDIT_CARD", "NONE"),
        AccountSubtype::Mortgage => ("MORTGAGE", "NONE"),
        AccountSubtype::StudentLoan => ("LOAN", "STUDENT"),
        AccountSubtype::Plan401k => ("INVESTMENT", "PLAN_401_K"),
        AccountSubtype::Ira => ("INVESTMENT", "IRA"),
        AccountSubtype::Roth => ("INVESTMENT", "ROTH_IRA"),
        AccountSubtype::Retirement => ("INVESTMENT", "RRSP"),
        AccountSubtype::TaxAdvantaged => ("INVESTMENT", "TFSA"),
        _ => ("INVESTMENT", "BROKERAGE"),
    }
}

/// MX's id of an account.
pub fn account_guid(member: &Member, key: &str) -> String {
    guid("ACT", &[&member.guid, key])
}

/// An amount as a JSON number.
pub fn number(amount: Decimal) -> Value {
    json!(amount.to_f64())
}

fn numbers(amount: Option<Decimal>) -> Value {
    amount.map_or(Value::Null, number)
}

/// The accounts that the member shares.
pub fn shared(member: &Member, books: &Books) -> Vec<BankAccount> {
    books.accounts().into_iter().filter(|account| member.shares(&account.key)).collect()
}

/// `GET …/accounts`
pub async fn list(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let all: Vec<Value> = shared(&member, &books).iter().map(|one| account_json(&member, &books, one)).collect();
    call.page("accounts", 1000, &all)
}

fn account_json(member: &Member, books: &Books, account: &BankAccount) -> Value {
    let balances = books.balances(&account.key, member.seen).unwrap_or_default();
    let (kind, subtype) = kind(account.subtype);
    let available = |wanted: AccountType| balances.available.filter(|_| account.account_type == wanted);
    let mut body = json!({
        "guid": account_guid(member, &account.key), "id": account.key, "member_guid": member.guid,
        "user_guid": member.user, "institution_code": member.institution,
        "name": account.official_name, "nickname": account.name,
        "account_number": format!("XXXXXX{}", account.mask),
        "type": kind, "subtype": subtype, "currency_code": account.currency,
        "balance": numbers(balances.current),
        "available_balance": numbers(available(AccountType::Depository)),
        "available_credit": numbers(available(AccountType::Credit)),
        "cash_balance": numbers(available(AccountType::Investment)),
        "credit_limit": numbers(balances.limit),
        "is_closed": false, "is_hidden": false, "is_manual": false, "metadata": null,
        "created_at": time(member.created_at), "updated_at": time(member.aggregated_at),
    });
    if let (Some(body), Some(terms)) = (body.as_object_mut(), terms(member, books, account)) {
        body.extend(terms);
    }
    body
}

/// The terms of a card or loan.
fn terms(member: &Member, books: &Books, account: &BankAccount) -> Option<serde_json::Map<String, Value>> {
    let liability = books.liability(&account.key, member.seen.at)?;
    let terms = liability.terms;
    let at = |day: Option<NaiveDate>| day.map(|day| format!("{day}T00:00:00Z"));
    let rate = if liability.kind == LiabilityKind::Credit { "apr" } else { "interest_rate" };
    let body = json!({
        rate: numbers(terms.interest_rate),
        "minimum_payment": numbers(terms.minimum_payment),
        "payment_due_at": at(terms.next_payment_due_date),
        "day_payment_is_due": terms.next_payment_due_date.map(|day| day.day()),
        "last_payment": numbers(terms.last_payment_amount), "last_payment_at": at(terms.last_payment_date),
        "statement_balance": numbers(terms.last_statement_balance),
        "original_balance": numbers(terms.original_principal),
        "started_on": at(terms.origination_date), "matures_on": at(terms.maturity_date),
    });
    body.as_object().cloned()
}

/// `GET …/account_numbers`
pub async fn list_numbers(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let fetched = member.has_numbers && member.allows(Product::Identifiers);
    let accounts = if fetched { shared(&member, &books) } else { Vec::new() };
    let all: Vec<Value> = accounts.iter().filter_map(|account| numbers_json(&member, account)).collect();
    call.page("account_numbers", 1000, &all)
}

fn numbers_json(member: &Member, account: &BankAccount) -> Option<Value> {
    let given = &account.identifiers;
    let (number, routing, canadian) = match (&given.ach, &given.eft) {
        (Some(ach), _) => (&ach.account, Some(&ach.routing), None),
        (None, Some(eft)) => (&eft.account, None, Some(eft)),
        (None, None) => return None,
    };
    Some(json!({
        "guid": guid("ACN", &[&member.guid, &account.key]), "account_guid": account_guid(member, &account.key),
        "member_guid": member.guid, "user_guid": member.user,
        "account_number": number, "routing_number": routing,
        "institution_number": canadian.map(|eft| &eft.institution), "transit_number": canadian.map(|eft| &eft.branch),
        "passed_validation": true, "loan_guarantor": null, "loan_reference_number": null, "sequence_number": null,
    }))
}

/// `GET …/account_owners`
pub async fn list_owners(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let fetched = member.has_owners && member.allows(Product::Owners);
    let accounts = if fetched { shared(&member, &books) } else { Vec::new() };
    let all: Vec<Value> = accounts.iter().flat_map(|account| owners_json(&member, account)).collect();
    call.page("account_owners", 1000, &all)
}

fn owners_json(member: &Member, account: &BankAccount) -> Vec<Value> {
    let account_guid = account_guid(member, &account.key);
    let owners = account.owners.iter().enumerate().map(|(n, owner)| {
        let name = owner.names.first().cloned().unwrap_or_default();
        let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
        let address = owner.addresses.first().cloned().unwrap_or_default();
        json!({
            "guid": guid("ACO", &[&account_guid, &n.to_string()]), "account_guid": account_guid,
            "member_guid": member.guid, "user_guid": member.user,
            "owner_name": name, "first_name": first, "last_name": last,
            "email": owner.emails.first().cloned().unwrap_or_default(), "phone": owner.phone_numbers.first(),
            "address": address.street, "city": address.city, "state": address.region,
            "postal_code": address.postal_code, "country": address.country,
        })
    });
    owners.collect()
}

/// `POST /authorization_code`: only for a member whose numbers were fetched.
pub async fn authorize(call: Call) -> Answer {
    let scope = call.object("authorization_code")?.get("scope").and_then(Value::as_str).unwrap_or_default();
    let named = |name: &str| scope.split_whitespace().find_map(|part| part.strip_prefix(name)).unwrap_or_default();
    let (member, books) = call.simulator.member(named("user-guid:"), named("member-guid:")).await?;
    let account = named("account-guid:");
    let known = shared(&member, &books).iter().any(|one| account_guid(&member, &one.key) == account);
    if !known || !member.has_numbers {
        return Err(Error::new(422, "the member has not been verified, or has no such account"));
    }
    call.answer(200, json!({ "authorization_code": { "code": token() } }))
}
