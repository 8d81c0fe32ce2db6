//! Judges every exchange with a provider by the provider's own description, as it happens.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use linkspan::net::{Exchange, Observer};
use serde_json::Value;

use crate::judge::Judge;

/// What the judge found, and how many exchanges it saw.
#[derive(Default)]
pub struct Fidelity {
    complaints: Mutex<Vec<String>>,
    seen: Mutex<Vec<(String, Value)>>,
    faults: AtomicBool,
}

impl Fidelity {
    /// Answers are damaged on purpose from now on: only requests would be worth judging, and they have been.
    pub fn expect_faults(&self) {
        self.faults.store(true, Ordering::Relaxed);
    }

    /// What was found so far.
    pub fn complaints(&self) -> Vec<String> {
        self.complaints.lock().unwrap().clone()
    }

    /// What was sent to that operation, in order.
    pub fn requests(&self, operation: &str) -> Vec<Value> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|(path, _)| path == operation).map(|(_, body)| body.clone()).collect()
    }

    /// The operations that were called, in order.
    pub fn operations(&self) -> Vec<String> {
        self.seen.lock().unwrap().iter().map(|(path, _)| path.clone()).collect()
    }
}

pub struct Judging(pub Arc<Fidelity>);

impl Observer for Judging {
    fn exchange(&self, exchange: &Exchange<'_>) {
        // The sandbox's own errands, the customer's browser and the webhooks, are no exchanges with a provider.
        if exchange.upstream.starts_with("sandbox") {
            return;
        }
        let body = serde_json::from_slice(exchange.request_body).unwrap_or_default();
        self.0.seen.lock().unwrap().push((exchange.path.to_owned(), body));
        let Some(judge) = Judge::of(&exchange.upstream.replace('_', "")) else { return };
        if self.0.faults.load(Ordering::Relaxed) {
            return;
        }
        let verdict = judge.exchange(
            exchange.method,
            exchange.path,
            exchange.request_body,
            exchange.status,
            exchange.response_body,
        );
        if let Err(complaints) = verdict {
            self.0.complaints.lock().unwrap().extend(complaints);
        }
    }
}
