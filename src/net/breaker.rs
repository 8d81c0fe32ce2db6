//! The circuit breaker: an upstream that keeps failing is left alone for a while, then asked by one call at a time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row open the breaker.
const FAILURES: u32 = 8;
/// The rest doubles with each failed probe, up to this.
const LONGEST_REST: Duration = Duration::from_secs(120);
/// What a refused call is told to wait while a probe is under way.
const PROBE_TIME: Duration = Duration::from_secs(1);

/// Shared by all calls to one upstream.
pub(super) struct Breaker {
    state: Mutex<State>,
    /// The first rest.
    rest: Duration,
}

#[derive(Clone, Copy)]
enum State {
    /// Calls pass.
    Closed { failures: u32 },
    /// Calls are refused until `until`; then one passes as a probe.
    Open { until: Instant, rest: Duration, probing: bool },
}

impl State {
    /// How long a call is refused, if it is.
    fn refusal(self, now: Instant) -> Option<Duration> {
        match self {
            Self::Open { until, .. } if now < until => Some(until - now),
            Self::Open { probing: true, .. } => Some(PROBE_TIME),
            _ => None,
        }
    }
}

impl Breaker {
    /// A closed breaker whose first rest is `rest`.
    pub(super) fn new(rest: Duration) -> Self {
        Self { state: Mutex::new(State::Closed { failures: 0 }), rest }
    }

    /// Lets a call pass, or says how long to wait.
    pub(super) fn admit(&self, now: Instant) -> Result<Permit<'_>, Duration> {
        let mut state = self.lock();
        if let Some(wait) = state.refusal(now) {
            return Err(wait);
        }
        let probe = match &mut *state {
            State::Open { probing, .. } => {
                *probing = true;
                true
            }
            State::Closed { .. } => false,
        };
        Ok(Permit { breaker: self, probe })
    }

    /// How long a call would be refused now, if it would be.
    pub(super) fn refusal(&self, now: Instant) -> Option<Duration> {
        self.lock().refusal(now)
    }

    /// Forgets every failure.
    #[cfg(feature = "sandbox")]
    pub(super) fn close(&self) {
        *self.lock() = State::Closed { failures: 0 };
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The state is whole at every moment, so a panic elsewhere does not spoil it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave for one attempt, to be settled with its outcome. Dropped unsettled (its caller went away), it counts for nothing.
pub(super) struct Permit<'a> {
    breaker: &'a Breaker,
    /// The one attempt on which the breaker's next state hangs.
    probe: bool,
}

impl Permit<'_> {
    /// Reports the attempt's outcome. Any success closes the breaker.
    pub(super) fn settle(self, failed: bool, now: Instant) {
        let mut state = self.breaker.lock();
        *state = match *state {
            _ if !failed => State::Closed { failures: 0 },
            State::Closed { failures } if failures + 1 < FAILURES => State::Closed { failures: failures + 1 },
            State::Closed { .. } => {
                State::Open { until: now + self.breaker.rest, rest: self.breaker.rest, probing: false }
            }
            State::Open { rest, .. } if self.probe => {
                let rest = (rest * 2).min(LONGEST_REST);
                State::Open { until: now + rest, rest, probing: false }
            }
            // An attempt from before it opened says nothing new.
            open @ State::Open { .. } => open,
        };
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.probe
            && let State::Open { probing, .. } = &mut *self.breaker.lock()
        {
            *probing = false;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::*;

    const REST: Duration = Duration::from_secs(10);

    fn fail(breaker: &Breaker, times: u32, now: Instant) {
        for _ in 0..times {
            breaker.admit(now).ok().unwrap().settle(true, now);
        }
    }

    #[test]
    fn opens_after_eight_failures_in_a_row() {
        let (breaker, now) = (Breaker::new(REST), Instant::now());
        fail(&breaker, 7, now);
        breaker.admit(now).ok().unwrap().settle(false, now);
        fail(&breaker, 7, now);
        assert_eq!(breaker.refusal(now), None);
        fail(&breaker, 1, now);
        assert_eq!(breaker.admit(now).err(), Some(REST));
    }

    #[test]
    fn lets_one_probe_pass_and_closes_on_its_success() {
        let (breaker, now) = (Breaker::new(REST), Instant::now());
        fail(&breaker, 8, now);
        let later = now + REST;
        let probe = breaker.admit(later).ok().unwrap();
        assert_eq!(breaker.admit(later).err(), Some(PROBE_TIME));
        probe.settle(false, later);
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn doubles_its_rest_up_to_two_minutes() {
        let (breaker, mut now) = (Breaker::new(REST), Instant::now());
        fail(&breaker, 8, now);
        for seconds in [10, 20, 40, 80, 120, 120] {
            assert_eq!(breaker.refusal(now), Some(Duration::from_secs(seconds)));
            now += Duration::from_secs(seconds);
            fail(&breaker, 1, now);
        }
    }

    #[test]
    fn a_probe_that_is_given_up_makes_way_for_another() {
        let (breaker, now) = (Breaker::new(REST), Instant::now());
        fail(&breaker, 8, now);
        let later = now + REST;
        drop(breaker.admit(later).ok().unwrap());
        assert!(breaker.admit(later).is_ok());
    }

    #[test]
    fn a_failure_from_before_it_opened_does_not_prolong_the_rest() {
        let (breaker, now) = (Breaker::new(REST), Instant::now());
        let old = breaker.admit(now).ok().unwrap();
        fail(&breaker, 8, now);
        old.settle(true, now + REST);
        assert_eq!(breaker.refusal(now + REST), None);
    }
}
