//! What an investment account bought, sold and earned since it began, month by month, and what it holds by that.

use chrono::{DateTime, Datelike, Months, NaiveDate, Utc};

use super::security::{Listed, SECURITIES, close_of};
use crate::bank::ledger::working_day;
use crate::bank::plan::Planned;
use crate::domain::account::AccountSubtype::{Brokerage, Plan401k, Retirement};
use crate::domain::investment::InvestmentTransactionType::{self, Buy, Cash, Fee, Income, Sell};
use crate::domain::investment::SecurityType;

/// Money in cents, quantities in thousandths.
#[derive(Clone, Debug)]
pub(super) struct Portfolio {
    pub cash: i64,
    pub positions: Vec<Position>,
    pub trades: Vec<Trade>,
}

#[derive(Clone, Debug)]
pub(super) struct Position {
    pub listed: &'static Listed,
    pub quantity: i64,
    /// What all of it cost.
    pub cost: i64,
}

#[derive(Clone, Debug)]
pub(super) struct Trade {
    pub listed: Option<&'static Listed>,
    pub kind: InvestmentTransactionType,
    pub quantity: i64,
    pub price: i64,
    /// Money out of the account's cash.
    pub amount: i64,
    pub fees: i64,
    pub date: NaiveDate,
}

/// What one sale costs.
const SALE_FEE: i64 = 495;
/// What an account costs in a year.
const YEARLY_FEE: i64 = 2_500;

impl Portfolio {
    /// The account as of that time.
    pub fn at(account: &Planned, at: DateTime<Utc>) -> Self {
        let mut portfolio = Self::opening(account);
        let mut month = beginning();
        while month <= at.date_naive() {
            portfolio.pass(account, month, at);
            month = month + Months::new(1);
        }
        portfolio
    }

    /// What it held when records begin.
    fn opening(account: &Planned) -> Self {
        let mut draw = account.key.name("portfolio").draw();
        let first = usize::try_from(draw.below(SECURITIES.len() as u64)).unwrap_or_default();
        let fund = |listed: &&Listed| matches!(listed.kind, SecurityType::MutualFund | SecurityType::Etf);
        let of_funds = matches!(account.subtype, Plan401k | Retirement);
        let positions = SECURITIES
            .iter()
            .cycle()
            .skip(first)
            .take(SECURITIES.len())
            .filter(|listed| !of_funds || fund(listed))
            .take(8)
            .map(|listed| {
                let value = draw.between(180_000, 1_400_000);
                Position { listed, quantity: value * 1000 / listed.price(beginning()), cost: value * 9 / 10 }
            })
            .collect();
        Self { cash: draw.between(120_000, 260_000), positions, trades: Vec::new() }
    }

    /// What happens in one month, as far as it has happened by then.
    fn pass(&mut self, account: &Planned, month: NaiveDate, at: DateTime<Utc>) {
        for day in [5, 10, 15, 18, 20] {
            let date = month.with_day(day).map(working_day);
            if let Some(date) = date.filter(|date| close_of(*date) <= at) {
                self.act(account, month, day, date);
            }
        }
    }

    /// What is done on that day of the month, on `date` because of weekends.
    fn act(&mut self, account: &Planned, month: NaiveDate, day: u32, date: NaiveDate) {
        let turn = month.year().unsigned_abs() as usize * 12 + month.month0() as usize;
        let at_work = account.subtype == Plan401k;
        match day {
            5 | 20 if at_work => self.contribute(account, turn + day as usize, date),
            10 if !at_work => self.contribute(account, turn, date),
            15 if month.month().is_multiple_of(3) => self.pay_dividends(date),
            18 if account.subtype == Brokerage && matches!(month.month(), 5 | 11) => {
                let proceeds = self.sell(turn, date);
                self.buy(turn + 3, proceeds, date);
            }
            _ => {}
        }
        if (month.month(), day) == (12, 20) {
            self.record(None, Fee, 0, 0, YEARLY_FEE, date);
        }
    }

    /// Pays in, and buys for all of it.
    fn contribute(&mut self, account: &Planned, turn: usize, date: NaiveDate) {
        let budget = account.key.name("budget").draw().between(150, 700) * 100;
        self.record(None, Cash, 0, 0, -budget, date);
        self.buy(turn, budget, date);
    }

    /// Buys as much of the n-th position as that money pays for.
    fn buy(&mut self, n: usize, money: i64, date: NaiveDate) {
        let Some(position) = self.nth(n) else { return };
        let (listed, price) = (position.listed, position.listed.price(date));
        let quantity = money * 1000 / price;
        let amount = worth(quantity, price);
        position.quantity += quantity;
        position.cost += amount;
        self.record(Some(listed), Buy, quantity, price, amount, date);
    }

    /// Sells a twentieth of the n-th position; what came in.
    fn sell(&mut self, n: usize, date: NaiveDate) -> i64 {
        let Some(position) = self.nth(n) else { return 0 };
        let (listed, price) = (position.listed, position.listed.price(date));
        let quantity = position.quantity / 20;
        let amount = SALE_FEE - worth(quantity, price);
        position.quantity -= quantity;
        position.cost -= position.cost / 20;
        self.record(Some(listed), Sell, -quantity, price, amount, date);
        -amount
    }

    /// A quarter's dividends, each bought back in.
    fn pay_dividends(&mut self, date: NaiveDate) {
        for n in 0..self.positions.len() {
            let Some(position) = self.nth(n) else { return };
            let listed = position.listed;
            let dividend = worth(position.quantity, listed.price(date)) * listed.dividend / 40_000;
            if dividend > 0 {
                self.record(Some(listed), Income, 0, 0, -dividend, date);
                self.buy(n, dividend, date);
            }
        }
    }

    fn nth(&mut self, n: usize) -> Option<&mut Position> {
        let n = n.checked_rem(self.positions.len())?;
        self.positions.get_mut(n)
    }

    fn record(
        &mut self,
        listed: Option<&'static Listed>,
        kind: InvestmentTransactionType,
        quantity: i64,
        price: i64,
        amount: i64,
        date: NaiveDate,
    ) {
        let fees = match kind {
            Sell => SALE_FEE,
            Fee => amount,
            _ => 0,
        };
        self.cash -= amount;
        self.trades.push(Trade { listed, kind, quantity, price, amount, fees, date });
    }
}

/// When the records begin.
fn beginning() -> NaiveDate {
    NaiveDate::from_ymd_opt(2022, 1, 1).unwrap_or_default()
}

/// Quantity times price, to the nearest cent.
pub(super) fn worth(quantity: i64, price: i64) -> i64 {
    (quantity * price + 500) / 1000
}
