//! Who calls: an API key with its role, or a connect token with its one session. Each extractor also counts the request.

use std::ops::Deref;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{Method, header};

use super::App;
use crate::domain::ids::{SessionId, TenantId};
use crate::domain::problem::{Code, Problem};
use crate::domain::secret::Secret;
use crate::store::{self, Role, TenantStore};

/// A tenant's back end.
#[derive(Clone, Debug)]
pub struct Caller {
    caller: store::Caller,
    /// The tenant's rows.
    pub rows: TenantStore,
}

impl Deref for Caller {
    type Target = store::Caller;
    fn deref(&self) -> &Self::Target {
        &self.caller
    }
}

impl Caller {
    /// For the audit log.
    pub fn actor(&self) -> String {
        format!("api_key:{}", self.api_key_id)
    }
}

fn bearer(parts: &Parts) -> Option<&str> {
    let text = parts.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && (8..=256).contains(&token.len())).then_some(token.trim())
}

fn unauthorized() -> Problem {
    Problem::new(Code::Unauthorized, "Send your API key: Authorization: Bearer lsk_…")
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    /// Reading needs any role, everything else the role `write` or more.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(unauthorized)?;
        let caller = app.store().caller(token, app.clock().now()).await?;
        // A database that once served a sandbox still knows its key.
        let caller = caller.filter(|caller| !caller.sandbox || app.has_sandbox);
        let caller =
            caller.ok_or_else(|| Problem::new(Code::Unauthorized, "This API key is not known, or no longer valid."))?;
        app.api_keys.count(caller.api_key_id.0)?;
        let reads = matches!(parts.method, Method::GET | Method::HEAD);
        if !reads && caller.role < Role::Write {
            return Err(Problem::new(Code::Forbidden, "This key may only read. Use one with the role write or admin."));
        }
        Ok(Self { caller, rows: app.store().tenant(caller.tenant_id) })
    }
}

/// The sandbox tenant's back end; anybody else's key finds nothing here.
pub struct SandboxCaller(pub Caller);

impl FromRequestParts<App> for SandboxCaller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if !caller.sandbox {
            return Err(Problem::new(Code::Forbidden, "Only the sandbox tenant's key opens /sandbox."));
        }
        Ok(Self(caller))
    }
}

/// A front end, with the connect token of one session. The session may be over; what can still be asked then, each handler says.
#[derive(Clone, Copy, Debug)]
pub struct Visitor {
    /// Whose.
    pub tenant_id: TenantId,
    /// Which session.
    pub session_id: SessionId,
}

impl FromRequestParts<App> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let token = bearer(parts).ok_or_else(|| {
            Problem::new(Code::Unauthorized, "Send the session's connect token: Authorization: Bearer lct_…")
        })?;
        let (tenant_id, session_id) = app.linking.admit(&Secret::new(token)).await?;
        Ok(Self { tenant_id, session_id })
    }
}
