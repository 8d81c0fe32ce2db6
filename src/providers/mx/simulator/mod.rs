//! MX's simulator: speaks both versions of MX's wire format over the shared simulated bank, and says no where MX says no. It shares
//! nothing with the adapter but the names of the versions and how a password is written into a header.
//!
//! All state is in the sandbox's documents, so that any number of processes serve the same. Time is business time throughout. In
//! reading order: `users` makes a user, `widget` leads the customer to a member, `jobs` fetches for it, and the files named after
//! lists answer with what was fetched.

mod accounts;
mod call;
mod institutions;
mod jobs;
mod news;
mod state;
mod transactions;
mod users;
mod widget;

pub use news::WEBHOOKS;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{delete, get, post};

use crate::bank::{Bank, Calls, Environment, Knob, KnobError, Outbox, Simulated};
use crate::clock::Clock;
use crate::domain::secret::Secret;
use crate::store;
use crate::store::sandbox::Documents;

use call::Error;

/// The longest body of a call or form.
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
    pages_url: String,
    client_id: String,
    api_key: Secret,
    outbox: Outbox,
    /// Where webhooks go, and the password that they carry.
    webhooks: (String, String),
    calls: Calls,
}

/// The simulator in that environment.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    let [client_id, api_key, username, password] = super::SANDBOX;
    let mut webhooks = environment.pages_url.clone();
    webhooks.set_path(&format!("/webhooks/{}", super::spec::SPEC.id));
    let shared = Shared {
        bank: environment.bank,
        documents: environment.documents,
        clock: environment.clock,
        pages_url: environment.pages_url.as_str().trim_end_matches('/').to_owned(),
        client_id: client_id.to_owned(),
        api_key: Secret::new(api_key),
        outbox: environment.outbox,
        webhooks: (webhooks.to_string(), super::webhook::basic(username, &Secret::new(password))),
        calls: Calls::default(),
    };
    Arc::new(Simulator { shared: Arc::new(shared) })
}

impl Simulator {
    /// How often each operation was called in this process.
    fn calls(&self) -> &Calls {
        &self.shared.calls
    }
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        let of_member = Router::new()
            .route("/", get(users::get_member).put(users::update_member).delete(users::remove_member))
            .route("/status", get(users::get_status))
            .route("/accounts", get(accounts::list))
            .route("/account_numbers", get(accounts::list_numbers))
            .route("/account_owners", get(accounts::list_owners))
            .route("/transactions", get(transactions::list))
            .route("/investment_holdings", get(transactions::list_holdings))
            .route("/{job}", post(jobs::start));
        Router::new()
            .route("/users", post(users::create).get(users::list))
            .route("/users/{user}", delete(users::remove))
            .route("/users/{user}/widget_urls", post(widget::create))
            .route("/users/{user}/members", get(users::list_members))
            .nest("/users/{user}/members/{member}", of_member)
            .route("/institutions", get(institutions::list))
            .route("/institutions/{code}", get(institutions::get))
            .route("/authorization_code", post(accounts::authorize))
            .fallback(async || Error::not_found())
            .method_not_allowed_fallback(async || Error::new(405, "method not allowed"))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/connect/{token}", get(widget::show).post(widget::submit))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    async fn turn(&self, member_guid: &str, knob: Knob) -> Result<(), KnobError> {
        self.turn_knob(member_guid, knob).await
    }

    async fn tell_all(&self) -> store::Result<()> {
        self.tell_everything().await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}
