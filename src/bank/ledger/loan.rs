//! Mortgages and student loans: paid back in equal instalments, one a month.

use chrono::{Datelike, NaiveDate};

use crate::bank::plan::Planned;
use crate::domain::account::AccountSubtype;

/// The terms of a loan; money in cents.
#[derive(Clone, Copy, Debug)]
pub(in crate::bank) struct Loan {
    pub principal: i64,
    /// Hundredths of a percent a year.
    pub rate: i64,
    pub months: u32,
    /// The first of the month in which it was paid out.
    pub begun: NaiveDate,
    /// The day of the month on which it is paid.
    pub due_day: u32,
}

/// One monthly payment; money in cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bank) struct Instalment {
    pub interest: i64,
    pub principal: i64,
    /// What is owed after it.
    pub left: i64,
}

impl Instalment {
    pub fn amount(&self) -> i64 {
        self.interest + self.principal
    }
}

impl Loan {
    /// The terms of that account; `None` for what is no loan.
    pub fn of(account: &Planned) -> Option<Self> {
        let mut draw = account.key.name("loan").draw();
        let year = i32::try_from(draw.between(2017, 2022)).ok()?;
        let month = u32::try_from(draw.between(1, 12)).ok()?;
        let begun = NaiveDate::from_ymd_opt(year, month, 1)?;
        match account.subtype {
            AccountSubtype::Mortgage => {
                let (principal, rate) = (draw.between(190, 280) * 100_000, draw.between(24, 52) * 12 + 5);
                Some(Self { principal, rate, months: 360, begun, due_day: 1 })
            }
            AccountSubtype::StudentLoan => {
                let (principal, rate) = (draw.between(22, 46) * 100_000, draw.between(30, 52) * 12 + 3);
                Some(Self { principal, rate, months: 240, begun, due_day: 15 })
            }
            _ => None,
        }
    }

    /// What is paid each month but the last.
    pub fn payment(&self) -> i64 {
        // The annuity formula in fixed point: p · r · (1 + r)ⁿ / ((1 + r)ⁿ − 1).
        const ONE: i128 = 1_000_000_000_000;
        let rate = i128::from(self.rate) * ONE / 120_000;
        let growth = (0..self.months).fold(ONE, |growth, _| growth + growth * rate / ONE);
        let payment = i128::from(self.principal) * rate / ONE * growth / (growth - ONE).max(1);
        i64::try_from(payment).unwrap_or(i64::MAX) + 1
    }

    /// Every payment in order, from the month after it was paid out until nothing is owed.
    pub fn instalments(&self) -> impl Iterator<Item = Instalment> {
        let (payment, rate) = (self.payment(), self.rate);
        let step = move |left: i64| {
            let interest = (left * rate + 60_000) / 120_000;
            let principal = (payment - interest).clamp(0, left);
            Instalment { interest, principal, left: left - principal }
        };
        let first = step(self.principal);
        std::iter::successors(Some(first), move |last| (last.left > 0).then(|| step(last.left)))
            .take(usize::try_from(self.months).unwrap_or_default())
    }

    /// How many payments were due until that day, inclusive.
    pub fn due_until(&self, day: NaiveDate) -> usize {
        let months =
            (day.year() - self.begun.year()) * 12 + day.month0().cast_signed() - self.begun.month0().cast_signed();
        let due = if day.day() >= self.due_day { months } else { months - 1 };
        usize::try_from(due).unwrap_or_default()
    }

    /// The payment of that day, if it is a day of payment and something is owed.
    pub fn on(&self, day: NaiveDate) -> Option<Instalment> {
        let due = self.due_until(day).checked_sub(1)?;
        if day.day() == self.due_day { self.instalments().nth(due) } else { None }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_loan_is_paid_back_by_its_last_instalment() {
        let loan = Loan { principal: 20_000_000, rate: 600, months: 360, begun: day("2020-03-01"), due_day: 1 };
        assert!((119_910..=119_912).contains(&loan.payment()), "{}", loan.payment());
        let all: Vec<_> = loan.instalments().collect();
        assert_eq!(all.last().unwrap().left, 0);
        assert_eq!(all.iter().map(|one| one.principal).sum::<i64>(), loan.principal);
        assert_eq!(all[0].interest, 100_000);
    }

    #[test]
    fn payments_are_counted_by_their_day() {
        let loan = Loan { principal: 100_000, rate: 600, months: 12, begun: day("2020-03-01"), due_day: 15 };
        assert_eq!(loan.due_until(day("2020-03-31")), 0);
        assert_eq!(loan.due_until(day("2020-04-14")), 0);
        assert_eq!(loan.due_until(day("2020-04-15")), 1);
        assert_eq!(loan.due_until(day("2019-01-01")), 0);
        assert_eq!(loan.on(day("2020-04-15")), loan.instalments().next());
        assert_eq!(loan.on(day("2020-04-16")), None);
        assert!(loan.on(day("2021-03-15")).is_some());
        assert_eq!(loan.on(day("2021-04-15")), None);
    }
}
