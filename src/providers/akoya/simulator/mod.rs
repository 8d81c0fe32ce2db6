//! Akoya's simulator: speaks Akoya's wire format over the shared simulated bank, and says no where Akoya says no. It shares nothing
//! with the adapter but the wire.
//!
//! [`Simulator::api`] is all of Akoya's hosts at one address; [`Simulator::pages`] are the authorization and the institutions' pages.
//! All state is in the sandbox's documents, so that any number of processes serve the same. Time is business time throughout.
//!
//! In reading order: `pages` leads the customer from the authorization to a code, `idp` exchanges and renews, `gate` decides what
//! an id token may see, `accounts`, `contacts` and `transactions` answer with it; `manage` and `knobs` are for others than customers.

mod accounts;
mod contacts;
mod errors;
mod gate;
mod holdings;
mod idp;
mod knobs;
mod manage;
mod pages;
mod products;
mod state;
mod tokens;
mod trades;
mod transactions;

pub use manage::WEBHOOKS;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::bank::{Bank, Calls, Environment, Knob, KnobError, Outbox, Simulated};
use crate::clock::Clock;
use crate::store;
use crate::store::sandbox::Documents;

use errors::Error;

/// The longest form or body.
const MOST_BYTES: usize = 64 * 1024;

/// The simulator. Clones share everything.
#[derive(Clone)]
pub struct Simulator {
    shared: Arc<Shared>,
}

struct Shared {
    bank: Bank,
    documents: Documents,
    clock: Clock,
    outbox: Outbox,
    pages_url: String,
    client_id: String,
    client_secret: String,
    calls: Calls,
}

/// The simulator in that environment, for the sandbox.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    let Environment { bank, documents, clock, outbox, pages_url, .. } = environment;
    Arc::new(Simulator {
        shared: Arc::new(Shared {
            bank,
            documents,
            clock,
            outbox,
            pages_url: pages_url.as_str().trim_end_matches('/').to_owned(),
            client_id: super::SANDBOX_CLIENT_ID.to_owned(),
            client_secret: super::SANDBOX_CLIENT_SECRET.to_owned(),
            calls: Calls::default(),
        }),
    })
}

impl Simulator {
    /// Counts a call.
    fn count(&self, operation: &'static str) {
        self.shared.calls.count(operation);
    }
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        Router::new()
            .route("/token", post(idp::token))
            .route("/revoke", post(idp::revoke))
            .route("/oauth2/token", post(idp::service_token))
            .route("/accounts-info/{version}/{provider}", get(accounts::info))
            .route("/balances/{version}/{provider}", get(accounts::balances))
            .route("/accounts/{version}/{provider}", get(accounts::everything))
            .route("/transactions/{version}/{provider}/{account}", get(transactions::list))
            .route("/payments/{version}/{provider}/{account}/payment-networks", get(contacts::payment_networks))
            .route("/contacts/{version}/{provider}/{account}", get(contacts::contacts))
            .route("/customers/{version}/{provider}/current", get(contacts::customer))
            .route("/manage/v2/recipients/{recipient}/providers", get(manage::providers))
            .route("/notifications/v1/subscriptions", post(manage::subscribe))
            .fallback(async || Error::no_such_path())
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/auth", get(pages::authorize))
            .route("/visit/{id}", get(pages::show).post(pages::submit))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    async fn turn(&self, grant_id: &str, knob: Knob) -> Result<(), KnobError> {
        self.turn_knob(grant_id, knob).await
    }

    /// Notifications come of what somebody does; time alone brings none.
    async fn tell_all(&self) -> store::Result<()> {
        Ok(())
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}
