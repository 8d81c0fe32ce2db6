//! The life of one transaction: made, held, booked, corrected or gone.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use rust_decimal::Decimal;

use super::entry::Entry;
use crate::bank::random::{Draw, Key};
use crate::bank::transaction::{BankTransaction, Channel};
use crate::domain::transaction::{Category, TransactionStatus};

/// How many days after it was made a transaction can still change, at most: three until it is booked, a weekend, five until it is corrected,
/// and one to spare.
pub(in crate::bank) const LIFE_DAYS: i64 = 11;

/// The second of the day at which the bank books what it does by itself.
pub(super) const BOOKING_TIME: i64 = 6 * 3600;

/// A transaction with everything that ever happens to it. Amounts are cents, money out is positive.
#[derive(Clone, Debug)]
pub(in crate::bank) struct Event {
    key: Key,
    entry: &'static Entry,
    pub made_at: DateTime<Utc>,
    /// What is right in the end.
    amount: i64,
    /// What is shown while pending.
    held: i64,
    fate: Fate,
    slip: Option<(DateTime<Utc>, Slip)>,
}

#[derive(Clone, Copy, Debug)]
enum Fate {
    BookedAtOnce,
    Booked(DateTime<Utc>),
    Vanishes(DateTime<Utc>),
}

/// What is wrong at first when it is booked.
#[derive(Clone, Copy, Debug)]
enum Slip {
    Category,
    Merchant,
    /// So much too high.
    Amount(i64),
}

/// How a transaction looks at some instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bank) enum Stage {
    Absent,
    Pending,
    Booked,
    Corrected,
}

impl Event {
    /// Booked in the moment in which it is made.
    pub fn at_once(key: Key, entry: &'static Entry, made_at: DateTime<Utc>, amount: i64) -> Self {
        Self { key, entry, made_at, amount, held: amount, fate: Fate::BookedAtOnce, slip: None }
    }

    /// A direct debit: pending until the next working day.
    pub fn debited(key: Key, entry: &'static Entry, made_at: DateTime<Utc>, amount: i64) -> Self {
        let booked = Fate::Booked(instant(working_day(made_at.date_naive() + TimeDelta::days(1)), BOOKING_TIME));
        Self { fate: booked, ..Self::at_once(key, entry, made_at, amount) }
    }

    /// Paid with a card: held for one to three days; one in fifty then vanishes, one in thirty is corrected later.
    pub fn by_card(key: Key, entry: &'static Entry, made_at: DateTime<Utc>, amount: i64) -> Self {
        let mut draw = key.name("life").draw();
        let day = working_day(made_at.date_naive() + TimeDelta::days(draw.between(1, 3)));
        let done = instant(day, BOOKING_TIME + draw.between(0, 4 * 3600));
        let vanishes = draw.chance(20);
        let held = held(entry, amount, &mut draw);
        let slip = slip(&mut draw, done).filter(|_| !vanishes);
        let fate = if vanishes { Fate::Vanishes(done) } else { Fate::Booked(done) };
        Self { held, fate, slip, ..Self::at_once(key, entry, made_at, amount) }
    }

    /// The same goods given back, booked at once.
    pub fn refunded(&self, key: Key, made_at: DateTime<Utc>) -> Self {
        Self::at_once(key, self.entry, made_at, -self.amount)
    }

    /// The same, made now: pending until tomorrow or booked at once, and never corrected.
    pub fn by_hand(self, made_at: DateTime<Utc>, pending: bool) -> Self {
        let (key, entry, amount) = (self.key, self.entry, self.amount);
        if !pending {
            return Self::at_once(key, entry, made_at, amount);
        }
        let held = held(entry, amount, &mut key.name("life").draw());
        Self { held, ..Self::debited(key, entry, made_at, amount) }
    }

    /// Gives it a key of its own among several of the same day and text.
    pub fn tell_apart(mut self, by: &str) -> Self {
        self.key = self.key.name(by);
        self
    }

    /// What it is for.
    pub fn category(&self) -> Category {
        self.entry.category
    }

    /// Whether no money moves, as when there is nothing to settle.
    pub fn is_nothing(&self) -> bool {
        self.amount == 0
    }

    /// Whether it is never booked.
    pub fn vanishes(&self) -> bool {
        matches!(self.fate, Fate::Vanishes(_))
    }

    /// How it looks at that instant.
    pub fn stage(&self, at: DateTime<Utc>) -> Stage {
        let booked_at = match self.fate {
            _ if at < self.made_at => return Stage::Absent,
            Fate::Vanishes(gone) => return if at < gone { Stage::Pending } else { Stage::Absent },
            Fate::BookedAtOnce => self.made_at,
            Fate::Booked(booked) => booked,
        };
        match self.slip {
            _ if at < booked_at => Stage::Pending,
            Some((corrected, _)) if at < corrected => Stage::Booked,
            _ => Stage::Corrected,
        }
    }

