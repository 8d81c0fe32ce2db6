//! Finicity's simulator: speaks Finicity's wire format over the shared simulated bank, and says no where Finicity says no. It shares
//! nothing with the adapter but the tables of names.
//!
//! All state is in the sandbox's documents, so that any number of processes serve the same; tokens are kept as fingerprints alone.
//! What the API shows of a login is what the last aggregation saw: that is done once a day, when it is asked for, and whenever a knob
//! was turned.
//!
//! In reading order: `customers` logs the partner in and enrolls, `connect` makes a link, `pages` leads the customer through it and
//! `events` tells of it, `accounts` and `transactions` show what it brought.

mod accounts;
mod call;
mod connect;
mod consents;
mod customers;
mod details;
mod events;
mod ids;
mod institutions;
mod knobs;
mod pages;
mod state;
mod transactions;

pub use knobs::WEBHOOKS;

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

/// The longest form of a page, and the longest body of a call.
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
    partner_id: String,
    partner_secret: Secret,
    app_key: String,
    outbox: Outbox,
    calls: Calls,
}

/// The simulator in that environment, for the sandbox.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    Arc::new(Simulator {
        shared: Arc::new(Shared {
            bank: environment.bank,
            documents: environment.documents,
            clock: environment.clock,
            pages_url: environment.pages_url.as_str().trim_end_matches('/').to_owned(),
            partner_id: super::SANDBOX_PARTNER.to_owned(),
            partner_secret: Secret::new(super::SANDBOX_SECRET),
            app_key: super::SANDBOX_KEY.to_owned(),
            outbox: environment.outbox,
            calls: Calls::default(),
        }),
    })
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        let login = "/aggregation/v1/customers/{customer}/institutionLogins/{login}";
        let account = |version: u8, rest: &str| {
            format!("/aggregation/v{version}/customers/{{customer}}/accounts/{{account}}/{rest}")
        };
        Router::new()
            .route("/aggregation/v2/partners/authentication", post(customers::authenticate))
            .route("/aggregation/v2/customers/{kind}", post(customers::enroll))
            .route("/aggregation/v1/customers", get(customers::find))
            .route("/connect/v2/generate", post(connect::generate))
            .route("/connect/v2/generate/lite", post(connect::generate_lite))
            .route("/connect/v2/generate/fix", post(connect::generate_fix))
            .route("/aggregation/v1/customers/{customer}/accounts", get(accounts::of_customer))
            .route(&format!("{login}/accounts"), get(accounts::of_login).post(accounts::refresh))
            .route(login, delete(accounts::delete))
            .route(&account(1, "availableBalance/live"), get(details::live_balance))
            .route(&account(1, "details"), get(details::numbers))
            .route(&account(3, "owner"), get(details::owner))
            .route(&account(1, "transactions/historic"), post(transactions::load_history))
            .route(&account(4, "transactions"), get(transactions::list))
            .route("/data-sharing-consents", get(consents::list))
            .route("/institution/v2/institutions", get(institutions::list))
            .fallback(async || Error::new("14001"))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    fn pages(&self) -> Router {
        Router::new()
            .route("/connect/{token}", get(pages::show).post(pages::submit))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    async fn turn(&self, login_id: &str, knob: Knob) -> Result<(), KnobError> {
        knobs::turn(self, login_id, knob).await
    }

    async fn tell_all(&self) -> store::Result<()> {
        // Finicity tells nothing of a login outside of Connect.
        Ok(())
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}
