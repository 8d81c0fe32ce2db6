//! Plaid's simulator: speaks Plaid's wire format over the shared simulated bank, and says no where Plaid says no. It shares nothing with the
//! adapter but the wire.
//!
//! [`Simulator::api`] is Plaid's API, to be served on an address of its own; [`Simulator::pages`] are the hosted Link pages for the customer, to be
//! served at [`crate::bank::Environment::pages_url`]; the knobs are in `knobs.rs`. All state is in the sandbox's documents, so that any number of processes
//! serve the same; tokens are kept as fingerprints alone. Time is business time throughout.
//!
//! In reading order: `link` creates a link token, `pages` and `session` lead the customer through it, `items` exchanges the result, `gate` decides
//! what an access token may see, and the files named after products answer with it.

mod accounts;
mod assets;
mod call;
mod cursor;
mod errors;
mod fields;
mod gate;
mod grant;
mod ids;
mod income;
mod institutions;
mod investments;
mod items;
mod knobs;
mod liabilities;
mod link;
mod news;
mod pages;
mod payments;
mod pdf;
mod product;
mod questions;
mod sandbox;
mod session;
mod signal;
mod signing;
mod state;
mod statements;
mod transactions;
mod updates;
mod verifications;
mod walk;
mod webhooks;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::bank::{Bank, Environment, Knob, KnobError, Outbox, Simulated};
use crate::clock::Clock;
use crate::store;
use crate::store::sandbox::Documents;

pub use call::Calls;
pub use knobs::WEBHOOKS;

use errors::{Error, Result};
use signing::Signer;

/// The longest form of a page.
const MOST_FORM_BYTES: usize = 64 * 1024;
/// The longest body of a call.
const MOST_CALL_BYTES: usize = 1024 * 1024;

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
    secret: String,
    outbox: Outbox,
    signer: Signer,
    calls: Calls,
}

impl Simulator {
    /// Plaid's API.
    pub fn api(&self) -> Router {
        Router::new()
            .route("/link/token/create", post(link::create))
            .route("/link/token/get", post(link::get))
            .route("/item/public_token/exchange", post(items::exchange))
            .route("/item/get", post(items::get))
            .route("/item/remove", post(items::remove))
            .route("/item/webhook/update", post(items::update_webhook))
            .route("/item/access_token/invalidate", post(items::invalidate_access_token))
            .route("/processor/token/create", post(items::create_processor_token))
            .route("/processor/stripe/bank_account_token/create", post(items::create_stripe_token))
            .route("/accounts/get", post(accounts::get))
            .route("/accounts/balance/get", post(accounts::get_balances))
            .route("/auth/get", post(accounts::get_numbers))
            .route("/identity/get", post(accounts::get_owners))
            .route("/transactions/sync", post(transactions::sync))
            .route("/transactions/refresh", post(transactions::refresh))
            .route("/investments/holdings/get", post(investments::get_holdings))
            .route("/investments/transactions/get", post(investments::get_transactions))
            .route("/investments/refresh", post(investments::refresh))
            .route("/liabilities/get", post(liabilities::get))
            .route("/asset_report/create", post(assets::create))
            .route("/asset_report/get", post(assets::get))
            .route("/asset_report/pdf/get", post(assets::get_pdf))
            .route("/asset_report/remove", post(assets::remove))
            .route("/statements/list", post(statements::list))
            .route("/statements/download", post(statements::download))
            .route("/statements/refresh", post(statements::refresh))
            .route("/signal/prepare", post(signal::prepare))
            .route("/signal/evaluate", post(signal::evaluate))
            .route("/signal/decision/report", post(signal::report_decision))
            .route("/signal/return/report", post(signal::report_return))
            .route("/user/create", post(income::create_user))
            .route("/credit/bank_income/get", post(income::get))
            .route("/payment_initiation/payment/get", post(payments::get))
            .route("/identity_verification/get", post(verifications::get))
            .route("/identity_verification/list", post(verifications::list))
            .route("/institutions/get", post(institutions::list))
            .route("/institutions/get_by_id", post(institutions::get))
            .route("/institutions/search", post(institutions::search))
            .route("/webhook_verification_key/get", post(webhooks::get_key))
            .route("/sandbox/public_token/create", post(sandbox::create_public_token))
            .route("/sandbox/processor_token/create", post(sandbox::create_processor_token))
            .route("/sandbox/item/reset_login", post(sandbox::reset_login))
            .route("/sandbox/item/fire_webhook", post(sandbox::fire_webhook))
            .route("/sandbox/item/set_verification_status", post(sandbox::set_verification_status))
            .route("/sandbox/transactions/create", post(sandbox::create_transactions))
            .fallback(async || Error::new("NOT_FOUND"))
            .method_not_allowed_fallback(async || Error::new("NOT_FOUND"))
            .layer(DefaultBodyLimit::max(MOST_CALL_BYTES))
            .with_state(self.clone())
    }

