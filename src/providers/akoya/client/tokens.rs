//! The identity provider: codes and refresh tokens for tokens, and their end.

use crate::domain::secret::Secret;
use crate::net::{Call, header};
use crate::providers::Failure;
use crate::providers::akoya::error::Asked;
use crate::providers::akoya::wire::token::Tokens;

use super::credential::Credential;
use super::{Api, basic};

const TOKEN: &str = "/token";
const REVOKE: &str = "/revoke";

/// Exchanges a code. It is good for one use, so that nothing is repeated.
pub async fn exchange(
    api: &Api<'_>,
    provider_id: &str,
    code: &Secret,
    redirect_uri: &str,
) -> Result<Credential, Failure> {
    let fields = [("grant_type", "authorization_code"), ("code", code.expose()), ("redirect_uri", redirect_uri)];
    let call = Call::post_form(TOKEN, TOKEN, fields).header(header::AUTHORIZATION, basic(api.config())?);
    let reply = api.send(api.idp(), call).await?;
    let tokens: Tokens = api.read(Asked::Exchange, TOKEN, &reply, &[code])?;
    Credential::new(provider_id, tokens, api.now())
}

/// Exchanges the refresh token, which ends by that: it is sent once, and what comes of it is stored before it is used.
pub async fn renew(api: &Api<'_>, credential: &Credential) -> Result<Credential, Failure> {
    let Some(refresh_token) = &credential.refresh_token else {
        return Err(Failure::unsupported("renewing without a refresh token"));
    };
    let fields = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh_token.expose()),
        ("client_id", &api.config().client_id),
        ("client_secret", api.config().client_secret.expose()),
    ];
    let reply = api.send(api.idp(), Call::post_form(TOKEN, TOKEN, fields)).await?;
    let mut tokens: Tokens = api.read(Asked::Renewal, TOKEN, &reply, &[refresh_token])?;
    // One that does not rotate goes on.
    tokens.refresh_token = tokens.refresh_token.or_else(|| Some(refresh_token.clone()));
    let credential = Credential::new(&credential.provider_id, tokens, api.now())?;
    Ok(Credential { renewed: true, ..credential })
}

/// Ends the consent. A refresh token that is known no more is revoked already; without one nothing can be.
pub async fn revoke(api: &Api<'_>, credential: &Credential) -> Result<(), Failure> {
    let Some(refresh_token) = &credential.refresh_token else { return Ok(()) };
    let fields = [
        ("token", refresh_token.expose()),
        ("token_type_hint", "refresh_token"),
        ("client_id", &api.config().client_id),
        ("client_secret", api.config().client_secret.expose()),
    ];
    let reply = api.send(api.idp(), Call::post_form(REVOKE, REVOKE, fields).repeatable()).await?;
    if reply.status.is_success() {
        // What is before Akoya may answer with a page in its place.
        return if reply.is_empty_or_json() { Ok(()) } else { Err(Failure::unreadable(REVOKE)) };
    }
    let failure = api.refusal(Asked::Renewal, &reply, &[refresh_token]);
    if failure.persistence == crate::providers::Persistence::NeedsUser { Ok(()) } else { Err(failure) }
}
