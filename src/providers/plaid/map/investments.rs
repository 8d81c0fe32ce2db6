//! Holdings and trades. Plaid's sign is ours: positive = cash out of the account.

use std::collections::HashMap;

use crate::domain::investment::{InvestmentTransactionType, Security, SecurityType};
use crate::providers::data::{ProviderHolding, ProviderInvestmentTransaction};
use crate::providers::plaid::wire::Id;
use crate::providers::plaid::wire::investment::{Holding, Holdings, Security as WireSecurity, Trade, Trades};

use super::{currency, text};

/// What a holding names that is not in the list of securities.
const UNKNOWN_SECURITY: Security =
    Security { symbol: None, name: None, isin: None, cusip: None, security_type: SecurityType::Unidentified };

/// What is held.
pub fn holdings(answer: Holdings) -> Vec<ProviderHolding> {
    let securities = securities(answer.securities);
    answer.holdings.into_iter().map(|one| holding(one, &securities)).collect()
}

/// The movements of a page.
pub fn trades(answer: Trades) -> Vec<ProviderInvestmentTransaction> {
    let securities = securities(answer.securities);
    answer.investment_transactions.into_iter().map(|one| trade(one, &securities)).collect()
}

fn securities(list: Vec<WireSecurity>) -> HashMap<Id, Security> {
    list.into_iter().map(|one| (one.security_id.clone(), security(&one))).collect()
}

fn security(security: &WireSecurity) -> Security {
    Security {
        symbol: text(security.ticker_symbol.as_deref()),
        name: text(security.name.as_deref()),
        isin: text(security.isin.as_deref()),
        cusip: text(security.cusip.as_deref()),
        security_type: security_type(security.security_type.as_deref()),
    }
}

fn security_type(plaid: Option<&str>) -> SecurityType {
    match plaid {
        Some("cash") => SecurityType::Cash,
        Some("cryptocurrency") => SecurityType::Cryptocurrency,
        Some("derivative") => SecurityType::Derivative,
        Some("equity") => SecurityType::Equity,
        Some("etf") => SecurityType::Etf,
        Some("fixed income") => SecurityType::FixedIncome,
        Some("loan") => SecurityType::Loan,
        Some("mutual fund") => SecurityType::MutualFund,
        // The institution did not say enough to tell.
        Some("other") | None => SecurityType::Other,
        Some(_) => SecurityType::Unidentified,
    }
}

fn holding(holding: Holding, securities: &HashMap<Id, Security>) -> ProviderHolding {
    ProviderHolding {
        provider_account_id: holding.account_id.0,
        security: securities.get(&holding.security_id).cloned().unwrap_or(UNKNOWN_SECURITY),
        provider_security_id: holding.security_id.0,
        quantity: holding.quantity.0,
        price: holding.institution_price.map(|amount| amount.0),
        value: holding.institution_value.map(|amount| amount.0),
        cost_basis: holding.cost_basis.map(|amount| amount.0),
        currency: currency(holding.iso_currency_code.as_deref(), holding.unofficial_currency_code.as_deref()),
        price_as_of: holding.institution_price_as_of,
    }
}

fn trade(trade: Trade, securities: &HashMap<Id, Security>) -> ProviderInvestmentTransaction {
    ProviderInvestmentTransaction {
        provider_transaction_id: trade.investment_transaction_id.0,
        provider_account_id: trade.account_id.0,
        security: trade.security_id.map(|id| securities.get(&id).cloned().unwrap_or(UNKNOWN_SECURITY)),
        transaction_type: trade_type(trade.trade_type.as_deref(), trade.subtype.as_deref()),
        description: text(trade.name.as_deref()).unwrap_or_default(),
        quantity: Some(trade.quantity.0),
        price: trade.price.map(|amount| amount.0),
        amount: trade.amount.0,
        fees: trade.fees.map(|amount| amount.0),
        currency: currency(trade.iso_currency_code.as_deref(), trade.unofficial_currency_code.as_deref()),
        date: trade.date,
    }
}

/// Plaid files dividends and interest under `cash` or `fee`, and some fees under `cash`: the subtype knows better.
fn trade_type(plaid: Option<&str>, subtype: Option<&str>) -> InvestmentTransactionType {
    use InvestmentTransactionType as Ours;
    match (plaid, subtype.unwrap_or_default()) {
        (
            Some("cash" | "fee"),
            "dividend"
            | "qualified dividend"
            | "non-qualified dividend"
            | "interest"
            | "interest receivable"
            | "long-term capital gain"
            | "short-term capital gain"
            | "unqualified gain",
        ) => Ours::Income,
        (
            Some("cash"),
            "account fee" | "fund fee" | "legal fee" | "management fee" | "margin expense" | "miscellaneous fee"
            | "transfer fee" | "trust fee" | "tax" | "tax withheld" | "non-resident tax",
        ) => Ours::Fee,
        (Some("buy"), _) => Ours::Buy,
        (Some("sell"), _) => Ours::Sell,
        (Some("cash"), _) => Ours::Cash,
        (Some("fee"), _) => Ours::Fee,
        (Some("transfer"), _) => Ours::Transfer,
        (Some("cancel"), _) => Ours::Cancel,
        (None, _) => Ours::Other,
        (Some(_), _) => Ours::Unidentified,
    }
}
