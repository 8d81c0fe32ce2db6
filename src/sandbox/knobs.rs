//! `POST /sandbox/connections/{connectionId}/{knob}`: changes a connection's state at its provider's simulator.

use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::Sandbox;
use super::handlers::Shared;
use crate::api::{
    App, Body, Caller, ConnectionView, IdempotencyKey, Path, ProblemDocument, SandboxCaller, connection_view,
    within_or_null,
};
use crate::bank::{Knob, KnobError};
use crate::domain::ids::ConnectionId;
use crate::domain::problem::{Code, Problem};
use crate::domain::service_provider::ServiceProvider;
use crate::link::check_has_login;
use crate::providers::{Hint, HintKind, HintSubject, LIST};
use crate::store::{Connection, JobKind, placements};
use crate::sync::{Next, Sync};

/// How often a knob waits for a run that somebody else does.
const TRIES: usize = 100;
const PAUSE: Duration = Duration::from_millis(100);

/// How a knob is turned; only `post-transactions` and `fire-webhook` take something.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct KnobBody {
    /// How many transactions, 1 to 500; default 3.
    #[serde(default, deserialize_with = "within_or_null::<_, _, 1, 500>")]
    #[schema(value_type = Option<u16>, minimum = 1, maximum = 500)]
    count: Option<usize>,
    /// The provider's own code of the webhook; default: the first of its list.
    #[serde(default)]
    code: Option<String>,
}

/// A knob as callers know it.
pub(super) struct Named {
    /// How it is called in the path.
    pub(super) name: &'static str,
    /// The member of [`KnobBody`] that it takes.
    takes: Option<&'static str>,
    /// What it does, as a sentence for people.
    pub(super) does: &'static str,
    read: fn(usize, Option<String>) -> Knob,
}

/// Every knob.
pub(super) const KNOBS: &[Named] = &[
    Named {
        name: "reset-login",
        takes: None,
        does: "The login stops working, as after a change of password: the connection waits for a repair of its `LOGIN`.",
        read: |_, _| Knob::ResetLogin,
    },
    Named {
        name: "expire-consent",
        takes: None,
        does: "The customer's consent ends now: the connection waits for a repair of `CONSENT_EXPIRED`.",
        read: |_, _| Knob::ExpireConsent,
    },
    Named {
        name: "new-accounts",
        takes: None,
        does: "A further account is opened at the institution: it comes by itself, or waits for a repair of `NEW_ACCOUNTS`, with `accountSelection` where the provider has that.",
        read: |_, _| Knob::NewAccounts,
    },
    Named {
        name: "revoke",
        takes: None,
        does: "The customer takes the permission back at the institution or the provider: some can be repaired, others only linked anew. Where the provider does not tell (`tellsRevocation` in `GET /service-providers/{p}`), it looks like a login or consent that has ended.",
        read: |_, _| Knob::Revoke,
    },
    Named {
        name: "post-transactions",
        takes: Some("count"),
        does: "So many (`count`, 1 to 500, default 3) transactions are made in the connection's accounts, and read.",
        read: |count, _| Knob::PostTransactions(count),
    },
    Named {
        name: "fire-webhook",
        takes: Some("code"),
        does: "The provider sends its own webhook of that `code` (default: the first of its list), whatever is the case.",
        read: |_, code| Knob::FireWebhook(code.unwrap_or_default().chars().take(100).collect()),
    },
];

/// Change a connection's state at the provider; answers once what came of it is stored.
#[utoipa::path(post, path = "/sandbox/connections/{connectionId}/{knob}", tag = "Sandbox", params(("connectionId" = ConnectionId, Path),
    ("knob" = String, Path, description = "reset-login, expire-consent, new-accounts, revoke, post-transactions or fire-webhook")),
    request_body = KnobBody, responses((status = 200, body = ConnectionView), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument),
        (status = 422, body = ProblemDocument)))]
pub(super) async fn turn_knob(
    State(app): State<App>,
    sandbox: Shared,
    SandboxCaller(caller): SandboxCaller,
    Path((connection, knob)): Path<(String, String)>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<KnobBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = connection.parse().map_err(|_| Problem::not_found())?;
    let effect = async {
        let knob = read_knob(&knob, read?)?;
        Ok((StatusCode::OK, turn(&app, &sandbox, &caller, id, knob).await?))
    };
    key.outward(&caller.rows, "tenant", &bytes, effect).await
}

