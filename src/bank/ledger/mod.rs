//! What happens in the accounts, day by day. Any stretch of days is computed by itself, whatever lies before it.
//!
//! No account drifts away over the years, because once a month each is brought back to its base: what went through a checking account is
//! moved to or from savings, what went through savings is invested, what was bought with a card is paid. So a balance is the base and what
//! was booked since the month before, and never a sum over all history.

mod daily;
mod entry;
mod event;
mod loan;

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, TimeDelta, Utc};

use super::plan::{Plan, Planned};
use super::random::Key;
use super::state::PostedByHand;
use crate::domain::account::AccountSubtype::{Checking, CreditCard, Mortgage, Savings, StudentLoan};

pub(super) use event::{Event, LIFE_DAYS, Stage, instant, working_day};
pub(super) use loan::{Instalment, Loan};

/// Purchases in a hundred days where there is a card for most of them, and where there is none.
const DEBIT_PURCHASES: (u64, u64) = (18, 110);

/// The accounts of a user, set in motion.
pub(super) struct Ledger<'a> {
    pub plan: &'a Plan,
    /// What went through accounts in whole months: payer and payee both want to know, and a card's month is part of its payer's.
    months: RefCell<BTreeMap<(Key, NaiveDate), i64>>,
}

impl<'a> Ledger<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        Self { plan, months: RefCell::default() }
    }

    /// Everything made in the account from the first day to the last, both inclusive, in the order in which it was made.
    pub fn events(&self, account: &Planned, first: NaiveDate, last: NaiveDate) -> Vec<Event> {
        let mut events = self.unsettled(account, first, last);
        let day = settlement_day(account);
        let mut month = first_of_month(first);
        while let Some(day) = day.filter(|_| month <= last).and_then(|day| month.with_day(day)) {
            if (first..=last).contains(&day) && !account.quiet {
                events.push(self.settlement(account, day));
            }
            month = month + Months::new(1);
        }
        events.retain(|event| is_open(account, event.made_at) && !event.is_nothing());
        events.sort_by_key(|event| event.made_at);
        events
    }

    /// What is owed or was drawn in all, in cents, above the account's base, at that instant: everything booked that no settlement has evened out yet.
    pub fn outstanding(&self, account: &Planned, at: DateTime<Utc>) -> i64 {
        let month = first_of_month(at.date_naive());
        let before = month - Months::new(1);
        let settled = settlement_day(account)
            .and_then(|day| month.with_day(day))
            .is_some_and(|day| instant(day, event::BOOKING_TIME) <= at);
        let since = if settled { month } else { before };
        match Loan::of(account) {
            Some(loan) => -loan.instalments().take(loan_payments(&loan, at)).map(|paid| paid.principal).sum::<i64>(),
            None if account.opened_at.is_some() => self.flow(account, account.opened_at.unwrap_or(at), at),
            None => self.flow(account, instant(since, 0), at),
        }
    }

    /// What was paid onto the card last, at that instant.
    pub fn last_card_payment(&self, card: &Planned, at: DateTime<Utc>) -> Option<(NaiveDate, i64)> {
        let month = first_of_month(at.date_naive());
        [month, month - Months::new(1)]
            .into_iter()
            .filter_map(|month| month.with_day(settlement_day(card)?))
            .find(|day| instant(*day, event::BOOKING_TIME) <= at)
            .map(|day| (day, self.month_before(card, day)))
    }

    /// What was booked between two instants, without settlements.
    fn flow(&self, account: &Planned, after: DateTime<Utc>, until: DateTime<Utc>) -> i64 {
        let first = after.date_naive() - TimeDelta::days(LIFE_DAYS);
        let events = self.unsettled(account, first, until.date_naive());
        let before = after - TimeDelta::microseconds(1);
        events
            .iter()
            .filter(|event| is_open(account, event.made_at))
            .map(|event| event.booked(until) - event.booked(before))
            .sum()
    }

    /// What was booked in the month before that day's, without settlements.
    fn month_before(&self, account: &Planned, day: NaiveDate) -> i64 {
        let month = first_of_month(day);
        let known = self.months.borrow().get(&(account.key, month)).copied();
        known.unwrap_or_else(|| {
            let flow =
                self.flow(account, instant(month - Months::new(1), 0), instant(month, 0) - TimeDelta::microseconds(1));
            self.months.borrow_mut().insert((account.key, month), flow);
            flow
        })
    }

    /// What brings the account back to its base on that day.
    fn settlement(&self, account: &Planned, day: NaiveDate) -> Event {
        let amount = -self.month_before(account, day);
        let entry = match account.subtype {
            CreditCard => &entry::CARD_PAYMENT_RECEIVED,
            Savings if amount >= 0 => &entry::TO_BROKER,
            Savings => &entry::FROM_BROKER,
            _ if amount >= 0 => &entry::TO_SAVINGS,
            _ => &entry::FROM_SAVINGS,
        };
        daily::booked(account, entry, day, amount)
    }

    /// Everything but the settlements, in no particular order.
    fn unsettled(&self, account: &Planned, first: NaiveDate, last: NaiveDate) -> Vec<Event> {
        let mut events = Vec::new();
        for day in first.iter_days().take_while(|day| *day <= last).filter(|_| !account.quiet) {
            match account.subtype {
                Checking => self.checking(account, day, &mut events),
                Savings => self.savings(account, day, &mut events),
                CreditCard => {
                    events.extend(daily::purchases(account, day, daily::CARD_PURCHASES));
                    daily::card(account, day, &mut events);
                }
                Mortgage | StudentLoan => loan_account(account, day, &mut events),
                _ => {}
            }
        }
        events
    }

    fn checking(&self, account: &Planned, day: NaiveDate, events: &mut Vec<Event>) {
        let card = self.plan.sibling(account, CreditCard);
        let (with_card, without) = DEBIT_PURCHASES;
        events.extend(daily::purchases(account, day, if card.is_some() { with_card } else { without }));
        daily::checking(account, self.plan.sibling(account, Mortgage).is_some(), day, events);
        for loan in [Mortgage, StudentLoan].into_iter().filter_map(|kind| self.plan.sibling(account, kind)) {
            if let Some(due) = Loan::of(loan).and_then(|loan| loan.on(day)) {
                let paid = daily::booked(account, &entry::LOAN_PAYMENT, day, due.amount());
                events.push(paid.tell_apart(loan.subtype.as_str()));
            }
        }
        if let Some(card) = card.filter(|card| settlement_day(card) == Some(day.day())) {
            events.push(daily::booked(account, &entry::CARD_PAYMENT, day, self.month_before(card, day)));
        }
    }

    fn savings(&self, account: &Planned, day: NaiveDate, events: &mut Vec<Event>) {
        if account.opened_at.is_some_and(|at| at.date_naive() == day) {
            let made_at = account.opened_at.unwrap_or_default();
            events.push(Event::at_once(account.key, &entry::OPENING_DEPOSIT, made_at, -entry::OPENING_DEPOSIT.cents.0));
        }
        if account.opened_at.is_some() {
            return;
        }
        if day.day() == 1 {
            let interest = account.base() * account.savings_rate() / 120_000;
            events.push(daily::booked(account, &entry::INTEREST, day, -interest));
        }
        if let Some(checking) = self.plan.sibling(account, Checking).filter(|it| settlement_day(it) == Some(day.day()))
        {
            let amount = self.month_before(checking, day);
            let entry = if amount <= 0 { &entry::FROM_CHECKING } else { &entry::TO_CHECKING };
            events.push(daily::booked(account, entry, day, amount));
        }
    }
}

