//! What every provider's simulator offers, and what it stands on.

use std::collections::BTreeMap;

use async_trait::async_trait;
use axum::Router;
use url::Url;

use super::{Bank, Outbox};
use crate::clock::Clock;
use crate::store;
use crate::store::sandbox::Documents;

/// What a simulator stands on.
#[derive(Clone)]
pub struct Environment {
    /// The bank.
    pub bank: Bank,
    /// Where state is kept.
    pub documents: Documents,
    /// Business time.
    pub clock: Clock,
    /// Where webhooks are put.
    pub outbox: Outbox,
    /// Where [`Simulated::pages`] is to be found from outside.
    pub pages_url: Url,
}

/// What can be done to a connection from outside of the provider's API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Knob {
    /// Its login stops working.
    ResetLogin,
    /// The customer's consent ends now.
    ExpireConsent,
    /// A further account is opened, which is not shared yet.
    NewAccounts,
    /// The customer takes the permission back.
    Revoke,
    /// So many transactions are made.
    PostTransactions(usize),
    /// A webhook with that code is sent, whatever is the case.
    FireWebhook(String),
}

/// Why a knob could not be turned.
#[derive(Debug, thiserror::Error)]
pub enum KnobError {
    /// The provider has nothing like it; holds the provider's code or a sentence.
    #[error("the simulator refused: {0}")]
    Refused(String),
    /// The state cannot be reached, or there is no such connection.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl KnobError {
    /// A code that is none of those that a simulator can send.
    pub fn unknown_webhook(known: &[&str]) -> Self {
        Self::Refused(match known {
            [] => "the provider sends no webhook of a connection".to_owned(),
            known => format!("name one of {}", known.join(", ")),
        })
    }
}

/// A provider's simulator.
#[async_trait]
pub trait Simulated: Send + Sync {
    /// The provider's API, to be served on an address of its own.
    fn api(&self) -> Router;

    /// The customer's pages, to be served at [`Environment::pages_url`].
    fn pages(&self) -> Router;

    /// The page at which the customer begins, by the `launch` that a front end gets: what is not a redirect (a script, a form)
    /// opens a page of the simulator's too, and the last page hands over what the front end would get (see [`super::pages`]).
    fn page(&self, launch: &serde_json::Value) -> Option<String> {
        launch["url"].as_str().filter(|_| launch["kind"] == "REDIRECT").map(str::to_owned)
    }

    /// Turns a knob of a connection, by the provider's own id.
    async fn turn(&self, provider_connection_id: &str, knob: Knob) -> Result<(), KnobError>;

    /// Sends the webhooks about what only time has brought; to be called now and then, and after the clock was moved.
    async fn tell_all(&self) -> store::Result<()>;

    /// How often each operation was called in this process.
    fn calls(&self) -> BTreeMap<String, u64>;
}
