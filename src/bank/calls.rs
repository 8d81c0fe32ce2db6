//! What a simulator counts.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// How often each operation was called in this process. Clones share the counts.
#[derive(Clone, Debug, Default)]
pub struct Calls {
    counts: Arc<Mutex<BTreeMap<String, u64>>>,
}

impl Calls {
    /// Counts a call.
    pub fn count(&self, operation: impl Into<String>) {
        *self.counts.lock().unwrap_or_else(PoisonError::into_inner).entry(operation.into()).or_default() += 1;
    }

    /// Every operation that was called, with how often.
    pub fn all(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
