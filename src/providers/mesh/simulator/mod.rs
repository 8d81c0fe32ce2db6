//! Mesh's simulator: speaks Mesh's wire format over the shared simulated bank, and says no where Mesh says no. It shares nothing with the
//! adapter but its keys and the header of webhooks.
//!
//! All state is in the sandbox's documents, so that any number of processes serve the same; tokens are kept as fingerprints alone. Time is
//! business time throughout. In reading order: `link` makes a link token and leads the customer, `tokens` makes what comes of it and judges
//! it, `reading` and `institutions` answer.

mod call;
mod institutions;
mod knobs;
mod link;
mod reading;
mod state;
mod tokens;

pub use knobs::WEBHOOKS;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};

use crate::bank::{Calls, Environment, Knob, KnobError, Simulated};
use crate::store;

use call::Error;

/// The longest body of a call or form.
const MOST_BYTES: usize = 64 * 1024;

/// The simulator. Clones share everything.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    environment: Environment,
    pages_url: String,
    calls: Calls,
}

/// The simulator in that environment.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    let pages_url = environment.pages_url.as_str().trim_end_matches('/').to_owned();
    Arc::new(Simulator { shared: Arc::new(Shared { environment, pages_url, calls: Calls::default() }) })
}

impl Simulator {
    fn environment(&self) -> &Environment {
        &self.shared.environment
    }

    fn count(&self, operation: String) {
        self.shared.calls.count(operation);
    }
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        Router::new()
            .route("/api/v1/linktoken", post(link::create))
            .route("/api/v1/token/refresh", post(tokens::refresh))
            .route("/api/v1/account", delete(tokens::remove))
            .route("/api/v1/holdings/get", post(reading::holdings))
            .route("/api/v1/holdings/value", post(reading::value))
            .route("/api/v1/balance/get", post(reading::balances))
            .route("/api/v1/transactions/list", post(reading::orders))
            .route("/api/v1/integrations", get(institutions::list))
            .route("/api/v1/status", get(institutions::status))
            .fallback(async || Error::NotFound("There is no such operation"))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/link/{token}", get(link::show).post(link::submit))
            .route("/handover.js", get(link::script))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn page(&self, launch: &serde_json::Value) -> Option<String> {
        (launch["kind"] == "SCRIPT").then(|| launch["token"].as_str().and_then(link::address)).flatten()
    }

    async fn turn(&self, provider_connection_id: &str, knob: Knob) -> Result<(), KnobError> {
        self.turn_knob(provider_connection_id, knob).await
    }

    /// Nothing that time brings is told.
    async fn tell_all(&self) -> store::Result<()> {
        Ok(())
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}
