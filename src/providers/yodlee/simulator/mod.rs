//! Yodlee's simulator: speaks Yodlee's wire format over the shared simulated bank, and says no where Yodlee says no. It shares nothing with the
//! adapter but the wire.
//!
//! [`Simulator::api`] is the API, to be served on an address of its own; [`Simulator::pages`] is FastLink. All state is in the sandbox's
//! documents, so that any number of processes serve the same. Time is business time throughout.
//!
//! In reading order: `gate` gives tokens and knows who calls, `fastlink` leads the customer, `logins` tells how a provider account stands, the
//! files named after data answer with it, `notifications` tells what happened, `knobs` makes it happen.

mod accounts;
mod balances;
mod errors;
mod fastlink;
mod gate;
mod holdings;
mod knobs;
mod logins;
mod notifications;
mod providers;
mod state;
mod transactions;
mod values;

pub use knobs::WEBHOOKS;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post, put};

use crate::bank::{Bank, Calls, Environment, Knob, KnobError, Outbox, Simulated};
use crate::clock::Clock;
use crate::store;
use crate::store::sandbox::Documents;

use errors::Error;

/// The longest body of a form or call.
const MOST_BYTES: usize = 256 * 1024;

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
    secret: String,
    admin: String,
    calls: Calls,
}

/// The simulator in that environment, for the sandbox.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    let Environment { bank, documents, clock, outbox, pages_url } = environment;
    let shared = Shared {
        bank,
        documents,
        clock,
        outbox,
        pages_url: pages_url.as_str().trim_end_matches('/').to_owned(),
        client_id: super::SANDBOX_CLIENT_ID.to_owned(),
        secret: super::SANDBOX_SECRET.to_owned(),
        admin: super::SANDBOX_ADMIN.to_owned(),
        calls: Calls::default(),
    };
    Arc::new(Simulator { shared: Arc::new(shared) })
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        Router::new()
            .route("/auth/token", post(gate::create_token).delete(gate::delete_token))
            .route("/providerAccounts", get(logins::list))
            .route("/providerAccounts/refresh", put(logins::refresh))
            .route("/providerAccounts/{id}", get(logins::get).delete(logins::remove))
            .route("/consents", get(logins::consents))
            .route("/accounts", get(accounts::list))
            .route("/accounts/latestBalances", get(balances::latest))
            .route("/statements", get(balances::statements))
            .route("/transactions", get(transactions::list))
            .route("/transactions/count", get(transactions::count))
            .route("/holdings", get(holdings::list))
            .route("/providers", get(providers::list))
            .route("/providers/count", get(providers::count))
            .route("/configs/notifications/events", get(notifications::list))
            .route(
                "/configs/notifications/events/{event}",
                post(notifications::subscribe).put(notifications::change).delete(notifications::unsubscribe),
            )
            .route("/user/unregister", delete(logins::unregister))
            .fallback(async || Error::not_found())
            .method_not_allowed_fallback(async || Error::not_found())
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/", post(fastlink::open))
            .route("/launch/{launch}", get(fastlink::open_launch))
            .route("/visit/{visit}", get(fastlink::show).post(fastlink::submit))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn page(&self, launch: &serde_json::Value) -> Option<String> {
        self.launch_page(launch)
    }

    async fn turn(&self, provider_account_id: &str, knob: Knob) -> Result<(), KnobError> {
        self.turn_knob(provider_account_id, knob).await
    }

    async fn tell_all(&self) -> store::Result<()> {
        self.tell_changes().await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}
