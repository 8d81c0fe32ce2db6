//! Holdings, which are positions of accounts; and movements, which are ordinary transactions of investment accounts.

use std::collections::HashSet;

use rust_decimal::Decimal;

use crate::domain::investment::{InvestmentTransactionType, Security, SecurityType};
use crate::providers::data::{ProviderHolding, ProviderInvestmentTransaction};
use crate::providers::finicity::wire::Epoch;
use crate::providers::finicity::wire::account::{Account, Position};
use crate::providers::finicity::wire::transaction::Transaction;

use super::transactions::{Reading, description};
use super::{currency, decimal, text};

/// Most positions of an account that are kept.
const MOST_POSITIONS: usize = 10_000;

/// What an account holds; a position without a number of units is passed over.
pub fn holdings(account: &Account) -> Vec<ProviderHolding> {
    let mut known = HashSet::new();
    let positions = account.position.iter().flatten().take(MOST_POSITIONS);
    positions.filter_map(|position| holding(account, position, &mut known)).collect()
}

fn holding(account: &Account, position: &Position, known: &mut HashSet<String>) -> Option<ProviderHolding> {
    let quantity = position.units?.0;
    let own = position.id.as_ref().map(|id| id.0.as_str());
    let name = [&position.security_id, &position.symbol, &position.security_name, &position.description];
    let mut id = name.into_iter().find_map(|one| text(one.as_deref())).or_else(|| text(own))?;
    // The same security may be held in several lots or subaccounts.
    if !known.insert(id.clone()) {
        id = format!("{id}#{}", own.unwrap_or("again"));
        known.insert(id.clone()).then_some(())?;
    }
    Some(ProviderHolding {
        provider_account_id: account.id.0.clone(),
        provider_security_id: id,
        security: Security {
            symbol: text(position.symbol.as_deref()),
            name: text(position.security_name.as_deref()).or_else(|| text(position.description.as_deref())),
            isin: identified(position.security_id.as_deref(), position.security_id_type.as_deref(), "ISIN"),
            cusip: identified(position.security_id.as_deref(), position.security_id_type.as_deref(), "CUSIP"),
            security_type: security_type(position.security_type.as_deref()),
        },
        quantity,
        price: decimal(position.current_price),
        value: decimal(position.market_value),
        cost_basis: decimal(position.cost_basis),
        currency: currency(position.security_currency.as_deref()).or_else(|| currency(account.currency.as_deref())),
        price_as_of: position.current_price_date.and_then(Epoch::day),
    })
}

/// The security's id, if it is of that type.
fn identified(id: Option<&str>, id_type: Option<&str>, wanted: &str) -> Option<String> {
    text(id).filter(|_| id_type == Some(wanted))
}

/// By what stands in the name; the list is nowhere closed.
fn security_type(finicity: Option<&str>) -> SecurityType {
    let Some(name) = finicity.map(str::to_ascii_lowercase) else { return SecurityType::Other };
    let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if has(&["etf", "exchange traded"]) {
        SecurityType::Etf
    } else if has(&["mutual", "fund"]) {
        SecurityType::MutualFund
    } else if has(&["option", "future", "warrant"]) {
        SecurityType::Derivative
    } else if has(&["crypto"]) {
        SecurityType::Cryptocurrency
    } else if has(&["bond", "fixed", "debt", "treasury", "certificate"]) {
        SecurityType::FixedIncome
    } else if has(&["cash", "money market", "sweep"]) {
        SecurityType::Cash
    } else if has(&["stock", "equity", "share"]) {
        SecurityType::Equity
    } else if has(&["other"]) || name.is_empty() {
        SecurityType::Other
    } else {
        SecurityType::Unidentified
    }
}

/// A movement; `None` for one that is gone, still pending, or without a date.
pub fn movement(transaction: &Transaction, reading: &Reading) -> Option<ProviderInvestmentTransaction> {
    if transaction.status != "active" {
        return None;
    }
    let dates = [transaction.transaction_date, transaction.posted_date, transaction.created_date];
    let date = dates.into_iter().flatten().find_map(Epoch::day)?;
    let amount = reading.money_out(transaction.amount.0);
    let transaction_type = movement_type(transaction.investment_transaction_type.as_deref());
    let units = transaction.unit_quantity.map(|units| units.0.abs());
    let fees = [transaction.fee_amount, transaction.commission_amount].into_iter().flatten().map(|fee| fee.0);
    Some(ProviderInvestmentTransaction {
        provider_transaction_id: transaction.id.0.clone(),
        provider_account_id: transaction.account_id.0.clone(),
        security: security(transaction),
        transaction_type,
        description: description(transaction),
        // Units come without a sign.
        quantity: units.map(|units| if transaction_type == InvestmentTransactionType::Sell { -units } else { units }),
        price: decimal(transaction.unit_price),
        amount,
        fees: fees.reduce(|sum, fee| sum.checked_add(fee).unwrap_or(Decimal::MAX)),
        currency: reading.currency.clone(),
        date,
    })
}

fn security(transaction: &Transaction) -> Option<Security> {
    let id_type = transaction.security_id_type.as_deref();
    let security = Security {
        symbol: text(transaction.ticker.as_deref()),
        name: None,
        isin: identified(transaction.security_id.as_deref(), id_type, "ISIN"),
        cusip: identified(transaction.security_id.as_deref(), id_type, "CUSIP"),
        // A movement does not say.
        security_type: SecurityType::Other,
    };
    (security.symbol.is_some() || security.isin.is_some() || security.cusip.is_some()).then_some(security)
}

fn movement_type(finicity: Option<&str>) -> InvestmentTransactionType {
    use InvestmentTransactionType as Ours;
    match finicity {
        Some("purchased" | "purchaseToClose" | "purchaseToCover" | "dividendReinvest" | "reinvestOfIncome") => {
            Ours::Buy
        }
        Some("sold" | "soldToClose" | "soldToOpen") => Ours::Sell,
        Some("dividend" | "interest" | "income") => Ours::Income,
        Some("contribution" | "deposit" | "returnOfCapital") => Ours::Cash,
        Some("fee" | "tax") => Ours::Fee,
        Some("transfer") => Ours::Transfer,
        Some("cancel") => Ours::Cancel,
        Some("optionExercise" | "optionExpiration" | "split" | "otherInfo") | None => Ours::Other,
        Some(_) => Ours::Unidentified,
    }
}
