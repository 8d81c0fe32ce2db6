//! When a call is sent again, and when not.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::{Call, Error, Reply, StatusCode};

/// No backoff is longer (what the upstream asks for may be).
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);
/// A budget's unit is a fifth of a repeat: each call earns one, each repeat costs five.
const REPEAT: u32 = 5;
/// What a budget begins with, and the most that it saves up: ten repeats.
const SAVINGS: u32 = 10 * REPEAT;

/// How many repeats an upstream's calls may still make: a fifth of the calls and ten, so that an outage is not amplified.
pub(super) struct Budget(AtomicU32);

impl Budget {
    /// A full budget.
    pub(super) fn new() -> Self {
        Self(AtomicU32::new(SAVINGS))
    }

    /// Counts a call.
    pub(super) fn earn(&self) {
        let earn = |saved: u32| (saved < SAVINGS).then_some(saved + 1);
        // It fails when the savings are full, which is as good.
        let _ = self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, earn);
    }

    /// Takes a repeat, if there is one.
    pub(super) fn spend(&self) -> bool {
        self.0.try_update(Ordering::Relaxed, Ordering::Relaxed, |saved| saved.checked_sub(REPEAT)).is_ok()
    }
}

/// Whether the outcome may be another one in a moment.
pub(super) fn is_passing(call: &Call, outcome: &Result<Reply, Error>) -> bool {
    match outcome {
        Ok(reply) if (call.answers)(reply) => false,
        Ok(reply) => matches!(
            reply.status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::INTERNAL_SERVER_ERROR
                | StatusCode::BAD_GATEWAY
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::GATEWAY_TIMEOUT
        ),
        // A deadline that has passed leaves no time, and a certificate does not change in a second.
        Err(error) => error.is_transport() && !matches!(error, Error::Timeout | Error::Tls(_)),
    }
}

/// Whether the outcome speaks against the upstream's health.
pub(super) fn is_failure(call: &Call, outcome: &Result<Reply, Error>) -> bool {
    match outcome {
        Ok(reply) if (call.answers)(reply) => false,
        // 510 says that the request lacks something, for one customer perhaps (RFC 2774): its server is well.
        Ok(reply) => reply.status.is_server_error() && reply.status != StatusCode::NOT_EXTENDED,
        Err(error) => error.is_transport(),
    }
}

/// The pause after the `attempt`th attempt (the first is 1): `base`, doubled each time, and of that between half and all, so
/// that callers who failed together do not come back together.
pub(super) fn backoff(attempt: u32, base: Duration) -> Duration {
    let most = base.saturating_mul(1 << (attempt - 1).min(16)).min(LONGEST_BACKOFF);
    // The hasher's random keys are the standard library's only source of chance, and good enough to scatter.
    let chance = (RandomState::new().hash_one(attempt) % 1000) as u32;
    most / 2 + most / 2 * chance / 1000
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::{Bytes, HeaderMap};

    fn call() -> Call {
        Call::get("test", "/")
    }

    #[test]
    fn an_answer_about_what_was_asked_for_is_no_failure_of_its_server() {
        let says = |body: &'static str| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Ok(Reply { status, headers: HeaderMap::new(), body: Bytes::from_static(body.as_bytes()) })
        };
        let call = call().answers(|reply| &*reply.body == b"locked");
        assert!(!is_passing(&call, &says("locked")) && !is_failure(&call, &says("locked")));
        assert!(is_passing(&call, &says("down")) && is_failure(&call, &says("down")));
    }

    #[test]
    fn a_budget_allows_ten_repeats_and_one_for_five_calls() {
        let budget = Budget::new();
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
        for _ in 0..25 {
            budget.earn();
        }
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 5);
        for _ in 0..1000 {
            budget.earn();
        }
        assert_eq!((0..100).filter(|_| budget.spend()).count(), 10);
    }

    #[test]
    fn only_passing_outcomes_are_repeated() {
        let reply = |status: u16| {
            let status = StatusCode::from_u16(status).unwrap_or_default();
            Ok(Reply { status, headers: HeaderMap::new(), body: Bytes::new() })
        };
        let outcomes = [200, 302, 400, 401, 404, 408, 409, 422, 429, 500, 501, 502, 503, 504, 505, 510];
        let repeated: Vec<_> = outcomes.into_iter().filter(|&status| is_passing(&call(), &reply(status))).collect();
        assert_eq!(repeated, [429, 500, 502, 503, 504]);
        let failures: Vec<_> = outcomes.into_iter().filter(|&status| is_failure(&call(), &reply(status))).collect();
        assert_eq!(failures, [500, 501, 502, 503, 504, 505]);

        for error in [Error::Stalled, Error::Cut, Error::Connect("refused".into()), Error::Transport("reset".into())] {
            assert!(is_passing(&call(), &Err(error.clone())) && is_failure(&call(), &Err(error)));
        }
        for error in [Error::Timeout, Error::Tls("expired".into())] {
            assert!(!is_passing(&call(), &Err(error.clone())) && is_failure(&call(), &Err(error)));
        }
        for error in [Error::Blocked, Error::BodyTooLarge, Error::Url(""), Error::Open { retry_after: Duration::ZERO }]
        {
            assert!(!is_passing(&call(), &Err(error.clone())) && !is_failure(&call(), &Err(error)));
        }
    }

    #[test]
    fn backoff_doubles_scatters_and_has_an_end() {
        let base = Duration::from_millis(100);
        for (attempt, most) in [(1, 100), (2, 200), (3, 400), (20, 8000), (u32::MAX, 8000)] {
            let most = Duration::from_millis(most);
            let pauses: Vec<_> = (0..50).map(|_| backoff(attempt, base)).collect();
            assert!(pauses.iter().all(|pause| (most / 2..=most).contains(pause)));
            assert!(pauses.iter().any(|pause| *pause != pauses[0]));
        }
    }
}
