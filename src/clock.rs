//! Business time, passed in: the sandbox can move it, tests can hold it. Leases never use it; they use the database's `now()`.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The time that business rules see: the system's time plus an offset that only the sandbox moves.
/// Clones share the offset.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    offset_seconds: Arc<AtomicI64>,
}

impl Clock {
    /// The present, to the microsecond (what PostgreSQL keeps).
    pub fn now(&self) -> DateTime<Utc> {
        (Utc::now() + self.offset()).trunc_subsecs(6)
    }

    /// How far this clock is ahead of the system's.
    pub fn offset(&self) -> TimeDelta {
        TimeDelta::seconds(self.offset_seconds.load(Ordering::Relaxed))
    }

    /// Sets the distance to the system's time, in seconds (the sandbox alone calls this). Never back: whoever read an older
    /// distance and tells it late changes nothing.
    pub fn set_offset_seconds(&self, seconds: i64) {
        self.offset_seconds.fetch_max(seconds, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_word_of_an_older_offset_does_not_turn_the_clock_back() {
        let clock = Clock::default();
        clock.set_offset_seconds(60);
        clock.set_offset_seconds(0);
        assert_eq!(clock.offset(), TimeDelta::seconds(60));
    }
}
