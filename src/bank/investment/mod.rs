//! Securities, what is held of them, and trades.

mod portfolio;
mod security;

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;

use self::portfolio::{Portfolio, Trade, worth};
use self::security::last_close;
use super::plan::Planned;
use crate::domain::investment::{InvestmentTransactionType, Security};

/// A security as the institution knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankSecurity {
    /// Opaque, the same at every institution.
    pub key: String,
    /// What it is.
    pub security: Security,
    /// What one cost at the end of the last trading day.
    pub close_price: Decimal,
    /// The day of that price.
    pub close_price_on: NaiveDate,
    /// ISO 4217.
    pub currency: &'static str,
}

/// What an account holds of a security; its cash is the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankHolding {
    /// The account's key.
    pub account: String,
    /// What is held.
    pub security: BankSecurity,
    /// How much of it.
    pub quantity: Decimal,
    /// Price of one.
    pub price: Decimal,
    /// Quantity times price, to two digits.
    pub value: Decimal,
    /// What all of it cost.
    pub cost_basis: Decimal,
}

/// A movement of an investment account. Money out of the account's cash is positive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankTrade {
    /// Opaque.
    pub id: String,
    /// The account's key.
    pub account: String,
    /// What was traded, where something was.
    pub security: Option<BankSecurity>,
    /// What it is.
    pub kind: InvestmentTransactionType,
    /// What the institution writes.
    pub description: String,
    /// How much was traded; negative = sold, zero = cash only.
    pub quantity: Decimal,
    /// Price of one; zero = cash only.
    pub price: Decimal,
    /// Quantity times price, and the fees.
    pub amount: Decimal,
    /// Fees within the amount.
    pub fees: Decimal,
    /// ISO 4217.
    pub currency: &'static str,
    /// When.
    pub date: NaiveDate,
}

/// What the account holds at that time.
pub(super) fn holdings(account: &Planned, currency: &'static str, at: DateTime<Utc>) -> Vec<BankHolding> {
    let portfolio = Portfolio::at(account, at);
    let holding = |security, quantity, price, value, cost| BankHolding {
        account: account.id.clone(),
        security,
        quantity,
        price: Decimal::new(price, 2),
        value: Decimal::new(value, 2),
        cost_basis: Decimal::new(cost, 2),
    };
    let cash = portfolio.cash;
    let held = portfolio.positions.iter().filter(|position| position.quantity > 0).map(|position| {
        let price = position.listed.price(last_close(at));
        let value = worth(position.quantity, price);
        let security = position.listed.describe(at, currency);
        holding(security, Decimal::new(position.quantity, 3), price, value, position.cost)
    });
    held.chain(Some(holding(security::cash(at, currency), Decimal::new(cash, 2), 100, cash, cash))).collect()
}

/// The account's value with its cash, and its cash, in cents.
pub(super) fn value(account: &Planned, at: DateTime<Utc>) -> (i64, i64) {
    let portfolio = Portfolio::at(account, at);
    let day = last_close(at);
    let held: i64 = portfolio.positions.iter().map(|one| worth(one.quantity, one.listed.price(day))).sum();
    (held + portfolio.cash, portfolio.cash)
}

/// The account's trades as known at that time, oldest first.
pub(super) fn trades(account: &Planned, currency: &'static str, at: DateTime<Utc>) -> Vec<BankTrade> {
    let mut trades: Vec<BankTrade> = Portfolio::at(account, at)
        .trades
        .iter()
        .enumerate()
        .map(|(n, trade)| BankTrade {
            id: account.key.name("trade").number(n as u64).id(),
            account: account.id.clone(),
            security: trade.listed.map(|listed| listed.describe(at, currency)),
            kind: trade.kind,
            description: description(trade),
            quantity: Decimal::new(trade.quantity, 3),
            price: Decimal::new(trade.price, 2),
            amount: Decimal::new(trade.amount, 2),
            fees: Decimal::new(trade.fees, 2),
            currency,
            date: trade.date,
        })
        .collect();
    trades.sort_by_key(|trade| trade.date);
    trades
}

fn description(trade: &Trade) -> String {
    let what = trade.listed.map_or("", |listed| listed.name);
    match trade.kind {
        InvestmentTransactionType::Buy => format!("BUY {what}"),
        InvestmentTransactionType::Sell => format!("SELL {what}"),
        InvestmentTransactionType::Income => format!("DIVIDEND {what}"),
        InvestmentTransactionType::Fee => "ACCOUNT FEE".to_owned(),
        _ => "CONTRIBUTION".to_owned(),
    }
}
