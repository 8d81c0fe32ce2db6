//! `Idempotency-Key`: the same key and body get the first answer again. A local effect commits in one transaction with its answer.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::App;
use super::problem::ProblemDocument;
use crate::crypto;
use crate::domain::problem::{Code, Problem};
use crate::store::{Claim, TenantStore, TenantTx};

/// The longest key, in bytes.
pub(super) const LONGEST_KEY: usize = 255;

/// How long a request that calls a provider holds its key without a sign of life.
const LEASE: Duration = Duration::from_secs(15);

/// A request's key, if it has one, with where it applies.
#[derive(Clone, Debug)]
pub struct IdempotencyKey {
    key: Option<String>,
    route: String,
    now: DateTime<Utc>,
}

impl FromRequestParts<App> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let mut given = parts.headers.get_all("idempotency-key").iter();
        let key = match given.next() {
            None => None,
            Some(value) => {
                let text = value
                    .to_str()
                    .ok()
                    .filter(|text| (1..=LONGEST_KEY).contains(&text.len()) && given.next().is_none());
                let wrong = || {
                    Problem::invalid(
                        "Idempotency-Key",
                        "INVALID_VALUE",
                        "Idempotency-Key must be one visible ASCII text of 1 to 255 bytes.",
                    )
                };
                Some(text.ok_or_else(wrong)?.to_owned())
            }
        };
        Ok(Self { key, route: format!("{} {}", parts.method, parts.uri.path()), now: app.clock().now() })
    }
}

/// A key within its scope (a tenant's key or one session), for one body.
struct Once {
    key_hash: Vec<u8>,
    body_hash: Vec<u8>,
    now: DateTime<Utc>,
}

impl IdempotencyKey {
    fn once(&self, scope: &str, body: &[u8]) -> Option<Once> {
        let key = self.key.as_ref()?;
        let key_hash = crypto::hash(format!("{scope}\n{}\n{key}", self.route).as_bytes());
        Some(Once { key_hash, body_hash: crypto::hash(body), now: self.now })
    }

    /// Runs an effect that touches only the database; its answer, a refusal too, commits with it.
    pub async fn local<T: Serialize>(
        self,
        rows: &TenantStore,
        body: &[u8],
        status: StatusCode,
        effect: impl AsyncFnOnce(&mut TenantTx) -> Result<T, Problem>,
    ) -> Result<Response, Problem> {
        let mut tx = rows.begin().await?;
        let Some(once) = self.once("tenant", body) else {
            let value = effect(&mut tx).await?;
            tx.commit().await?;
            return Ok(answer(status, &encode(&value)));
        };
        if let Some(earlier) = once.claim(&mut tx, Duration::ZERO).await? {
            return Ok(earlier);
        }
        tx.mark_effect().await?;
        match effect(&mut tx).await {
            Ok(value) => {
                let body = encode(&value);
                once.keep(&mut tx, status, &body).await?;
                tx.commit().await?;
                Ok(answer(status, &body))
            }
            Err(problem) if may_pass(&problem) => Err(problem),
            Err(problem) => {
                // The claim stays, so that no duplicate comes between the refusal and its record.
                tx.undo_effect().await?;
                once.refuse(tx, problem).await
            }
        }
    }

    /// Runs an effect that calls a provider: the key is taken first, so that a duplicate meanwhile is told to wait. The effect
    /// itself can be run again after a crash, when the lease has lapsed.
    pub async fn outward<T: Serialize>(
        self,
        rows: &TenantStore,
        scope: &str,
        body: &[u8],
        effect: impl Future<Output = Result<(StatusCode, T), Problem>>,
    ) -> Result<Response, Problem> {
        let Some(once) = self.once(scope, body) else {
            let (status, value) = effect.await?;
            return Ok(answer(status, &encode(&value)));
        };
        let mut tx = rows.begin().await?;
        if let Some(earlier) = once.claim(&mut tx, LEASE).await? {
            return Ok(earlier);
        }
        tx.commit().await?;
        let outcome = tokio::select! {
            outcome = effect => outcome,
            never = rows.keep_key(&once.key_hash, LEASE) => match never {},
        };
        let mut tx = rows.begin().await?;
        match outcome {
            Ok((status, value)) => {
                let body = encode(&value);
                once.keep(&mut tx, status, &body).await?;
                tx.commit().await?;
                Ok(answer(status, &body))
            }
            Err(problem) if may_pass(&problem) => {
                tx.release_key(&once.key_hash).await?;
                tx.commit().await?;
                Err(problem)
            }
            Err(problem) => once.refuse(tx, problem).await,
        }
    }
}

impl Once {
    /// Takes the key, or hands out what it was answered before.
    async fn claim(&self, tx: &mut TenantTx, lease: Duration) -> Result<Option<Response>, Problem> {
        earlier(tx.claim_key(&self.key_hash, &self.body_hash, lease, self.now).await?)
    }

    async fn keep(&self, tx: &mut TenantTx, status: StatusCode, body: &[u8]) -> Result<(), Problem> {
        Ok(tx.answer_key(&self.key_hash, &self.body_hash, status.as_u16(), body, self.now).await?)
    }

    /// A refusal is an answer too, and the same to whoever asks again.
    async fn refuse(&self, mut tx: TenantTx, problem: Problem) -> Result<Response, Problem> {
        let body = encode(&ProblemDocument::from(problem.clone()));
        let status = StatusCode::from_u16(problem.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.keep(&mut tx, status, &body).await?;
        tx.commit().await?;
        Err(problem)
    }
}

/// Whether the answer may be another one next time: 5xx and 429 are not kept.
fn may_pass(problem: &Problem) -> bool {
    let status = problem.code.status();
    status >= 500 || status == 429
}

fn earlier(claim: Claim) -> Result<Option<Response>, Problem> {
    match claim {
        Claim::Ours => Ok(None),
        Claim::Answered(status, body) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let mut response = answer(status, &body);
            response.headers_mut().insert("idempotent-replayed", axum::http::HeaderValue::from_static("true"));
            Ok(Some(response))
        }
        Claim::Mismatch => Err(Problem::new(
            Code::IdempotencyMismatch,
            "This Idempotency-Key was used with another body. Use a new key for a new request.",
        )),
        Claim::InFlight(left) => Err(Problem::new(
            Code::IdempotencyInFlight,
            "The first request with this Idempotency-Key still runs. Ask again as Retry-After says.",
        )
        .retry_after(left.min(Duration::from_secs(5)))),
    }
}

fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn answer(status: StatusCode, body: &[u8]) -> Response {
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    let kind = if status.is_client_error() { "application/problem+json" } else { "application/json" };
    (status, [(header::CONTENT_TYPE, kind)], body.to_vec()).into_response()
}
