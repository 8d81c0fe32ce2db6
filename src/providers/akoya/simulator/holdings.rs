//! What investment accounts hold.

use serde_json::{Value, json};

use super::accounts::{day, number};
use super::gate::Open;
use crate::bank::{BankAccount, BankHolding};
use crate::domain::investment::SecurityType;

/// The positions of an account.
pub fn rows(open: &Open, account: &BankAccount) -> Value {
    open.books.holdings(&account.key, open.books.now().at).iter().map(row).collect()
}

/// FDX's name of a kind of security, as positions have it.
fn holding_type(kind: SecurityType) -> &'static str {
    match kind {
        SecurityType::Equity | SecurityType::Etf => "STOCK",
        SecurityType::MutualFund => "MUTUALFUND",
        SecurityType::FixedIncome => "BOND",
        SecurityType::Derivative => "OPTION",
        _ => "OTHER",
    }
}

fn row(holding: &BankHolding) -> Value {
    let security = &holding.security.security;
    let is_cash = security.security_type == SecurityType::Cash;
    let mut row = json!({
        "holdingId": format!("{}-{}", holding.account, holding.security.key),
        "symbol": security.symbol,
        "holdingName": security.name,
        "holdingType": holding_type(security.security_type),
        "positionType": "LONG",
        "cashAccount": is_cash,
        "units": number(holding.quantity),
        "currentUnitPrice": number(holding.price),
        "currentUnitPriceDate": day(holding.security.close_price_on),
        "marketValue": number(holding.value),
        "currency": { "currencyCode": holding.security.currency },
        "taxLots": [{
            "costBasis": number(holding.cost_basis), "quantity": number(holding.quantity),
            "currentValue": number(holding.value), "positionType": "LONG",
        }],
    });
    if let Some(cusip) = &security.cusip {
        row["securityId"] = json!(cusip);
        row["securityIdType"] = json!("CUSIP");
    }
    if is_cash {
        row["holdingSubType"] = json!("CASH");
    }
    row
}
