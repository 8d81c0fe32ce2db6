//! Securities, holdings and trades.

use serde::{Deserialize, Serialize};

wire_enum! {
    /// What a security is; a closed list of our own.
    pub enum SecurityType {
        /// Cash and its equivalents.
        Cash = "CASH",
        /// Share.
        Equity = "EQUITY",
        /// Exchange-traded fund.
        Etf = "ETF",
        /// Mutual fund.
        MutualFund = "MUTUAL_FUND",
        /// Bond and the like.
        FixedIncome = "FIXED_INCOME",
        /// Option, future, swap.
        Derivative = "DERIVATIVE",
        /// Crypto currency.
        Cryptocurrency = "CRYPTOCURRENCY",
        /// Loan.
        Loan = "LOAN",
        /// Something else that is known.
        Other = "OTHER",
        /// A type that is new to us.
        Unidentified = "UNIDENTIFIED",
    }
}

wire_enum! {
    /// What a movement of an investment account is; a closed list of our own.
    pub enum InvestmentTransactionType {
        /// Bought.
        Buy = "BUY",
        /// Sold.
        Sell = "SELL",
        /// Dividend or interest.
        Income = "INCOME",
        /// Cash in or out.
        Cash = "CASH",
        /// Fee.
        Fee = "FEE",
        /// Moved between accounts.
        Transfer = "TRANSFER",
        /// An earlier movement was cancelled.
        Cancel = "CANCEL",
        /// Something else that is known.
        Other = "OTHER",
        /// A type that is new to us.
        Unidentified = "UNIDENTIFIED",
    }
}

/// What is held or traded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Security {
    /// Ticker symbol.
    pub symbol: Option<String>,
    /// Name.
    pub name: Option<String>,
    /// ISIN.
    pub isin: Option<String>,
    /// CUSIP.
    pub cusip: Option<String>,
    /// What it is.
    #[serde(rename = "type")]
    pub security_type: SecurityType,
}

impl Security {
    /// Whether both are one security, by the strongest sign that both have.
    pub fn is_same(&self, other: &Self) -> bool {
        let signs = [
            self.isin.as_ref().zip(other.isin.as_ref()),
            self.cusip.as_ref().zip(other.cusip.as_ref()),
            self.symbol.as_ref().zip(other.symbol.as_ref()),
            self.name.as_ref().zip(other.name.as_ref()),
        ];
        let same = signs.into_iter().flatten().next().is_some_and(|(one, another)| one == another);
        same && self.security_type == other.security_type
    }
}
