//! `/accounts/get`, `/accounts/balance/get`, `/auth/get` and `/identity/get`.

use chrono::{DateTime, SecondsFormat, Utc};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::gate::{Open, account_id};
use super::ids;
use super::items;
use super::product::Product;
use super::state::Verification;
use crate::bank::BankAccount;
use crate::domain::account::{AccountSubtype, AccountType, Address, Owner};

/// A decimal as a JSON number.
pub fn number(value: Decimal) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or_default()
}

/// A time as Plaid writes it.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Plaid's `type` and `subtype`.
pub fn kind(account_type: AccountType, subtype: AccountSubtype) -> (&'static str, &'static str) {
    use AccountSubtype as S;
    match subtype {
        S::Checking => ("depository", "checking"),
        S::Savings => ("depository", "savings"),
        S::MoneyMarket => ("depository", "money market"),
        S::CertificateOfDeposit => ("depository", "cd"),
        S::CashManagement => ("depository", "cash management"),
        S::Prepaid => ("depository", "prepaid"),
        S::Ebt => ("depository", "ebt"),
        S::Hsa => ("depository", "hsa"),
        S::Wallet => ("depository", "paypal"),
        S::CreditCard => ("credit", "credit card"),
        S::LineOfCredit => ("loan", "line of credit"),
        S::Overdraft => ("loan", "overdraft"),
        S::Mortgage => ("loan", "mortgage"),
        S::HomeEquity => ("loan", "home equity"),
        S::StudentLoan => ("loan", "student"),
        S::AutoLoan => ("loan", "auto"),
        S::BusinessLoan => ("loan", "business"),
        S::PersonalLoan => ("loan", "consumer"),
        S::Brokerage => ("investment", "brokerage"),
        S::Plan401k => ("investment", "401k"),
        S::Plan403b => ("investment", "403B"),
        S::Plan457b => ("investment", "457b"),
        S::Plan529 => ("investment", "529"),
        S::Ira => ("investment", "ira"),
        S::Roth => ("investment", "roth"),
        S::Retirement => ("investment", "retirement"),
        S::Trust => ("investment", "trust"),
        S::Insurance => ("investment", "other insurance"),
        S::TaxAdvantaged => ("investment", "tfsa"),
        S::Crypto => ("investment", "crypto exchange"),
        S::Other | S::Unidentified => (coarse(account_type), "other"),
    }
}

fn coarse(account_type: AccountType) -> &'static str {
    match account_type {
        AccountType::Depository => "depository",
        AccountType::Credit => "credit",
        AccountType::Loan => "loan",
        AccountType::Investment => "investment",
        AccountType::Other | AccountType::Unidentified => "other",
    }
}

/// An account as most operations show it.
pub fn account(open: &Open, account: &BankAccount) -> Value {
    let balances = open.books.balances(&account.key, open.books.now()).unwrap_or_default();
    let (kind, subtype) = kind(account.account_type, account.subtype);
    let mut row = json!({
        "account_id": account_id(&open.item.id, &account.key),
        "balances": {
            "available": balances.available.map(number),
            "current": balances.current.map(number),
            "limit": balances.limit.map(number),
            "iso_currency_code": account.currency,
            "unofficial_currency_code": null,
        },
        "mask": account.mask,
        "name": account.name,
        "official_name": account.official_name,
        "type": kind,
        "subtype": subtype,
        "holder_category": "personal",
    });
    if let Some(verification) = open.item.verification.filter(|_| Product::Auth.suits(account)) {
        row["verification_status"] = json!(verification);
    }
    // Only few institutions have an id that outlives a link: here those with the most elaborate consent.
    if open.books.institution().per_product_consent {
        let user = open.books.user();
        row["persistent_account_id"] = json!(ids::id(&[&user.institution, &user.username, &account.key]));
    }
    row
}

/// The accounts that `options.account_ids` names out of those that suit the product.
pub fn chosen<'a>(open: &'a Open, fields: &Fields, product: Product, more: &[&str]) -> Result<Vec<&'a BankAccount>> {
    let known: Vec<&str> = ["account_ids"].iter().chain(more).copied().collect();
    let options = fields.object("options", &[], &known)?.unwrap_or_default();
    let Some(wanted) = options.texts("account_ids")? else { return Ok(open.suited(product).collect()) };
    let id = |account: &BankAccount| account_id(&open.item.id, &account.key);
    if !wanted.iter().all(|wanted| open.accounts.iter().any(|account| id(account) == *wanted)) {
        return Err(Error::new("INVALID_ACCOUNT_ID"));
    }
    let chosen: Vec<_> = open.suited(product).filter(|account| wanted.contains(&id(account))).collect();
    if chosen.is_empty() { Err(product.without_account()) } else { Ok(chosen) }
}

