//! Sessions: start, choose, complete, repair, delete. The only code that calls a provider's `begin_link` and `continue_link`.
//!
//! A session is one customer's visit. Whoever brings news of it (the customer's browser, the provider's redirect or webhook,
//! our own polling) runs the same idempotent completion, one at a time under the connection's lease.

mod abandon;
mod additions;
mod brought;
mod changes;
mod complete;
mod finish;
mod launch;
mod plan;
mod refresh;
mod relink;
mod removals;
mod remove;
mod repair;
mod retire;
mod start;
mod view;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::crypto;
use crate::domain::ids::{ConnectionId, SessionId, TenantId};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::session::SessionOutcome;
use crate::providers::Registry;
use crate::rates::Rate;
use crate::store::{Connection, JobKind, NewJob, Session, Store, TenantStore, TenantTx};

pub use additions::{Addition, Additions, ProductsRequest};
pub use complete::Completion;
pub use launch::{LaunchRequest, Launched};
pub use plan::LinkPlan;
pub use refresh::WantedRefresh;
pub use repair::{REPAIR_SECONDS, RepairPlan, RepairRequest};
pub use start::{LINK_SECONDS, StartRequest};
pub use view::SessionView;

/// How long one step of a session may go without a sign of life before somebody else may take over.
const LEASE: Duration = Duration::from_secs(15);

/// A session that was opened, with the one secret that opens it.
#[derive(Clone, Debug)]
pub struct Opened {
    /// The connection.
    pub connection: Connection,
    /// What the session is for.
    pub mode: crate::domain::session::SessionMode,
    /// Opens the session; shown once.
    pub connect_token: Secret,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl Opened {
    /// Where the customer is sent: the one address with a secret in it.
    pub fn widget_url(&self, public_url: &str) -> String {
        format!("{public_url}/link/{}", self.connect_token.expose())
    }

    /// What the answer to a refresh says of it (E5, E6).
    fn to_json(&self, public_url: &str) -> serde_json::Value {
        serde_json::json!({
            "connectToken": self.connect_token.expose(), "widgetUrl": self.widget_url(public_url),
            "expiresAt": self.expires_at, "mode": self.mode,
        })
    }
}

/// Everything that linking needs.
#[derive(Clone)]
pub struct Linking {
    /// The database.
    pub store: Store,
    /// The providers.
    pub registry: Registry,
    /// Business time.
    pub clock: Clock,
    /// How browsers and providers reach this server, without a slash at the end.
    pub public_url: String,
    /// Requests per connect token: the front end's and the widget's pages together.
    pub visits: Arc<Rate>,
    /// Rule A4 in its stricter reading.
    pub original_call_rule: bool,
}

impl Linking {
    /// The session that a connect token opens. `CONNECT_TOKEN_EXPIRED` once its time is over.
    pub async fn session_of(&self, connect_token: &Secret) -> Result<(TenantId, SessionId), Problem> {
        if !connect_token.expose().starts_with(TOKEN_PREFIX) {
            return Err(Self::unknown_token());
        }
        let found = self.store.find_session(connect_token).await?.ok_or_else(Self::unknown_token)?;
        Ok((found.tenant_id, found.id))
    }

    /// The same for a visitor, whose requests are counted.
    pub async fn admit(&self, connect_token: &Secret) -> Result<(TenantId, SessionId), Problem> {
        let (tenant_id, session_id) = self.session_of(connect_token).await?;
        self.visits.count(session_id.0)?;
        Ok((tenant_id, session_id))
    }

    /// The token opens no session of whoever asks; always the same words.
    pub fn unknown_token() -> Problem {
        Problem::new(
            Code::Unauthorized,
            "This is not a connect token of an open session. Start a session by POST /connect/start.",
        )
    }

    /// The session and its connection, or why the session can no longer be used.
    async fn open_session(&self, tx: &mut TenantTx, id: SessionId) -> Result<(Session, Connection), Problem> {
        let session = tx.session(id).await?.ok_or_else(Self::unknown_token)?;
        let connection = tx.connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        self.check_open(&session)?;
        Ok((session, connection))
    }

    /// Refuses a session that is over.
    fn check_open(&self, session: &Session) -> Result<(), Problem> {
        match session.outcome {
            SessionOutcome::Open if session.expires_at > self.clock.now() => Ok(()),
            SessionOutcome::Open | SessionOutcome::Expired => Err(Problem::new(
                Code::ConnectTokenExpired,
                "The session's time is over. Start a new link by POST /connect/start, or a new repair.",
            )),
            outcome => Err(Problem::new(
                Code::ConnectSessionFinished,
                format!("The session has ended ({outcome}). Open a new one to go on."),
            )),
        }
    }

    fn tenant(&self, tenant_id: TenantId) -> TenantStore {
        self.store.tenant(tenant_id)
    }

    fn random_token(prefix: &str) -> Result<Secret, Problem> {
        crypto::random_token(prefix).map_err(|error| Problem::from(crate::store::Error::from(error)))
    }
}

/// Refuses what needs a login where the link brought none (B7).
pub fn check_has_login(connection: &Connection) -> Result<(), Problem> {
    let Some(product) = connection.requested.alone() else { return Ok(()) };
    let read = match product {
        Product::PaymentInitiation => "payment",
        _ => "identity-verification",
    };
    let detail = format!(
        "{product} leaves no login that could be refreshed or repaired. GET /connections/{{id}}/{read} asks the provider each time; for another attempt start a new link."
    );
    Err(Problem::new(Code::UnsupportedByProvider, detail))
}

/// What connect tokens begin with.
pub const TOKEN_PREFIX: &str = "lct_";

/// A job of a session: payload and key.
fn session_job(kind: JobKind, tenant_id: TenantId, session_id: SessionId, run_at: DateTime<Utc>) -> NewJob {
    NewJob { kind, key: session_id.to_string(), payload: serde_json::json!({ "tenantId": tenant_id }), run_at }
}

/// A job that fetches what is due on a connection.
pub fn sync_job(tenant_id: TenantId, connection_id: ConnectionId, run_at: DateTime<Utc>) -> NewJob {
    NewJob {
        kind: JobKind::Sync,
        key: connection_id.to_string(),
        payload: serde_json::json!({ "tenantId": tenant_id }),
        run_at,
    }
}
