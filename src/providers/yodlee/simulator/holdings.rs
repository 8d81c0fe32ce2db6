//! Securities held.

use axum::Json;
use serde_json::{Value, json};

use super::accounts::Aggregated;
use super::errors::Result;
use super::gate::Caller;
use super::values::{Query, ids, listed, money, number, time, without_nulls};
use crate::bank::BankHolding;
use crate::bank::ids as make;
use crate::domain::investment::SecurityType;
use crate::domain::product::Product;

/// `GET /holdings`
pub async fn list(caller: Caller, query: Query) -> Result<Json<Value>> {
    let logins = ids(&query, "providerAccountId", 100)?;
    let accounts = ids(&query, "accountId", 100)?;
    for id in logins.iter().flatten() {
        caller.login(&id.to_string()).await?;
    }
    let now = caller.simulator.shared.clock.now();
    let mut found = Vec::new();
    for one in caller.simulator.aggregated(&caller).await? {
        if logins.as_ref().is_some_and(|ids| !ids.contains(&one.login.id))
            || !one.login.has(Product::InvestmentHoldings)
        {
            continue;
        }
        for account in one.accounts() {
            let id = one.login.account_id(&account.key);
            if accounts.as_ref().is_none_or(|ids| ids.contains(&id)) {
                found.extend(one.books.holdings(&account.key, now).iter().map(|held| holding(&one, id, held)));
            }
        }
    }
    Ok(listed("holding", found))
}

fn holding(one: &Aggregated, account_id: i64, held: &BankHolding) -> Value {
    let (security, currency) = (&held.security.security, held.security.currency);
    without_nulls(json!({
        "id": make::number(&["holding", &account_id.to_string(), &held.security.key]), "accountId": account_id,
        "providerAccountId": one.login.id, "holdingType": holding_type(security.security_type),
        "description": security.name, "symbol": security.symbol, "isin": security.isin, "cusipNumber": security.cusip,
        "quantity": number(held.quantity), "price": money(held.price, currency), "value": money(held.value, currency),
        "costBasis": money(held.cost_basis, currency), "isShort": false, "isManual": false,
        "createdDate": time(one.login.created_at), "lastUpdated": time(one.login.attempted_at),
    }))
}

fn holding_type(ours: SecurityType) -> &'static str {
    match ours {
        SecurityType::Cash => "moneyMarketFund",
        SecurityType::Equity => "stock",
        SecurityType::Etf => "ETF",
        SecurityType::MutualFund => "mutualFund",
        SecurityType::FixedIncome => "bond",
        SecurityType::Derivative => "option",
        SecurityType::Cryptocurrency => "digitalAsset",
        SecurityType::Loan | SecurityType::Other | SecurityType::Unidentified => "other",
    }
}
