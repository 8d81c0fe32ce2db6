//! Salt Edge's simulator: speaks its wire format over the shared simulated bank, and says no where Salt Edge says no. It shares nothing with the
//! adapter but names and the sandbox's keys.
//!
//! [`Simulator::api`] is the API, as a live client sees it: every call must be signed. [`Simulator::pages`] is the page at which the customer
//! connects. State is in the sandbox's documents, apart for both kinds of client. Time is business time throughout.
//!
//! In reading order: `gate` knows who calls, `connect` leads the customer, `connections` tells how they stand, `rows` what they hold, `news`
//! tells what happened and has the knobs.

mod connect;
mod connections;
mod gate;
mod news;
mod rows;
mod state;

pub use news::WEBHOOKS;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Router, middleware};

use crate::bank::{Bank, Calls, Environment, Knob, KnobError, Outbox, Simulated};
use crate::clock::Clock;
use crate::domain::service_provider::ServiceProvider;
use crate::store;
use crate::store::sandbox::Documents;

use super::signature::{PublicKey, SigningKey, public_key, signing_key};

/// The longest body.
const MOST_BYTES: usize = 256 * 1024;

/// The simulator. Clones share everything.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    id: ServiceProvider,
    bank: Bank,
    documents: Documents,
    clock: Clock,
    outbox: Outbox,
    pages_url: String,
    /// As registered in the dashboard.
    callback_url: String,
    /// The sandbox has one pair for both directions.
    client_key: Option<PublicKey>,
    callback_key: Option<SigningKey>,
    calls: Calls,
}

/// The simulator for clients with a licence of their own.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    of_kind(environment, ServiceProvider::SaltEdge)
}

/// The simulator for partners.
pub fn simulate_partners(environment: Environment) -> Arc<dyn Simulated> {
    of_kind(environment, ServiceProvider::SaltEdgePartners)
}

fn of_kind(environment: Environment, id: ServiceProvider) -> Arc<dyn Simulated> {
    let Environment { bank, documents, clock, outbox, pages_url } = environment;
    let mut callback_url = pages_url.clone();
    callback_url.set_path(&format!("/webhooks/{id}"));
    let shared = Shared {
        id,
        bank,
        documents,
        clock,
        outbox,
        pages_url: pages_url.as_str().trim_end_matches('/').to_owned(),
        callback_url: callback_url.to_string(),
        client_key: public_key("the sandbox's key", super::SANDBOX_PUBLIC_KEY).ok(),
        callback_key: signing_key("the sandbox's key", super::SANDBOX_KEY).ok(),
        calls: Calls::default(),
    };
    Arc::new(Simulator { shared: Arc::new(shared) })
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        Router::new()
            .route("/customers", get(connections::customers).post(connections::create_customer))
            .route("/connections", get(connections::list))
            .route("/connections/connect", post(connect::connect))
            .route("/connections/{id}", get(connections::show).delete(connections::remove))
            .route("/connections/{id}/reconnect", post(connect::reconnect))
            .route("/connections/{id}/background_refresh", post(connections::refresh))
            .route("/consents", get(connections::consents))
            .route("/accounts", get(rows::accounts))
            .route("/transactions", get(rows::transactions))
            .route("/providers", get(rows::providers))
            .route("/providers/{code}", get(rows::provider))
            .fallback(async || gate::Error::not_found("RouteNotFound"))
            .layer(middleware::from_fn_with_state(self.clone(), gate::check))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/connect/{visit}", get(connect::page).post(connect::submit))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    async fn turn(&self, connection: &str, knob: Knob) -> Result<(), KnobError> {
        self.turn_knob(connection, knob).await
    }

    async fn tell_all(&self) -> store::Result<()> {
        self.tell_changes().await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}

impl Simulator {
    /// The kind of a document: the two kinds of client know nothing of each other.
    fn kind(&self, what: &str) -> String {
        format!("{}.{what}", self.shared.id)
    }

    fn count(&self, operation: String) {
        self.shared.calls.count(operation);
    }
}

/// A number of at most nine digits that the parts alone decide.
fn hashed(parts: &[&str]) -> u64 {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let seven =
        digest(&SHA256, text.as_bytes()).as_ref().iter().take(7).fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    seven % 1_000_000_000
}

/// An id of nineteen digits that the parts alone decide.
fn number(parts: &[&str]) -> String {
    let twice = [parts, &["more"]].concat();
    format!("1{:09}{:09}", hashed(parts), hashed(&twice))
}
