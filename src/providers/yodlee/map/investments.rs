//! Holdings and trades.

use rust_decimal::Decimal;

use crate::domain::investment::{InvestmentTransactionType, Security, SecurityType};
use crate::providers::Failure;
use crate::providers::data::{ProviderHolding, ProviderInvestmentTransaction};
use crate::providers::yodlee::wire::holding::Holding;
use crate::providers::yodlee::wire::transaction::Transaction;

use super::transactions::{description, id, is_no_movement, money_out};
use super::{amount, currency, day, text};

/// What is held. `costBasis` is left out: the description means the total for what was bought at once, and the average of one unit for what
/// was bought in lots, and says nowhere which it is.
pub fn holding(holding: &Holding) -> ProviderHolding {
    let short = holding.is_short.unwrap_or(false);
    let quantity = holding.quantity.map_or(Decimal::ZERO, |quantity| quantity.0);
    ProviderHolding {
        provider_account_id: holding.account_id.to_string(),
        provider_security_id: holding.id.to_string(),
        security: Security {
            symbol: text(holding.symbol.as_deref()),
            name: text(holding.description.as_deref()),
            isin: text(holding.isin.as_deref()),
            cusip: text(holding.cusip_number.as_deref()),
            security_type: security_type(holding.holding_type.as_deref()),
        },
        quantity: if short { -quantity.abs() } else { quantity },
        price: amount(holding.price.as_ref()),
        value: amount(holding.value.as_ref()),
        cost_basis: None,
        currency: currency(holding.value.as_ref()).or_else(|| currency(holding.price.as_ref())),
        price_as_of: None,
    }
}

fn security_type(yodlee: Option<&str>) -> SecurityType {
    match yodlee {
        Some("stock" | "preferredStock") => SecurityType::Equity,
        Some("ETF") => SecurityType::Etf,
        Some("mutualFund" | "unitInvestmentTrust") => SecurityType::MutualFund,
        Some("bond" | "CD" | "remic") => SecurityType::FixedIncome,
        Some("moneyMarketFund" | "currency") => SecurityType::Cash,
        Some("option" | "future" | "warrants" | "employeeStockOption") => SecurityType::Derivative,
        Some("digitalAsset") => SecurityType::Cryptocurrency,
        Some("other" | "unknown" | "commodity" | "insuranceAnnuity") | None => SecurityType::Other,
        Some(_) => SecurityType::Unidentified,
    }
}

/// A movement of an investment account; `None` for what has not happened.
pub fn trade(transaction: &Transaction) -> Result<Option<ProviderInvestmentTransaction>, Failure> {
    if is_no_movement(transaction) {
        return Ok(None);
    }
    let unreadable = |what: &str| Failure::unreadable(format_args!("{what} of /transactions"));
    let out = money_out(transaction).ok_or_else(|| unreadable("baseType"))?;
    let size = amount(Some(&transaction.amount)).ok_or_else(|| unreadable("amount"))?.abs();
    let made = [&transaction.transaction_date, &transaction.date, &transaction.post_date];
    let date = made.into_iter().find_map(|date| day(date.as_deref())).ok_or_else(|| unreadable("date"))?;
    let transaction_type = trade_type(transaction.transaction_type.as_deref());
    let quantity = transaction.quantity.map(|quantity| quantity.0);
    Ok(Some(ProviderInvestmentTransaction {
        provider_transaction_id: id(transaction),
        provider_account_id: transaction.account_id.to_string(),
        security: security(transaction),
        transaction_type,
        description: description(transaction.description.as_ref()),
        // Yodlee does not say whether what is sold counts negative: the type does.
        quantity: quantity
            .map(|one| if transaction_type == InvestmentTransactionType::Sell { -one.abs() } else { one }),
        price: amount(transaction.price.as_ref()),
        amount: if out { size } else { -size },
        fees: amount(transaction.commission.as_ref()),
        currency: currency(Some(&transaction.amount)),
        date,
    }))
}

/// What was traded, if something was. A transaction does not say what kind of security it is about.
fn security(transaction: &Transaction) -> Option<Security> {
    let security = Security {
        symbol: text(transaction.symbol.as_deref()),
        name: text(transaction.holding_description.as_deref()),
        isin: text(transaction.isin.as_deref()),
        cusip: text(transaction.cusip_number.as_deref()),
        security_type: SecurityType::Other,
    };
    let nothing = Security { symbol: None, name: None, isin: None, cusip: None, security_type: SecurityType::Other };
    (security != nothing).then_some(security)
}

/// The description has no list of types; these are the words that it uses in its examples and that brokers use.
fn trade_type(yodlee: Option<&str>) -> InvestmentTransactionType {
    use InvestmentTransactionType as Ours;
    let Some(name) = yodlee else { return Ours::Other };
    let has = |words: &[&str]| name.split('_').any(|word| words.contains(&word));
    if has(&["CANCEL", "CANCELLED", "REVERSAL"]) {
        Ours::Cancel
    } else if has(&["DIVIDEND", "INTEREST", "INCOME", "GAIN", "GAINS", "DISTRIBUTION"])
        && !has(&["REINVEST", "REINVESTMENT"])
    {
        Ours::Income
    } else if has(&["BUY", "PURCHASE", "PURCHASED", "REINVEST", "REINVESTMENT"]) {
        Ours::Buy
    } else if has(&["SELL", "SALE", "SOLD", "REDEMPTION"]) {
        Ours::Sell
    } else if has(&["FEE", "FEES", "CHARGE", "COMMISSION", "TAX"]) {
        Ours::Fee
    } else if has(&["TRANSFER", "JOURNAL", "EXCHANGE", "SHARES"]) {
        Ours::Transfer
    } else if has(&["DEPOSIT", "WITHDRAWAL", "CONTRIBUTION", "SWEEP", "PAYMENT", "CREDIT", "DEBIT", "CASH"]) {
        Ours::Cash
    } else if has(&["OTHER"]) {
        Ours::Other
    } else {
        Ours::Unidentified
    }
}
