//! What was traded, earned or moved.

use chrono::DateTime;
use rust_decimal::Decimal;

use crate::domain::investment::{InvestmentTransactionType, SecurityType};
use crate::providers::data::ProviderInvestmentTransaction;
use crate::providers::mesh::wire::Order;

use super::{CURRENCY, security, text};

use InvestmentTransactionType as T;

/// Which way something went.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// More of it, for money.
    Bought,
    /// Less of it, for money.
    Sold,
    /// More of it, for nothing.
    CameIn,
    /// Less of it, for nothing.
    WentOut,
    /// Nothing is said.
    Unknown,
}

/// What a movement is and which way it went, by `transactionType` and `side`. In a conversion the symbol is what was given
/// (`conversionTo`) or what was received (`conversionFrom`).
fn kind(transaction_type: &str, side: &str) -> (InvestmentTransactionType, Way) {
    match (transaction_type, side) {
        ("order" | "dividendReinvestment", "buy") => (T::Buy, Way::Bought),
        ("order", "sell") => (T::Sell, Way::Sold),
        ("dividendReinvestment", _) | ("conversionFrom" | "conversionFromFiat", _) => (T::Buy, Way::Bought),
        ("conversionTo" | "conversionToFiat", _) => (T::Sell, Way::Sold),
        ("ownAccountDeposit", _) => (T::Transfer, Way::CameIn),
        ("ownAccountWithdraw", _) => (T::Transfer, Way::WentOut),
        ("interest" | "reward", _) => (T::Income, Way::CameIn),
        ("stake", _) => (T::Other, Way::Unknown),
        (_, "buy") => (T::Unidentified, Way::Bought),
        (_, "sell") => (T::Unidentified, Way::Sold),
        _ => (T::Unidentified, Way::Unknown),
    }
}

/// A movement; `None` where it did not come about, or says neither when nor what.
pub fn order(account: &str, one: &Order) -> Option<ProviderInvestmentTransaction> {
    if !matches!(one.status.as_deref(), Some("success" | "partiallyFilled")) {
        return None;
    }
    let at = one.created_timestamp?;
    let date = DateTime::from_timestamp(at, 0)?.date_naive();
    let symbol = text(one.symbol.as_deref());
    let amount = one.amount.map_or(Decimal::ZERO, |amount| amount.0.abs());
    let price = one.price.map(|price| price.0);
    let (transaction_type, way) =
        kind(one.transaction_type.as_deref().unwrap_or_default(), one.side.as_deref().unwrap_or_default());
    let value = one.value.map(|value| value.0.abs());
    let value = value.or_else(|| amount.checked_mul(price?.abs())).unwrap_or_default();
    let fees = one.fee.map(|fee| fee.0.abs());
    let currency = text(one.payment_symbol.as_deref()).unwrap_or_else(|| CURRENCY.to_owned());
    // Money itself is no security.
    let is_money = symbol.as_ref().is_none_or(|symbol| *symbol == currency);
    let id = text(one.id.as_deref());
    Some(ProviderInvestmentTransaction {
        // Not every institution names its orders.
        provider_transaction_id: id.unwrap_or_else(|| {
            let (side, symbol) = (one.side.as_deref().unwrap_or_default(), symbol.as_deref().unwrap_or_default());
            format!("{account}:{at}:{side}:{symbol}:{}", amount.normalize())
        }),
        provider_account_id: account.to_owned(),
        security: (!is_money)
            .then(|| security(one.symbol.as_deref(), one.name.as_deref(), security_type(one.asset_type.as_deref()))),
        transaction_type,
        description: description(one, transaction_type),
        quantity: Some(if is_money { Decimal::ZERO } else { signed_quantity(way, amount) }),
        price: price.filter(|_| !is_money),
        amount: cash(way, value, fees.unwrap_or_default(), is_money),
        fees,
        currency: Some(currency),
        date,
    })
}

fn signed_quantity(way: Way, amount: Decimal) -> Decimal {
    match way {
        Way::Sold | Way::WentOut => -amount,
        Way::Bought | Way::CameIn | Way::Unknown => amount,
    }
}

/// Money out of the account's cash is positive. Something that comes in or goes out by itself moves none, unless it is money.
fn cash(way: Way, value: Decimal, fees: Decimal, is_money: bool) -> Decimal {
    match way {
        Way::Bought => value.saturating_add(fees),
        Way::Sold => fees.saturating_sub(value),
        Way::CameIn if is_money => -value,
        Way::WentOut if is_money => value,
        Way::CameIn | Way::WentOut | Way::Unknown => fees,
    }
}

fn security_type(asset_type: Option<&str>) -> SecurityType {
    match asset_type {
        Some("equity") => SecurityType::Equity,
        Some("cryptocurrency") => SecurityType::Cryptocurrency,
        Some("option") => SecurityType::Derivative,
        Some("nft") => SecurityType::Other,
        _ => SecurityType::Unidentified,
    }
}

fn description(one: &Order, kind: InvestmentTransactionType) -> String {
    let what = text(one.name.as_deref()).or_else(|| text(one.symbol.as_deref())).unwrap_or_default();
    let word = text(one.transaction_type.as_deref()).unwrap_or_default();
    match kind {
        T::Buy => format!("BUY {what}"),
        T::Sell => format!("SELL {what}"),
        _ => format!("{word} {what}").trim().to_owned(),
    }
}