async fn turn(
    app: &App,
    sandbox: &Sandbox,
    caller: &Caller,
    id: ConnectionId,
    knob: Knob,
) -> Result<ConnectionView, Problem> {
    let mut tx = caller.rows.begin().await?;
    let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    if connection.condition.status.is_terminal() {
        return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
    }
    let (Some(provider), Some(provider_connection_id)) =
        (connection.service_provider, connection.provider_connection_id.clone())
    else {
        return Err(Problem::new(Code::ConnectionNotLinked, connection.condition.sentence()));
    };
    let knob = match knob {
        Knob::FireWebhook(code) if code.is_empty() => Knob::FireWebhook(first_webhook(provider)),
        knob => knob,
    };
    if !matches!(knob, Knob::FireWebhook(_)) {
        check_has_login(&connection)?;
    }
    let simulator = sandbox.simulator(provider).ok_or_else(Problem::not_found)?;
    if knob == Knob::NewAccounts {
        // Where they come unasked, they may have come as soon as the knob is turned.
        let subject = HintSubject::Connection(provider_connection_id.clone());
        app.inbound.act(provider, Hint { subject, kind: HintKind::NewAccounts }).await?;
    }
    simulator.turn(&provider_connection_id, knob.clone()).await.map_err(|error| match error {
        KnobError::Refused(code) => Problem::invalid("/code", "REFUSED", format!("The simulator refused: {code}.")),
        KnobError::Store(error) => error.into(),
    })?;
    match knob {
        Knob::FireWebhook(_) => heard(app, sandbox, &connection).await?,
        _ => settle(app, &connection).await?,
    }
    let mut tx = caller.rows.begin().await?;
    connection_view(&mut tx, &app.linking, id).await
}

/// The code of the first webhook that the provider's simulator has, if it has one.
fn first_webhook(provider: ServiceProvider) -> String {
    let listed = LIST.iter().find(|listed| listed.id == provider);
    listed.and_then(|listed| listed.webhooks.first()).map(|code| (*code).to_owned()).unwrap_or_default()
}

/// Reads what is to be turned, and how far.
fn read_knob(name: &str, body: KnobBody) -> Result<Knob, Problem> {
    let known = KNOBS.iter().find(|known| known.name == name).ok_or_else(Problem::not_found)?;
    for (member, is_given) in [("count", body.count.is_some()), ("code", body.code.is_some())] {
        if is_given && known.takes != Some(member) {
            let detail = format!("{name} takes no {member}. Leave it out.");
            return Err(Problem::invalid(format!("/{member}"), "UNKNOWN_FIELD", detail));
        }
    }
    Ok((known.read)(body.count.unwrap_or(3), body.code))
}

/// Waits until the webhooks that are on their way have come in, and what they cause is done; those that go elsewhere are not ours.
async fn heard(app: &App, sandbox: &Sandbox, connection: &Connection) -> Result<(), Problem> {
    sandbox.outbox.sent().await;
    let store = &app.linking.store;
    for (kind, key) in [(JobKind::Webhook, None), (JobKind::Sync, Some(connection.id.to_string()))] {
        for _ in 0..TRIES {
            if !store.has_job_due(kind, key.as_deref(), app.linking.clock.now()).await? {
                break;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    Ok(())
}

/// Reads the connection now, so that the answer shows what came of the knob.
async fn settle(app: &App, connection: &Connection) -> Result<(), Problem> {
    let store = app.linking.store.clone();
    let rows = store.tenant(connection.tenant_id);
    let mut tx = rows.begin().await?;
    let fetched: Vec<_> = placements(&tx.products(connection.id).await?).fetched().into_iter().collect();
    tx.want_products(connection.id, &fetched).await?;
    tx.commit().await?;
    let sync = Sync { store, registry: app.linking.registry.clone(), clock: app.linking.clock.clone() };
    for _ in 0..TRIES {
        if sync.run(connection.tenant_id, connection.id).await? != Next::Busy {
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    }
    Err(Problem::new(Code::Unavailable, "The connection is busy. Try again soon.")
        .retry_after(std::time::Duration::from_secs(2)))
}