    /// When it came to look as it does at that instant.
    pub fn since(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let done = match self.fate {
            Fate::BookedAtOnce => self.made_at,
            Fate::Booked(done) | Fate::Vanishes(done) => done,
        };
        let corrected = self.slip.map_or(done, |(corrected, _)| corrected);
        [corrected, done].into_iter().find(|&instant| instant <= at).unwrap_or(self.made_at)
    }

    /// What is booked of it at that instant.
    pub fn booked(&self, at: DateTime<Utc>) -> i64 {
        match self.stage(at) {
            Stage::Absent | Stage::Pending => 0,
            Stage::Booked => self.first_booked(),
            Stage::Corrected => self.amount,
        }
    }

    /// What is held for it at that instant.
    pub fn held(&self, at: DateTime<Utc>) -> i64 {
        if self.stage(at) == Stage::Pending { self.held } else { 0 }
    }

    fn first_booked(&self) -> i64 {
        match self.slip {
            Some((_, Slip::Amount(excess))) => self.amount + excess,
            _ => self.amount,
        }
    }

    /// The id under which it is listed in that stage.
    pub fn id(&self, stage: Stage) -> Option<String> {
        match stage {
            Stage::Absent => None,
            Stage::Pending => Some(self.pending_id()),
            Stage::Booked | Stage::Corrected => Some(self.key.id()),
        }
    }

    fn pending_id(&self) -> String {
        self.key.name("pending").id()
    }

    /// The line in the account's list at that instant, if it is there.
    pub fn line(&self, account: &str, currency: &'static str, at: DateTime<Utc>) -> Option<BankTransaction> {
        let stage = self.stage(at);
        let id = self.id(stage)?;
        let pending = stage == Stage::Pending;
        let slip = self.slip.map(|(_, slip)| slip).filter(|_| stage == Stage::Booked);
        let booked_at = match self.fate {
            Fate::Booked(booked) => Some(booked),
            _ => None,
        };
        let cents = match stage {
            Stage::Pending => self.held,
            Stage::Booked => self.first_booked(),
            _ => self.amount,
        };
        Some(BankTransaction {
            id,
            pending_id: booked_at.filter(|_| !pending).map(|_| self.pending_id()),
            account: account.to_owned(),
            amount: Decimal::new(cents, 2),
            currency,
            description: self.description(),
            merchant: if matches!(slip, Some(Slip::Merchant)) { None } else { self.entry.merchant.map(str::to_owned) },
            category: if matches!(slip, Some(Slip::Category)) { Category::Other } else { self.entry.category },
            status: if pending { TransactionStatus::Pending } else { TransactionStatus::Posted },
            made_at: self.made_at,
            posted_on: (!pending).then(|| booked_at.unwrap_or(self.made_at).date_naive()),
            recurring: self.entry.recurring,
            channel: self.entry.channel,
        })
    }

    /// What the bank writes: the branch of a shop is the same whether pending or not.
    fn description(&self) -> String {
        let refund = self.amount < 0 && self.entry.merchant.is_some() && !self.entry.recurring;
        let prefix = if refund { "REFUND " } else { "" };
        match self.entry.channel {
            Channel::InStore => {
                format!("{prefix}{} #{:03}", self.entry.text, self.key.name("branch").draw().below(400))
            }
            _ => format!("{prefix}{}", self.entry.text),
        }
    }
}

/// What is held of that amount: where there is a table, the bill without the tip.
fn held(entry: &Entry, amount: i64, draw: &mut Draw) -> i64 {
    if entry.tip { amount * 100 / draw.between(115, 122) } else { amount }
}

/// One in thirty has one, and it is put right one to five days after it was booked.
fn slip(draw: &mut Draw, booked: DateTime<Utc>) -> Option<(DateTime<Utc>, Slip)> {
    if !draw.chance(33) {
        return None;
    }
    let corrected = booked + TimeDelta::hours(24 * draw.between(1, 5));
    let slip = match draw.below(3) {
        0 => Slip::Category,
        1 => Slip::Merchant,
        _ => Slip::Amount(draw.between(100, 999)),
    };
    Some((corrected, slip))
}

/// So many seconds into that day (UTC).
pub(in crate::bank) fn instant(day: NaiveDate, seconds: i64) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc() + TimeDelta::seconds(seconds)
}

/// That day, or the Monday after it.
pub(in crate::bank) fn working_day(day: NaiveDate) -> NaiveDate {
    match day.weekday() {
        Weekday::Sat => day + TimeDelta::days(2),
        Weekday::Sun => day + TimeDelta::days(1),
        _ => day,
    }
}