    /// The hosted pages.
    pub fn pages(&self) -> Router {
        Router::new()
            .route("/link/{link_token}", get(pages::show).post(pages::submit))
            .route("/link/{link_token}/done", get(pages::show_done))
            .layer(DefaultBodyLimit::max(MOST_FORM_BYTES))
            .with_state(self.clone())
    }

    /// How often each operation was called in this process.
    pub fn calls(&self) -> &Calls {
        &self.shared.calls
    }

    fn check_credentials(&self, given: (Option<String>, Option<String>)) -> Result<()> {
        let (Some(client_id), Some(secret)) = &given else {
            let names = [("client_id", &given.0), ("secret", &given.1)];
            let missing = names.iter().filter(|(_, value)| value.is_none()).map(|(name, _)| (*name).to_owned());
            return Err(Error::missing_fields(&missing.collect::<Vec<_>>()));
        };
        let good = *client_id == self.shared.client_id && *secret == self.shared.secret;
        if good { Ok(()) } else { Err(Error::new("INVALID_API_KEYS")) }
    }
}

/// The simulator in that environment, for the sandbox.
pub fn simulate(environment: Environment) -> Arc<dyn Simulated> {
    let Environment { bank, documents, clock, outbox, pages_url } = environment;
    let signer = Signer::new(documents.clone(), clock.clone());
    let pages_url = pages_url.as_str().trim_end_matches('/').to_owned();
    let (client_id, secret) = (super::SANDBOX_CLIENT_ID.to_owned(), super::SANDBOX_SECRET.to_owned());
    let calls = Calls::default();
    let shared = Shared { bank, documents, clock, pages_url, client_id, secret, outbox, signer, calls };
    Arc::new(Simulator { shared: Arc::new(shared) })
}

#[async_trait]
impl Simulated for Simulator {
    fn api(&self) -> Router {
        Self::api(self)
    }

    fn pages(&self) -> Router {
        Self::pages(self)
    }

    fn page(&self, launch: &serde_json::Value) -> Option<String> {
        // The page that the script would open in a frame.
        let of_script =
            launch["token"].as_str().filter(|_| launch["kind"] == "SCRIPT").map(|token| self.page_url(token));
        of_script.or_else(|| launch["url"].as_str().map(str::to_owned))
    }

    async fn turn(&self, item_id: &str, knob: Knob) -> std::result::Result<(), KnobError> {
        match knob {
            Knob::ResetLogin => self.reset_login(item_id).await?,
            Knob::ExpireConsent => self.expire_consent(item_id).await?,
            Knob::NewAccounts => self.new_accounts(item_id).await?,
            Knob::Revoke => self.revoke(item_id).await?,
            Knob::PostTransactions(count) => self.post_transactions(item_id, count).await?,
            Knob::FireWebhook(code) => self.fire_webhook(item_id, &code).await?,
        }
        Ok(())
    }

    async fn tell_all(&self) -> store::Result<()> {
        Self::tell_all(self).await
    }

    fn calls(&self) -> BTreeMap<String, u64> {
        self.shared.calls.all()
    }
}