fn rows(open: &Open, accounts: &[&BankAccount]) -> Vec<Value> {
    accounts.iter().map(|one| account(open, one)).collect()
}

/// `/accounts/get`
pub async fn get(call: Call) -> Answer {
    accounts_and_item(&call, &[]).await
}

/// `/accounts/balance/get`
pub async fn get_balances(call: Call) -> Answer {
    accounts_and_item(&call, &["min_last_updated_datetime"]).await
}

async fn accounts_and_item(call: &Call, more: &[&str]) -> Answer {
    let fields = call.fields(&["access_token"], &["options"])?;
    let open = call.simulator.open(call, fields.need("access_token")?).await?;
    let accounts = rows(&open, &chosen(&open, &fields, Product::Balance, more)?);
    reply(json!({ "accounts": accounts, "item": items::item(&open.item, None) }))
}

/// `/auth/get`
pub async fn get_numbers(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &["options"])?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Auth).await?;
    match open.item.verification {
        None | Some(Verification::Done | Verification::Entered) => {}
        Some(Verification::Pending | Verification::Manual) => return Err(Error::new("PRODUCT_NOT_READY")),
        Some(Verification::Expired | Verification::Failed) => return Err(Error::new("NO_AUTH_ACCOUNTS")),
    }
    let chosen = chosen(&open, &fields, Product::Auth, &[])?;
    let numbers = numbers(&open, &chosen);
    reply(json!({ "accounts": rows(&open, &chosen), "numbers": numbers, "item": items::item(&open.item, None) }))
}

fn numbers(open: &Open, accounts: &[&BankAccount]) -> Value {
    let (mut ach, mut eft, mut international, mut bacs) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for account in accounts {
        let id = account_id(&open.item.id, &account.key);
        let numbers = &account.identifiers;
        ach.extend(numbers.ach.as_ref().map(|ach| {
            json!({
                "account_id": id, "account": ach.account, "routing": ach.routing, "wire_routing": ach.wire_routing,
                "is_tokenized_account_number": ach.is_tokenized, "can_transfer_in": true, "can_transfer_out": true,
            })
        }));
        eft.extend(numbers.eft.as_ref().map(|eft| {
            json!({ "account_id": id, "account": eft.account, "institution": eft.institution, "branch": eft.branch })
        }));
        international.extend(numbers.international.as_ref().map(
            |number| json!({ "account_id": id, "iban": number.iban, "bic": number.bic.as_deref().unwrap_or_default() }),
        ));
        bacs.extend(
            numbers
                .bacs
                .as_ref()
                .map(|bacs| json!({ "account_id": id, "account": bacs.account, "sort_code": bacs.sort_code })),
        );
    }
    json!({ "ach": ach, "eft": eft, "international": international, "bacs": bacs })
}

/// `/identity/get`
pub async fn get_owners(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &["options"])?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Identity).await?;
    let chosen = chosen(&open, &fields, Product::Identity, &[])?;
    let with_owners = |one: &&BankAccount| {
        let mut row = account(&open, one);
        row["owners"] = one.owners.iter().map(owner).collect();
        row
    };
    let accounts: Vec<Value> = chosen.iter().map(with_owners).collect();
    reply(json!({ "accounts": accounts, "item": items::item(&open.item, None) }))
}

/// An owner, or several of whom the institution does not say who is who.
pub fn owner(owner: &Owner) -> Value {
    let listed = |texts: &[String], first: &str, other: &str| -> Value {
        let row = |(i, text): (usize, &String)| json!({ "data": text, "primary": i == 0, "type": if i == 0 { first } else { other } });
        texts.iter().enumerate().map(row).collect()
    };
    let addresses: Value = owner.addresses.iter().enumerate().map(|(i, one)| address(one, i == 0)).collect();
    json!({
        "names": owner.names,
        "phone_numbers": listed(&owner.phone_numbers, "mobile", "home"),
        "emails": listed(&owner.emails, "primary", "secondary"),
        "addresses": addresses,
    })
}

fn address(address: &Address, primary: bool) -> Value {
    let data = json!({
        "street": address.street.as_deref().unwrap_or_default(),
        "city": address.city, "region": address.region, "postal_code": address.postal_code, "country": address.country,
    });
    json!({ "data": data, "primary": primary })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_digit_by_digit() {
        assert_eq!(number(Decimal::new(1_234_567, 2)).to_string(), "12345.67");
        assert_eq!(number(Decimal::new(-5, 1)).to_string(), "-0.5");
        assert_eq!(number(Decimal::new(7, 0)).to_string(), "7");
    }

    #[test]
    fn a_subtype_that_plaid_has_not_keeps_its_type() {
        assert_eq!(kind(AccountType::Loan, AccountSubtype::Other), ("loan", "other"));
        assert_eq!(kind(AccountType::Credit, AccountSubtype::CreditCard), ("credit", "credit card"));
    }
}
