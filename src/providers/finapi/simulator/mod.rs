//! finAPI's simulator: speaks finAPI's wire format over the shared simulated bank, and says no where finAPI says no. It shares nothing with the
//! adapter but the wire.
//!
//! [`Simulator::api`] is Access and the Web Form's API, to be served on an address of its own; [`Simulator::pages`] is the Web Form. All state is
//! in the sandbox's documents, so that any number of processes serve the same. Time is business time throughout. The client has the automatic
//! update, which has always just run: what finAPI has is what the bank has.
//!
//! In reading order: `gate` gives tokens and knows who calls, `forms` and `pages` lead the customer, `connections` tells how a bank connection
//! stands, the files named after data answer with it, `notifications` tells what happened, `knobs` makes it happen.

mod accounts;
mod banks;
mod connections;
mod errors;
mod forms;
mod gate;
mod knobs;
mod notifications;
mod pages;
mod state;
mod transactions;
mod values;

pub use notifications::EVENTS as WEBHOOKS;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, patch, post};

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
        calls: Calls::default(),
    };
    Arc::new(Simulator { shared: Arc::new(shared) })
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        Router::new()
            .route("/api/v2/oauth/token", post(gate::create_token))
            .route("/api/v2/users", post(gate::create_user))
            .route("/api/v2/clientConfiguration", patch(notifications::configure))
            .route("/api/v2/notificationRules", post(notifications::create_rule))
            .route("/api/v2/banks", get(banks::list))
            .route("/api/v2/bankConnections", get(connections::list))
            .route("/api/v2/bankConnections/{id}", get(connections::get).delete(connections::remove))
            .route("/api/v2/accounts", get(accounts::list))
            .route("/api/v2/securities", get(accounts::securities))
            .route("/api/v2/transactions", get(transactions::list))
            .route("/api/v2/pendingTransactions", get(transactions::pending))
            .route("/api/webForms/bankConnectionImport", post(forms::import))
            .route("/api/webForms/{id}", get(forms::get))
            .route("/api/tasks/backgroundUpdate", post(forms::update))
            .route("/api/tasks/{id}", get(forms::task))
            .fallback(async || Error::unknown())
            .method_not_allowed_fallback(async || Error::unknown())
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/webForm/{id}", get(pages::open))
            .route("/visit/{id}", get(pages::show).post(pages::submit))
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
