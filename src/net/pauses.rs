//! What an upstream asked for with `Retry-After` holds for the next call too, not only for the one that was answered so.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::Utc;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use tokio::time::Instant;

use super::{Bytes, Call, Reply, StatusCode};

/// A longer pause is asked for again after this.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// So many pauses are kept; beyond them, new ones hold for their own call only.
const MOST: usize = 1_000;
/// A longer body is not kept with its answer.
const LONGEST_BODY: usize = 16 * 1024;

/// What is to be left alone: an operation, for whom it was or for everybody.
type Key = (&'static str, Option<u64>);

/// The pauses that an upstream has asked for, each with the answer that asked for it: until its end, that answer stands.
#[derive(Default)]
pub(super) struct Pauses(Mutex<HashMap<Key, Pause>>);

#[derive(Clone)]
struct Pause {
    until: Instant,
    answer: Reply,
}

impl Pauses {
    /// Keeps what an answer asks for: 429 for whom its call was, 503 for everybody.
    pub(super) fn note(&self, call: &Call, reply: &Reply, now: Instant) {
        let whom = match reply.status {
            StatusCode::TOO_MANY_REQUESTS => Some(call.limited_as()),
            StatusCode::SERVICE_UNAVAILABLE => None,
            _ => return,
        };
        let Some(pause) = reply.retry_after(Utc::now()).filter(|pause| !pause.is_zero()) else { return };
        let mut answer = reply.clone();
        if answer.body.len() > LONGEST_BODY {
            answer.body = Bytes::new();
        }
        let mut pauses = self.lock();
        pauses.retain(|_, pause| pause.until > now);
        if pauses.len() < MOST {
            pauses.insert((call.operation, whom), Pause { until: now + pause.min(LONGEST), answer });
        }
    }

    /// How long the call has to wait, and the answer that says so, with what is left of its `Retry-After`.
    pub(super) fn standing(&self, call: &Call, now: Instant) -> Option<(Duration, Reply)> {
        let pauses = self.lock();
        let keys = [Some(call.limited_as()), None].map(|whom| (call.operation, whom));
        let longest = keys.iter().filter_map(|key| pauses.get(key)).max_by_key(|pause| pause.until);
        let Pause { until, mut answer } = longest.filter(|pause| pause.until > now)?.clone();
        let left = until - now;
        let seconds = left.as_millis().div_ceil(1000) as u64;
        answer.headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        Some((left, answer))
    }

    /// Forgets all of them.
    #[cfg(feature = "sandbox")]
    pub(super) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Pause>> {
        // The map is whole at every moment, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
