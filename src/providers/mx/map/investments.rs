//! Holdings, and movements of investment accounts, which are ordinary transactions at MX.

use crate::domain::investment::{InvestmentTransactionType, Security, SecurityType};
use crate::providers::data::{ProviderHolding, ProviderInvestmentTransaction};
use crate::providers::mx::wire::account::Holding;
use crate::providers::mx::wire::transaction::Transaction;

use super::{currency, text, transactions};

/// A holding; `None` without account or quantity. MX's securities have no ids: the holding's own stands for it.
pub fn holding(holding: &Holding) -> Option<ProviderHolding> {
    Some(ProviderHolding {
        provider_account_id: holding.account_guid.as_ref()?.to_string(),
        provider_security_id: holding.guid.to_string(),
        security: Security {
            symbol: text(holding.symbol.as_deref()),
            name: text(holding.description.as_deref()),
            isin: None,
            cusip: None,
            security_type: security_type(holding.holding_type.as_deref()),
        },
        quantity: holding.quantity.as_deref()?.trim().parse().ok()?,
        price: holding.current_price.map(|price| price.0),
        value: holding.market_value.map(|value| value.0),
        cost_basis: holding.cost_basis.map(|cost| cost.0),
        currency: currency(holding.currency_code.as_deref()),
        price_as_of: holding.current_price_as_of,
    })
}

/// MX's types of holdings; the description shows one by example, the others are those of MX's guides.
const HOLDING_TYPES: &[(&str, SecurityType)] = &[
    ("EQUITY", SecurityType::Equity),
    ("STOCK", SecurityType::Equity),
    ("EXCHANGE_TRADED_FUND", SecurityType::Etf),
    ("ETF", SecurityType::Etf),
    ("MUTUAL_FUND", SecurityType::MutualFund),
    ("MONEY_MARKET", SecurityType::Cash),
    ("CASH", SecurityType::Cash),
    ("FIXED_INCOME", SecurityType::FixedIncome),
    ("BOND", SecurityType::FixedIncome),
    ("CERTIFICATE_OF_DEPOSIT", SecurityType::FixedIncome),
    ("OPTION", SecurityType::Derivative),
    ("FUTURES", SecurityType::Derivative),
    ("CRYPTOCURRENCY", SecurityType::Cryptocurrency),
    ("DIGITAL_ASSET", SecurityType::Cryptocurrency),
    ("OTHER", SecurityType::Other),
    ("UNKNOWN_TYPE", SecurityType::Other),
];

fn security_type(name: Option<&str>) -> SecurityType {
    let found = HOLDING_TYPES.iter().find(|(known, _)| Some(*known) == name);
    found.map_or(SecurityType::Unidentified, |(_, ours)| *ours)
}

/// A movement of an investment account. Which security, and how much of it, MX does not say.
pub fn movement(transaction: &Transaction) -> Option<ProviderInvestmentTransaction> {
    let transacted = transaction.transacted_at.or(transaction.posted_at).map(|at| at.date_naive());
    let class = transaction.classification.as_ref().and_then(|class| class.parent_class.as_deref());
    Some(ProviderInvestmentTransaction {
        provider_transaction_id: transaction.guid.to_string(),
        provider_account_id: transaction.account_guid.as_ref()?.to_string(),
        security: None,
        transaction_type: movement_type(class),
        description: transactions::description(transaction),
        quantity: None,
        price: None,
        amount: transactions::amount(transaction)?,
        fees: None,
        currency: currency(transaction.currency_code.as_deref()),
        date: transaction.date.or(transacted)?,
    })
}

/// The description's closed list of `parent_class`.
fn movement_type(class: Option<&str>) -> InvestmentTransactionType {
    use InvestmentTransactionType as T;
    match class {
        Some("Buy") => T::Buy,
        Some("Sell") => T::Sell,
        Some("Income") => T::Income,
        Some("Fees" | "Expenses") => T::Fee,
        Some("Transfer") => T::Transfer,
        Some("Deposit" | "Payroll" | "Savings" | "Spend" | "Refunds") => T::Cash,
        None | Some("Investment" | "Corporate Actions" | "Other") => T::Other,
        Some(_) => T::Unidentified,
    }
}
