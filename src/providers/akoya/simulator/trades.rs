//! Movements of investment accounts.

use serde_json::{Value, json};

use super::accounts::{day, number};
use crate::bank::BankTrade;
use crate::domain::investment::{InvestmentTransactionType as Kind, SecurityType};

/// A movement in its wrapper.
pub fn row(trade: &BankTrade) -> Value {
    let mut fields = json!({
        "accountId": trade.account,
        "transactionId": trade.id,
        "amount": number(trade.amount.abs()),
        "debitCreditMemo": if trade.amount.is_sign_positive() { "DEBIT" } else { "CREDIT" },
        "status": "POSTED",
        "transactionTimestamp": day(trade.date),
        "postedTimestamp": day(trade.date),
        "description": trade.description,
        "transactionType": kind(trade.kind),
        "fees": number(trade.fees),
    });
    if let Some(security) = &trade.security {
        fields["symbol"] = json!(security.security.symbol);
        fields["securityType"] = json!(security_type(security.security.security_type));
        fields["unitPrice"] = number(trade.price);
        fields["units"] = number(trade.quantity.abs());
        fields["shares"] = number(trade.quantity);
    }
    json!({ "investmentTransaction": fields })
}

/// FDX's name of a movement.
fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Buy => "PURCHASED",
        Kind::Sell => "SOLD",
        Kind::Income => "DIVIDEND",
        Kind::Cash => "CONTRIBUTION",
        Kind::Fee => "FEE",
        Kind::Transfer => "TRANSFER",
        Kind::Cancel | Kind::Other | Kind::Unidentified => "ADJUSTMENT",
    }
}

/// FDX's name of a kind of security, as movements have it.
fn security_type(kind: SecurityType) -> &'static str {
    match kind {
        SecurityType::Equity | SecurityType::Etf => "STOCK",
        SecurityType::MutualFund => "MUTUALFUND",
        SecurityType::FixedIncome => "BOND",
        SecurityType::Derivative => "OPTION",
        SecurityType::Cash => "SWEEP",
        _ => "OTHER",
    }
}
