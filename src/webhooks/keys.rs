//! The providers' verification keys: cached, and looked up no more often than a bound, so that forged webhooks cannot spend our quota.

use std::collections::HashMap;
use std::sync::Mutex;

use chrono::{DateTime, TimeDelta, Utc};

use crate::clock::Clock;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::data::WebhookKey;
use crate::providers::{Entry, Failure};

/// How long a key is trusted before it is asked for again.
const KEEP: TimeDelta = TimeDelta::hours(24);

/// Look-ups of unknown keys that are allowed in one minute, per provider.
const LOOK_UPS_A_MINUTE: u32 = 10;

/// The most keys that are kept.
const MOST_KEYS: usize = 100;

#[derive(Default)]
struct Cache {
    keys: HashMap<(ServiceProvider, String), (WebhookKey, DateTime<Utc>)>,
    look_ups: HashMap<ServiceProvider, (DateTime<Utc>, u32)>,
}

/// The verification keys of all providers.
#[derive(Default)]
pub(super) struct Keys {
    cache: Mutex<Cache>,
}

impl Keys {
    /// A key, from the cache or the provider; `None` where too many were looked up of late.
    pub(super) async fn get(&self, entry: &Entry, key_id: &str, clock: &Clock) -> Result<Option<WebhookKey>, Failure> {
        let now = clock.now();
        let wanted = (entry.id(), key_id.to_owned());
        {
            let mut cache = self.lock();
            if let Some((key, _)) = cache.keys.get(&wanted).filter(|(_, since)| now - *since < KEEP) {
                return Ok(Some(key.clone()));
            }
            let (since, count) = cache.look_ups.entry(entry.id()).or_insert((now, 0));
            if now - *since > TimeDelta::minutes(1) {
                (*since, *count) = (now, 0);
            }
            if *count >= LOOK_UPS_A_MINUTE {
                return Ok(None);
            }
            *count += 1;
        }
        let key = entry.provider.webhook_key(&entry.in_request(clock), key_id).await?;
        let mut cache = self.lock();
        if cache.keys.len() >= MOST_KEYS {
            cache.keys.clear();
        }
        cache.keys.insert(wanted, (key.clone(), now));
        Ok(Some(key))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
