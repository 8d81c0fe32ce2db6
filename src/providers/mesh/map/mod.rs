//! Mesh's answers in our terms. Pure.

mod holdings;
mod institutions;
mod orders;

pub use holdings::holdings;
pub use institutions::{institutions, matching};
pub use orders::order;

use rust_decimal::Decimal;

use crate::domain::account::AccountSubtype;
use crate::domain::investment::{Security, SecurityType};

use super::wire::Balances;

/// Values that name no currency are in this one.
pub const CURRENCY: &str = "USD";

/// The longest text that is taken over.
const MOST_CHARS: usize = 200;

/// What the accounts of an institution are, by its category. Accounts have no type of their own.
pub fn subtype(category: Option<&str>) -> AccountSubtype {
    match category {
        Some("brokerage") => AccountSubtype::Brokerage,
        Some("exchange" | "wallet" | "deFiWallet") => AccountSubtype::Crypto,
        _ => AccountSubtype::Other,
    }
}

/// The cash of an account: its total where Mesh gives one, else that in dollars.
pub fn cash(balances: &Balances) -> Option<Decimal> {
    let of_currency = |code: Option<&str>| code.is_some_and(|code| code.eq_ignore_ascii_case(CURRENCY));
    let in_dollars = || {
        let list = balances.balances.iter().flatten();
        list.filter(|one| of_currency(one.currency_code.as_deref())).find_map(|one| one.cash)
    };
    balances.total_cash_usd_value.or_else(in_dollars).map(|cash| cash.0)
}

/// A text without control characters, `None` if there is nothing left.
pub fn text(text: Option<&str>) -> Option<String> {
    let text: String = text?.trim().chars().filter(|c| !c.is_control()).take(MOST_CHARS).collect();
    (!text.is_empty()).then_some(text)
}

fn security(symbol: Option<&str>, name: Option<&str>, security_type: SecurityType) -> Security {
    let symbol = text(symbol);
    // Shares that Mesh does not recognise are named so.
    let cusip = symbol.as_deref().and_then(|symbol| symbol.strip_prefix("CUSIP")).filter(|number| number.len() == 9);
    let cusip = cusip.map(str::to_owned);
    let symbol = symbol.filter(|_| cusip.is_none());
    Security { symbol, name: text(name), isin: None, cusip, security_type }
}

#[cfg(test)]
mod tests;