/// On which day of each month the account is brought back to its base, early in the morning; `None` = never.
fn settlement_day(account: &Planned) -> Option<u32> {
    match account.subtype {
        Checking => Some(2),
        Savings if account.opened_at.is_none() => Some(3),
        CreditCard => Some(21),
        _ => None,
    }
}

/// Interest and payment of a loan, on its day.
fn loan_account(account: &Planned, day: NaiveDate, events: &mut Vec<Event>) {
    if let Some(due) = Loan::of(account).and_then(|loan| loan.on(day)) {
        events.push(daily::booked(account, &entry::LOAN_INTEREST, day, due.interest));
        events.push(daily::booked(account, &entry::LOAN_PAYMENT_RECEIVED, day, -due.amount()));
    }
}

/// How many payments have been booked at that instant.
pub(super) fn loan_payments(loan: &Loan, at: DateTime<Utc>) -> usize {
    let today = at.date_naive();
    let booked = at >= instant(today, event::BOOKING_TIME);
    loan.due_until(if booked { today } else { today - Days::new(1) })
}

/// The n-th that was posted by hand: a purchase. Of those that are pending every second is a meal, which is booked with a tip.
pub(super) fn posted_by_hand(account: &Planned, n: u64, posted: &PostedByHand) -> Option<Event> {
    let key = account.key.name("posted by hand").number(n);
    let make = if posted.pending && n % 2 == 1 { daily::meal } else { daily::purchase };
    make(key, posted.made_at.date_naive()).map(|event| event.by_hand(posted.made_at, posted.pending))
}

fn is_open(account: &Planned, at: DateTime<Utc>) -> bool {
    account.opened_at.is_none_or(|opened| opened <= at) && account.closed_at.is_none_or(|closed| at < closed)
}

pub(super) fn first_of_month(day: NaiveDate) -> NaiveDate {
    day.with_day(1).unwrap_or(day)
}
