//! The HTTP API: typed requests and answers, each handler with its OpenAPI description. The list of all paths is in `router`.

mod accounts;
mod alone;
mod arrival;
mod assets;
mod auth;
mod client;
mod connect;
mod connections;
mod conventions;
mod document;
mod events;
mod idempotency;
mod income;
mod institutions;
mod investments;
mod json;
mod matrix_page;
mod operating;
mod page;
mod params;
mod plan;
mod problem;
mod products;
mod psu;
mod provider_webhooks;
mod providers;
mod refreshes;
mod repair;
mod router;
mod serve;
mod signal;
mod start;
mod statements;
mod transactions;
mod views;

use std::sync::Arc;

use axum::extract::FromRef;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Limits;
use crate::link::Linking;
use crate::on_demand::OnDemand;
use crate::providers::Registry;
use crate::rates::Rate;
use crate::store::Store;
use crate::webhooks::Inbound;

pub use auth::{Caller, SandboxCaller};
pub use client::ClientAddress;
pub use connect::CompleteAnswer;
pub use idempotency::IdempotencyKey;
pub use json::{Body, Json, within, within_or_null};
pub use params::Path;
pub use problem::ProblemDocument;
pub use router::{document_json, router};
pub use serve::serve;
pub use views::{ConnectionView, connection_view};

/// What every handler can reach.
#[derive(Clone)]
pub struct App {
    /// Sessions; holds the store, the providers and the clock too.
    pub linking: Linking,
    /// Products that are read when a caller asks for them.
    pub on_demand: OnDemand,
    /// The providers' webhooks.
    pub inbound: Inbound,
    /// Requests per API key.
    pub api_keys: Arc<Rate>,
    /// Renders the metrics.
    pub metrics: Option<PrometheusHandle>,
    /// Bounds for clients.
    pub limits: Limits,
    /// Cancelled when the server is told to stop: what never ends by itself ends then.
    pub stop: CancellationToken,
    /// Whether the sandbox's tenant exists: its key opens, and `/readyz` waits for the first institutions.
    pub has_sandbox: bool,
}

impl App {
    fn store(&self) -> &Store {
        &self.linking.store
    }

    fn registry(&self) -> &Registry {
        &self.linking.registry
    }

    fn clock(&self) -> &Clock {
        &self.linking.clock
    }
}

/// The widget is mounted beside the API and needs no more of it.
impl FromRef<App> for Linking {
    fn from_ref(app: &App) -> Self {
        app.linking.clone()
    }
}
