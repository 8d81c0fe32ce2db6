//! What happens on one day: purchases, bills, salary, cash.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::entry::{self, BILLS, Entry, SHOPS, SUBSCRIPTIONS, TABLES};
use super::event::{BOOKING_TIME, Event, instant};
use crate::bank::plan::Planned;
use crate::bank::random::{Draw, Key};
use crate::domain::transaction::Category;

/// Names what happens in the account under that name on that day.
fn of_day(account: &Planned, name: &str, day: NaiveDate) -> Key {
    account.key.name(name).number(u64::try_from(day.num_days_from_ce()).unwrap_or_default())
}

/// A time at which people are awake.
fn daytime(day: NaiveDate, draw: &mut Draw) -> DateTime<Utc> {
    instant(day, draw.between(12 * 3600, 24 * 3600 - 1))
}

/// Purchases with a card, so many a hundred days.
pub(super) fn purchases(account: &Planned, day: NaiveDate, per_hundred_days: u64) -> impl Iterator<Item = Event> {
    let key = of_day(account, "purchase", day);
    let weekend = day.weekday().num_days_from_monday() >= 4;
    let mut draw = key.draw();
    let wanted = if weekend { per_hundred_days * 13 / 10 } else { per_hundred_days * 9 / 10 };
    let count = wanted / 100 + u64::from(draw.below(100) < wanted % 100);
    // Some days have one less, others one more.
    let count = if count > 0 { count + draw.below(3) - 1 } else { 0 };
    (0..count).filter_map(move |i| purchase(key.number(i), day))
}

/// One purchase.
pub(super) fn purchase(key: Key, day: NaiveDate) -> Option<Event> {
    let mut draw = key.draw();
    let mut ticket = draw.below(SHOPS.iter().map(|(weight, _)| weight).sum());
    let (_, shops) = SHOPS.iter().find(|(weight, _)| {
        let hit = ticket < *weight;
        ticket = ticket.saturating_sub(*weight);
        hit
    })?;
    bought(key, shops, day, draw)
}

/// One meal in a restaurant.
pub(super) fn meal(key: Key, day: NaiveDate) -> Option<Event> {
    bought(key, TABLES, day, key.draw())
}

/// Something in one of these shops: small purchases are commoner than large ones.
fn bought(key: Key, shops: &'static [Entry], day: NaiveDate, mut draw: Draw) -> Option<Event> {
    let entry = draw.pick(shops)?;
    let (low, high) = entry.cents;
    let share = draw.between(0, 1000);
    let amount = low + (high - low) * share * share / 1_000_000;
    Some(Event::by_card(key, entry, daytime(day, &mut draw), amount))
}

/// What a card pays by itself, and what comes back.
pub(super) fn card(account: &Planned, day: NaiveDate, events: &mut Vec<Event>) {
    for (_, entry) in SUBSCRIPTIONS.iter().filter(|(due, _)| *due == day.day()) {
        let key = of_day(account, entry.text, day);
        events.push(Event::by_card(key, entry, instant(day, 9 * 3600), entry.cents.0));
    }
    if day.day() == 20 {
        let interest = account.base() * account.card_rate() / 120_000;
        events.push(booked(account, &entry::CARD_INTEREST, day, interest));
    }
    let fee_month = 1 + account.key.name("fee month").draw().below(12);
    if day.day() == 9 && u64::from(day.month()) == fee_month {
        events.push(booked(account, &entry::CARD_FEE, day, entry::CARD_FEE.cents.0));
    }
    events.extend(refund(account, day));
}

/// Now and then goods that were bought nine days ago come back.
fn refund(account: &Planned, day: NaiveDate) -> Option<Event> {
    let key = of_day(account, "refund", day);
    if !key.draw().chance(120) {
        return None;
    }
    let bought = purchases(account, day - TimeDelta::days(9), CARD_PURCHASES);
    let goods =
        bought.into_iter().find(|event| event.category() == Category::GeneralMerchandise && !event.vanishes())?;
    Some(goods.refunded(key, instant(day, 15 * 3600)))
}

