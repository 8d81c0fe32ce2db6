//! Accounts and the securities in them. What finAPI has stays readable when the bank no longer lets it in.

use axum::Json;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::errors::Result;
use super::gate::{Caller, Imported};
use super::values::{Query, ids, number, paged, time, without_nulls};
use crate::bank::ids as make;
use crate::bank::{BankAccount, BankHolding};
use crate::domain::account::{AccountSubtype, AccountType};
use crate::domain::investment::SecurityType;
use crate::domain::product::Product;

impl Imported {
    /// Its open accounts.
    pub fn accounts(&self) -> Vec<BankAccount> {
        let mut accounts = self.books.accounts();
        accounts.retain(|account| self.connection.accounts.contains(&account.key));
        accounts
    }
}

/// `GET /api/v2/accounts`
pub async fn list(caller: Caller, query: Query) -> Result<Json<Value>> {
    let (connections, wanted) = (ids(&query, "bankConnectionIds")?, ids(&query, "ids")?);
    let mut found = Vec::new();
    for one in caller.connections().await? {
        if connections.as_ref().is_some_and(|ids| !ids.contains(&one.connection.id)) {
            continue;
        }
        for account in one.accounts() {
            let id = one.connection.account_id(&account.key);
            found.extend(wanted.as_ref().is_none_or(|ids| ids.contains(&id)).then(|| describe(&one, id, &account)));
        }
    }
    Ok(Json(json!({ "accounts": found })))
}

fn describe(one: &Imported, id: i64, account: &BankAccount) -> Value {
    let (connection, books) = (&one.connection, &one.books);
    let balances = books.balances(&account.key, connection.seen);
    let owed = matches!(account.account_type, AccountType::Credit | AccountType::Loan);
    let current = balances.as_ref().and_then(|all| all.current).map(|held| if owed { -held } else { held });
    let iban = account.identifiers.international.as_ref().map(|one| one.iban.clone());
    let iban = iban.filter(|_| connection.has(Product::Identifiers));
    let holder = account.owners.first().and_then(|owner| owner.names.first());
    let status = if connection.foreign { "DEPRECATED" } else { "UPDATED" };
    let interface = super::banks::interface(books.institution(), connection.owners);
    without_nulls(json!({
        "id": id, "bankConnectionId": connection.id, "accountName": account.official_name, "iban": iban,
        "accountNumber": iban.as_deref().map_or(account.mask.as_str(), |iban| iban), "accountHolderName": holder,
        "accountCurrency": account.currency, "accountType": account_type(account), "balance": current.map(number),
        "availableFunds": balances.as_ref().and_then(|all| all.available).map(number),
        "overdraftLimit": balances.and_then(|all| all.limit).map(number), "isNew": false, "isSeized": false,
        "interfaces": [{
            "bankingInterface": interface, "status": status, "capabilities": ["DATA_DOWNLOAD"],
            "paymentCapabilities": {
                "sepaInstantMoneyTransfer": false, "sepaFutureMoneyTransfer": false,
                "sepaFutureCollectiveMoneyTransfer": false, "domesticMoneyTransfer": false,
                "domesticCollectiveMoneyTransfer": false, "domesticFutureMoneyTransfer": false,
                "domesticFutureCollectiveMoneyTransfer": false,
            },
            "lastSuccessfulUpdate": time(connection.seen.at), "lastUpdateAttempt": time(books.now().at),
        }],
    }))
}

fn account_type(account: &BankAccount) -> &'static str {
    match (account.account_type, account.subtype) {
        (AccountType::Credit, _) => "CreditCard",
        (AccountType::Loan, _) => "Loan",
        (AccountType::Investment, _) => "Security",
        (_, AccountSubtype::Savings) => "Savings",
        _ => "Checking",
    }
}

/// `GET /api/v2/securities`
pub async fn securities(caller: Caller, query: Query) -> Result<Json<Value>> {
    let wanted = ids(&query, "accountIds")?;
    let mut found = Vec::new();
    for one in caller.connections().await? {
        let accounts = one.accounts();
        let served = accounts.iter().filter(|_| one.connection.has(Product::InvestmentHoldings));
        for account in served {
            let id = one.connection.account_id(&account.key);
            if wanted.as_ref().is_none_or(|ids| ids.contains(&id)) {
                let held = one.books.holdings(&account.key, one.connection.seen.at);
                let held = held.iter().filter(|held| held.security.security.security_type != SecurityType::Cash);
                found.extend(held.map(|held| security(&one, id, held)));
            }
        }
    }
    paged(&query, "securities", found, json!({}))
}

fn security(one: &Imported, account: i64, held: &BankHolding) -> Value {
    let (security, currency) = (&held.security.security, held.security.currency);
    // Another one at each update.
    let update = one.connection.seen.to_string();
    let gain: Decimal = held.value - held.cost_basis;
    without_nulls(json!({
        "id": make::number(&["security", &account.to_string(), &held.security.key, &update]), "accountId": account,
        "name": security.name, "isin": security.isin, "quote": number(held.price), "quoteCurrency": currency,
        "quoteType": "ACTU", "quoteDate": format!("{}T00:00:00.000Z", held.security.close_price_on),
        "quantityNominal": number(held.quantity), "quantityNominalType": "UNIT", "marketValue": number(held.value),
        "marketValueCurrency": currency, "profitOrLoss": number(gain),
    }))
}
