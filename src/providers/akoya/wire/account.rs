//! `/accounts-info`, `/balances` and `/accounts`: the same list of wrapped accounts with more and more in it.

use crate::providers::verbatim::{self, KeepsVerbatim, Verbatim};
use serde::Deserialize;

use super::{Amount, Id, Moment, Text};

/// The list.
#[derive(Debug, Deserialize)]
pub struct Accounts {
    /// Each in its wrapper.
    #[serde(deserialize_with = "verbatim::list")]
    pub accounts: Vec<Wrapped>,
}

/// An account in the wrapper that says its kind; exactly one is there. A wrapper that is new has none of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Wrapped {
    /// Money kept.
    pub deposit_account: Option<Box<Account>>,
    /// A card or line of credit.
    pub loc_account: Option<Box<Account>>,
    /// A loan.
    pub loan_account: Option<Box<Account>>,
    /// Securities.
    pub investment_account: Option<Box<Account>>,
    /// An insurance.
    pub insurance_account: Option<Box<Account>>,
    /// An annuity.
    pub annuity_account: Option<Box<Account>>,
}

/// What the wrapper says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `depositAccount`
    Deposit,
    /// `locAccount`
    Loc,
    /// `loanAccount`
    Loan,
    /// `investmentAccount`
    Investment,
    /// `insuranceAccount`, `annuityAccount`
    Insurance,
}

impl Wrapped {
    /// The account and its kind.
    pub fn open(self) -> Option<(Kind, Account)> {
        let all = [
            (Kind::Deposit, self.deposit_account),
            (Kind::Loc, self.loc_account),
            (Kind::Loan, self.loan_account),
            (Kind::Investment, self.investment_account),
            (Kind::Insurance, self.insurance_account),
            (Kind::Insurance, self.annuity_account),
        ];
        all.into_iter().find_map(|(kind, account)| Some((kind, *account?)))
    }
}

/// An account of any kind, with what the three calls give of it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    /// Unique for one `sub`.
    pub account_id: Id,
    /// A free text.
    #[serde(default)]
    pub account_type: Text,
    /// The number as the customer sees it, mostly masked.
    #[serde(default)]
    pub account_number_display: Text,
    /// What the customer calls it.
    #[serde(default)]
    pub nickname: Text,
    /// What the institution calls it.
    #[serde(default)]
    pub product_name: Text,
    /// Something about it.
    #[serde(default)]
    pub description: Text,
    /// `OPEN`, `CLOSED`, …
    #[serde(default)]
    pub status: Text,
    /// Its money.
    pub currency: Option<Currency>,
    /// Interest in percent a year.
    pub interest_rate: Option<Amount>,
    /// When the balances were right.
    #[serde(default)]
    pub balance_as_of: Moment,
    /// What it is worth now.
    pub current_balance: Option<Amount>,
    /// What can be spent (deposits).
    pub available_balance: Option<Amount>,
    /// What can be spent (cards).
    pub available_credit: Option<Amount>,
    /// The limit (cards).
    pub credit_line: Option<Amount>,
    /// What is owed (loans; cards without a current balance).
    pub principal_balance: Option<Amount>,
    /// What it is worth (investments).
    pub current_value: Option<Amount>,
    /// Its cash (investments).
    pub available_cash_balance: Option<Amount>,
    /// Rate of purchases, in percent a year (cards).
    pub purchases_apr: Option<Amount>,
    /// Due each period (cards).
    pub minimum_payment_amount: Option<Amount>,
    /// The next payment.
    pub next_payment_amount: Option<Amount>,
    /// When it is due.
    #[serde(default)]
    pub next_payment_date: Moment,
    /// The last payment.
    pub last_payment_amount: Option<Amount>,
    /// When it was made.
    #[serde(default)]
    pub last_payment_date: Moment,
    /// Balance of the last statement (cards).
    pub last_stmt_balance: Option<Amount>,
    /// When that was issued.
    #[serde(default)]
    pub last_stmt_date: Moment,
    /// What is overdue (cards).
    pub past_due_amount: Option<Amount>,
    /// What was borrowed (loans).
    pub original_principal: Option<Amount>,
    /// When it was borrowed.
    #[serde(default)]
    pub originating_date: Moment,
    /// When it is to be paid back.
    #[serde(default)]
    pub maturity_date: Moment,
    /// What is held (investments, `/accounts` alone).
    pub holdings: Option<Vec<Holding>>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Wrapped {
    fn keep(&mut self, verbatim: Verbatim) {
        let all = [
            &mut self.deposit_account,
            &mut self.loc_account,
            &mut self.loan_account,
            &mut self.investment_account,
            &mut self.insurance_account,
            &mut self.annuity_account,
        ];
        if let Some(account) = all.into_iter().flatten().next() {
            account.verbatim = verbatim;
        }
    }
}

/// A currency.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Currency {
    /// ISO 4217.
    #[serde(default)]
    pub currency_code: Text,
}

/// A position.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Holding {
    /// Its own id.
    pub holding_id: Text,
    /// The security's id.
    pub security_id: Text,
    /// Of which kind that is: `CUSIP`, `ISIN`, …
    pub security_id_type: Text,
    /// Ticker symbol.
    pub symbol: Text,
    /// Name.
    pub holding_name: Text,
    /// Another name.
    pub description: Text,
    /// `STOCK`, `BOND`, …
    pub holding_type: Text,
    /// `CASH`, `MONEYMARKET`
    pub holding_sub_type: Text,
    /// `LONG`, `SHORT`
    pub position_type: Text,
    /// Whether it is the account's cash.
    pub cash_account: Option<bool>,
    /// How much of it.
    pub units: Option<Amount>,
    /// Price of one.
    pub current_unit_price: Option<Amount>,
    /// When that was its price.
    pub current_unit_price_date: Moment,
    /// Value of all.
    pub market_value: Option<Amount>,
    /// What one cost.
    pub purchased_price: Option<Amount>,
    /// Its money, where it is another than the account's.
    pub currency: Option<Currency>,
    /// By purchase.
    pub tax_lots: Option<Vec<TaxLot>>,
}

/// One purchase of a position.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TaxLot {
    /// What all of it cost.
    pub cost_basis: Option<Amount>,
}
