//! How often a key or token may call, counted in this process. Quotas that must hold over processes are in the database.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use uuid::Uuid;

use crate::domain::problem::{Code, Limit, Problem};

/// Callers that a limiter remembers before it forgets those at rest.
const MOST_CALLERS: usize = 100_000;

/// Requests per second of each caller of one kind.
pub struct Rate {
    limit: Limit,
    callers: DefaultKeyedRateLimiter<Uuid>,
}

impl Rate {
    /// So many per second and, after a rest, so many at once. `name` tells the policy in the answer's header fields.
    pub fn new(name: &'static str, per_second: NonZeroU32, burst: NonZeroU32) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        let limit = Limit { name, per_second: per_second.get(), burst: burst.get() };
        Self { limit, callers: DefaultKeyedRateLimiter::keyed(quota) }
    }

    /// Counts a request of that caller; `RATE_LIMITED` once there are too many.
    pub fn count(&self, caller: Uuid) -> Result<(), Problem> {
        if self.callers.len() > MOST_CALLERS {
            self.callers.retain_recent();
        }
        let Err(until) = self.callers.check_key(&caller) else { return Ok(()) };
        let wait = until.wait_time_from(DefaultClock::default().now()).max(Duration::from_millis(1));
        let Limit { per_second, burst, .. } = self.limit;
        let detail =
            format!("More than {per_second} requests a second (burst {burst}). Wait as long as Retry-After says.");
        let problem = Problem::new(Code::RateLimited, detail).retry_after(wait);
        Err(Problem { limit: Some(Box::new(self.limit)), ..problem })
    }
}

impl std::fmt::Debug for Rate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rate").field("limit", &self.limit).finish_non_exhaustive()
    }
}