/// Purchases on a credit card, in a hundred days.
pub(super) const CARD_PURCHASES: u64 = 140;

/// What goes in and out of an everyday account by itself, of somebody who owns a mortgaged house or pays rent.
pub(super) fn checking(account: &Planned, owner: bool, day: NaiveDate, events: &mut Vec<Event>) {
    if is_payday(account, day) {
        let mut draw = account.key.name("salary").number(u64::from(day.year().unsigned_abs())).draw();
        let (low, high) = entry::SALARY.cents;
        events.push(booked(account, &entry::SALARY, day, -draw.between(low, high)));
    }
    for (due, even_months, entry) in BILLS {
        if *due == day.day() && (!even_months || day.month().is_multiple_of(2)) {
            events.push(bill(account, entry, day));
        }
    }
    match (owner, day.day()) {
        (false, 1) => events.push(bill(account, &entry::RENT, day)),
        (true, 3) => events.push(bill(account, &entry::DUES, day)),
        _ => {}
    }
    if (day.month(), day.day()) == (4, 12) {
        let (low, high) = entry::TAX_REFUND.cents;
        let amount = of_day(account, "tax", day).draw().between(low, high);
        events.push(booked(account, &entry::TAX_REFUND, day, -amount));
    }
    cash(account, day, events);
    friends(account, day, events);
}

/// Every second Friday.
fn is_payday(account: &Planned, day: NaiveDate) -> bool {
    // Day 5 of the common era was a Friday.
    let shift = if account.household.is_multiple_of(2) { 5 } else { 12 };
    (day.num_days_from_ce() - shift).rem_euclid(14) == 0
}

/// A bill's amount is the account's own; those that depend on use vary with the month.
fn bill(account: &Planned, entry: &'static Entry, day: NaiveDate) -> Event {
    let (low, high) = entry.cents;
    let usual = account.key.name(entry.text).draw().between(low, high);
    let key = of_day(account, entry.text, day);
    let metered = matches!(entry.text, "VALLEY POWER & LIGHT" | "CITY WATER DEPARTMENT");
    let amount = if metered { usual * key.draw().between(80, 125) / 100 } else { usual };
    Event::debited(key, entry, instant(day, 11 * 3600), amount)
}

/// Cash from a machine, sometimes another bank's.
fn cash(account: &Planned, day: NaiveDate, events: &mut Vec<Event>) {
    let key = of_day(account, "cash", day);
    let mut draw = key.draw();
    if !draw.chance(70) {
        return;
    }
    let at = daytime(day, &mut draw);
    let (low, high) = entry::CASH.cents;
    events.push(Event::at_once(key, &entry::CASH, at, draw.between(low / 2000, high / 2000) * 2000));
    if draw.chance(350) {
        events.push(Event::at_once(key.name("fee"), &entry::CASH_FEE, at, entry::CASH_FEE.cents.0));
    }
}

/// Small debts among friends.
fn friends(account: &Planned, day: NaiveDate, events: &mut Vec<Event>) {
    let key = of_day(account, "friend", day);
    let mut draw = key.draw();
    if draw.chance(60) {
        let (entry, sign) = if draw.chance(550) { (&entry::SENT, 1) } else { (&entry::RECEIVED, -1) };
        let (low, high) = entry.cents;
        let at = daytime(day, &mut draw);
        events.push(Event::at_once(key, entry, at, sign * draw.between(low / 500, high / 500) * 500));
    }
}

/// What the bank books by itself early on that day.
pub(super) fn booked(account: &Planned, entry: &'static Entry, day: NaiveDate, amount: i64) -> Event {
    Event::at_once(of_day(account, entry.text, day), entry, instant(day, BOOKING_TIME), amount)
}
