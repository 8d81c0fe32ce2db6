//! Movements of investment accounts.

use rust_decimal::Decimal;

use crate::domain::investment::{InvestmentTransactionType as K, Security, SecurityType};
use crate::providers::akoya::wire::Text;
use crate::providers::akoya::wire::transaction::Transaction;
use crate::providers::data::ProviderInvestmentTransaction;

use super::transactions::{amount, day, transaction_id};
use super::{code, first_text, text};

/// What a movement is, by FDX's names.
const KINDS: &[(&[&str], K)] = &[
    (
        &["PURCHASED", "PURCHASEDTOCOVER", "PURCHASETOOPEN", "PURCHASETOCLOSE", "REINVESTOFINCOME", "DIVIDENDREINVEST"],
        K::Buy,
    ),
    (&["SOLD", "SOLDTOOPEN", "SOLDTOCLOSE"], K::Sell),
    (&["INTEREST", "DIVIDEND", "DIV", "INCOME", "RETURNOFCAPITAL"], K::Income),
    (
        &[
            "CONTRIBUTION",
            "DEP",
            "DEPOSIT",
            "DIRECTDEP",
            "DIRECTDEBIT",
            "ATM",
            "POS",
            "CHECK",
            "PAYMENT",
            "CASH",
            "REPEATPMT",
        ],
        K::Cash,
    ),
    (&["FEE", "SRVCHG", "EXPENSE", "INVEXPENSE", "MARGININTEREST"], K::Fee),
    (&["TRANSFER", "XFER", "JRNLSEC", "JRNLFUND"], K::Transfer),
    (&["ADJUSTMENT", "SPLIT", "OPTIONEXERCISE", "OPTIONEXPIRATION", "CLOSURE", "CLOSUREOPT", "OTHER"], K::Other),
];

/// A movement; `None` where it says no day at all. `currency` is its account's.
pub fn trade(account_id: &str, currency: Option<&str>, row: &Transaction) -> Option<ProviderInvestmentTransaction> {
    let name = code(&row.transaction_type);
    let found = KINDS.iter().find(|(names, _)| names.contains(&name.as_str())).map(|(_, kind)| *kind);
    let kind = found.unwrap_or(if name.is_empty() { K::Other } else { K::Unidentified });
    let (fees, commission) = (row.fees.map(|one| one.0), row.commission.map(|one| one.0));
    Some(ProviderInvestmentTransaction {
        provider_transaction_id: transaction_id(account_id, row),
        provider_account_id: account_id.to_owned(),
        security: security(row),
        transaction_type: kind,
        description: first_text([&row.description, &row.memo]).unwrap_or_default(),
        quantity: quantity(row, kind),
        price: row.unit_price.or(row.price).map(|price| price.0),
        amount: amount(row),
        fees: match (fees, commission) {
            (Some(fees), Some(commission)) => fees.checked_add(commission),
            (fees, commission) => fees.or(commission),
        },
        currency: currency.map(str::to_owned),
        date: day(row)?,
    })
}

/// `shares` has a sign; `units` mostly has none, and what was sold is negative here.
fn quantity(row: &Transaction, kind: K) -> Option<Decimal> {
    let quantity = row.shares.or(row.units)?.0;
    Some(if kind == K::Sell { -quantity.abs() } else { quantity })
}

fn security(row: &Transaction) -> Option<Security> {
    let (symbol, id) = (text(&row.symbol), text(&row.security_id));
    if symbol.is_none() && id.is_none() {
        return None;
    }
    let (cusip, isin) = numbers(id.as_deref(), &row.security_id_type);
    Some(Security { symbol, name: None, isin, cusip, security_type: security_type(&code(&row.security_type)) })
}

/// CUSIP and ISIN, whichever the id is. (One list of the description misspells the first.)
pub fn numbers(id: Option<&str>, kind: &Text) -> (Option<String>, Option<String>) {
    let id = id.map(str::to_owned);
    match code(kind).as_str() {
        "CUSIP" | "BUSIP" => (id, None),
        "ISIN" => (None, id),
        _ => (None, None),
    }
}

/// What a security is, by FDX's names.
pub fn security_type(name: &str) -> SecurityType {
    match name {
        "STOCK" => SecurityType::Equity,
        "ETF" => SecurityType::Etf,
        "MUTUALFUND" => SecurityType::MutualFund,
        "BOND" | "DEBT" | "CD" => SecurityType::FixedIncome,
        "OPTION" => SecurityType::Derivative,
        "SWEEP" | "CASH" | "MONEYMARKET" => SecurityType::Cash,
        "DIGITALASSET" => SecurityType::Cryptocurrency,
        "OTHER" | "ANNUITY" | "" => SecurityType::Other,
        _ => SecurityType::Unidentified,
    }
}
