//! Who is at the widget: the browser that holds a session's cookie. A form's hidden key proves that the form was ours.

use aws_lc_rs::hmac;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::cookie;
use super::refused::Refused;
use crate::domain::ids::{SessionId, TenantId};
use crate::domain::problem::Problem;
use crate::domain::secret::Secret;
use crate::link::Linking;

/// What a form's key is made for.
const PURPOSE: &[u8] = b"linkspan widget form";

/// A browser with a session. The session may be over.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// Whose.
    pub(super) tenant_id: TenantId,
    /// Which session.
    pub(super) session_id: SessionId,
    token: Secret,
}

impl<S> FromRequestParts<S> for Visitor
where
    S: Send + Sync,
    Linking: FromRef<S>,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let linking = Linking::from_ref(state);
        let visitor = Self::of_browser(&linking, &parts.headers).await?.ok_or_else(Refused::no_session)?;
        linking.visits.count(visitor.session_id.0)?;
        Ok(visitor)
    }
}

impl Visitor {
    /// The visitor with that connect token.
    pub(super) async fn with_token(linking: &Linking, token: Secret) -> Result<Self, Problem> {
        let (tenant_id, session_id) = linking.session_of(&token).await?;
        Ok(Self { tenant_id, session_id, token })
    }

    /// The visitor whose cookie the browser sent.
    pub(super) async fn of_browser(linking: &Linking, headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        match cookie::read(&linking.public_url, headers) {
            Some(token) => Self::with_token(linking, token).await.map(Some),
            None => Ok(None),
        }
    }

    /// What this visitor's forms carry.
    pub(super) fn form_key(&self) -> String {
        form_key(&self.token)
    }

    /// Refuses a form that is not of this visitor's pages.
    pub(super) fn check_form(&self, key: &str) -> Result<(), Refused> {
        if is_form_key(&self.token, key) { Ok(()) } else { Err(Refused::foreign_form()) }
    }
}

/// Made from the connect token, which no other site knows, so nothing needs to be stored.
fn form_key(token: &Secret) -> String {
    URL_SAFE_NO_PAD.encode(hmac::sign(&key(token), PURPOSE))
}

/// In constant time.
fn is_form_key(token: &Secret, given: &str) -> bool {
    URL_SAFE_NO_PAD.decode(given).is_ok_and(|given| hmac::verify(&key(token), PURPOSE, &given).is_ok())
}

fn key(token: &Secret) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, token.expose().as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_form_key_is_of_one_session() {
        let (mine, other) = (Secret::new("lct_mine"), Secret::new("lct_other"));
        let key = form_key(&mine);
        assert!(is_form_key(&mine, &key));
        assert!(!is_form_key(&other, &key));
        assert!(!key.contains("lct_"));
    }

    #[test]
    fn anything_else_is_no_form_key() {
        let token = Secret::new("lct_mine");
        let key = form_key(&token);
        let cut = &key[..key.len() - 1];
        for given in ["", "lct_mine", "===", cut, &format!("{key}A"), &key.to_lowercase()] {
            assert!(!is_form_key(&token, given), "{given}");
        }
    }
}
