//! What changes between two moments.

use chrono::{DateTime, Utc};

use super::ledger::{Event, Stage};
use super::state::Moment;
use super::transaction::{BankTransaction, Changes, Removed};

/// A transaction with its whole life, and its place among those posted by hand.
pub(super) struct Listed {
    pub event: Event,
    pub by_hand: Option<u32>,
}

impl Listed {
    /// Whether it is there to be seen; how it looks is the event's business.
    pub fn is_known(&self, at: Moment) -> bool {
        self.by_hand.is_none_or(|n| n < at.posted)
    }

    fn stage(&self, at: Moment) -> Stage {
        if self.is_known(at) { self.event.stage(at.at) } else { Stage::Absent }
    }
}

/// Collects what changes between two moments, with the instant at which each did.
pub(super) struct Difference {
    since: Option<Moment>,
    until: Moment,
    currency: &'static str,
    added: Vec<(DateTime<Utc>, BankTransaction)>,
    modified: Vec<(DateTime<Utc>, BankTransaction)>,
    removed: Vec<(DateTime<Utc>, Removed)>,
}

impl Difference {
    pub fn new(since: Option<Moment>, until: Moment, currency: &'static str) -> Self {
        Self { since, until, currency, added: Vec::new(), modified: Vec::new(), removed: Vec::new() }
    }

    /// Judges one transaction.
    pub fn take(&mut self, account: &str, listed: &Listed) {
        let before = self.since.map_or(Stage::Absent, |since| listed.stage(since));
        let after = listed.stage(self.until);
        if before == after {
            return;
        }
        let event = &listed.event;
        let when = event.since(self.until.at);
        let (old, new) = (event.id(before), event.id(after));
        let same = old == new;
        if let Some(id) = old.filter(|_| !same) {
            self.removed.push((when, Removed { id, account: account.to_owned() }));
        }
        let lines = if same { &mut self.modified } else { &mut self.added };
        // An id without a line cannot be: a stage that is listed has both.
        lines.extend(new.and_then(|_| event.line(account, self.currency, self.until.at)).map(|line| (when, line)));
    }

    /// Each list in the order in which it happened.
    pub fn finish(mut self) -> Changes {
        let by_id = |a: &(DateTime<Utc>, BankTransaction), b: &(DateTime<Utc>, BankTransaction)| {
            (a.0, &a.1.id).cmp(&(b.0, &b.1.id))
        };
        self.added.sort_unstable_by(by_id);
        self.modified.sort_unstable_by(by_id);
        self.removed.sort_unstable_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
        Changes {
            added: self.added.into_iter().map(|(_, line)| line).collect(),
            modified: self.modified.into_iter().map(|(_, line)| line).collect(),
            removed: self.removed.into_iter().map(|(_, gone)| gone).collect(),
        }
    }
}
