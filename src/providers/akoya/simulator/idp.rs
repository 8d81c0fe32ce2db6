//! The identity provider and the token service: codes and refresh tokens for tokens, and their end.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::state::{
    CODE, Code, GRANT, Grant, ID_TOKEN, ID_TOKEN_LIFE, ID_TOKEN_TAKEN, IdToken, REFRESH_TOKEN, RefreshToken,
    SERVICE_TOKEN, SERVICE_TOKEN_LIFE, ServiceToken,
};
use super::tokens::{fingerprint, id_token, random};
use crate::bank::pages::Form;

/// `POST /token`
pub async fn token(State(simulator): State<Simulator>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>> {
    simulator.count("/token");
    let form = Form::parse(&body);
    match form.first("grant_type") {
        "authorization_code" => {
            simulator.check_basic(&headers)?;
            simulator.exchange(form.first("code"), form.first("redirect_uri")).await
        }
        "refresh_token" => {
            simulator.check_form(&form)?;
            simulator.renew(form.first("refresh_token")).await
        }
        _ => Err(Error::oauth(StatusCode::BAD_REQUEST, "unsupported_grant_type", "Unknown grant type.")),
    }
}

/// `POST /revoke`
pub async fn revoke(State(simulator): State<Simulator>, body: Bytes) -> Result<StatusCode> {
    simulator.count("/revoke");
    let form = Form::parse(&body);
    simulator.check_form(&form)?;
    if form.first("token_type_hint") != "refresh_token" {
        return Err(Error::oauth(
            StatusCode::BAD_REQUEST,
            "unsupported_token_type",
            "Only refresh tokens are revoked.",
        ));
    }
    let known: Option<RefreshToken> =
        simulator.shared.documents.get(REFRESH_TOKEN, &fingerprint(form.first("token"))).await?;
    if let Some(token) = known.filter(|token| !token.claimed) {
        simulator.change_grant(&token.grant_id, |grant| grant.revoked = true).await?;
    }
    // An unknown token is revoked already (RFC 7009, 2.2).
    Ok(StatusCode::OK)
}

/// `POST /oauth2/token` of the token service: for the application itself.
pub async fn service_token(State(simulator): State<Simulator>, headers: HeaderMap, body: Bytes) -> Result<Json<Value>> {
    simulator.count("/oauth2/token");
    simulator.check_basic(&headers)?;
    let form = Form::parse(&body);
    if form.first("grant_type") != "client_credentials" || form.first("scope").is_empty() {
        return Err(Error::oauth(StatusCode::BAD_REQUEST, "invalid_scope", "A scope is needed."));
    }
    let token = random();
    let expires_at = simulator.shared.clock.now() + SERVICE_TOKEN_LIFE;
    simulator.shared.documents.put(SERVICE_TOKEN, &fingerprint(&token), &ServiceToken { expires_at }).await?;
    Ok(Json(json!({
        "access_token": token, "token_type": "bearer", "expires_in": SERVICE_TOKEN_LIFE.num_seconds(),
        "scope": form.first("scope"),
    })))
}

impl Simulator {
    fn check_basic(&self, headers: &HeaderMap) -> Result<()> {
        let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let given = given.and_then(|value| value.strip_prefix("Basic ")).and_then(|text| STANDARD.decode(text).ok());
        let own = format!("{}:{}", self.shared.client_id, self.shared.client_secret);
        if given.as_deref() == Some(own.as_bytes()) { Ok(()) } else { Err(Error::invalid_client()) }
    }

    fn check_form(&self, form: &Form) -> Result<()> {
        let good = form.first("client_id") == self.shared.client_id
            && form.first("client_secret") == self.shared.client_secret;
        if good { Ok(()) } else { Err(Error::invalid_client()) }
    }

    async fn exchange(&self, code: &str, redirect_uri: &str) -> Result<Json<Value>> {
        let now = self.shared.clock.now();
        let claim = |code: &mut Code| {
            if code.used || code.expires_at <= now || code.redirect_uri != redirect_uri {
                return Err(());
            }
            code.used = true;
            Ok(code.clone())
        };
        match self.shared.documents.update(CODE, &fingerprint(code), claim).await? {
            Some(Ok(code)) => self.issue(&code.grant_id, code.offline, Error::invalid_code()).await,
            _ => Err(Error::invalid_code()),
        }
    }

    /// The old token is used up, whatever becomes of the new one.
    async fn renew(&self, refresh_token: &str) -> Result<Json<Value>> {
        let claim = |token: &mut RefreshToken| {
            if token.claimed {
                return Err(());
            }
            token.claimed = true;
            Ok(token.grant_id.clone())
        };
        match self.shared.documents.update(REFRESH_TOKEN, &fingerprint(refresh_token), claim).await? {
            Some(Ok(grant_id)) => self.issue(&grant_id, true, Error::invalid_refresh_token()).await,
            _ => Err(Error::invalid_refresh_token()),
        }
    }

    async fn issue(&self, grant_id: &str, offline: bool, refused: Error) -> Result<Json<Value>> {
        let now = self.shared.clock.now();
        let grant: Option<Grant> = self.shared.documents.get(GRANT, grant_id).await?;
        let ended = |grant: &Grant| grant.revoked || grant.expires_at.is_some_and(|end| end <= now);
        let grant = grant.filter(|grant| !ended(grant)).ok_or(refused)?;
        let token = id_token(&grant, &self.shared.client_id, now);
        let stored = IdToken { grant_id: grant.id.clone(), taken_until: now + ID_TOKEN_TAKEN };
        self.shared.documents.put(ID_TOKEN, &fingerprint(&token), &stored).await?;
        let mut answer = json!({
            "id_token": token, "token_type": "bearer", "expires_in": ID_TOKEN_LIFE.num_seconds(),
            "expiry": (now + ID_TOKEN_LIFE).timestamp(),
        });
        if offline {
            let refresh_token = random();
            let stored = RefreshToken { grant_id: grant.id, claimed: false };
            self.shared.documents.put(REFRESH_TOKEN, &fingerprint(&refresh_token), &stored).await?;
            answer["refresh_token"] = json!(refresh_token);
        }
        Ok(Json(answer))
    }

    /// Changes a consent under a lock; whether there is such a one.
    pub(super) async fn change_grant(
        &self,
        grant_id: &str,
        change: impl FnOnce(&mut Grant) + Send,
    ) -> crate::store::Result<bool> {
        let change = |grant: &mut Grant| {
            change(grant);
            Ok::<_, std::convert::Infallible>(())
        };
        Ok(self.shared.documents.update(GRANT, grant_id, change).await?.is_some())
    }
}
