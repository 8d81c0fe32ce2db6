//! What is kept of a connection.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::akoya::error::Asked;
use crate::providers::akoya::map::products::granted;
use crate::providers::akoya::wire::token::{Claims, Tokens};
use crate::providers::{Failure, FailureKind, Persistence};

/// So long an id token cannot have ended of itself.
const FRESH: TimeDelta = TimeDelta::seconds(60);
/// So long before its end an id token is renewed: a run of readings takes its time.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// A consent's tokens, and where they are good.
#[derive(Clone)]
pub struct Credential {
    /// The institution's id.
    pub provider_id: String,
    /// The bearer.
    pub id_token: Secret,
    /// Good for one use; institutions that give none end with the id token.
    pub refresh_token: Option<Secret>,
    /// When these tokens came.
    pub since: DateTime<Utc>,
    /// Whether they came for a refresh token, and not by the customer.
    pub renewed: bool,
    /// What the id token claims.
    pub claims: Claims,
}

/// How it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    provider_id: String,
    id_token: String,
    refresh_token: Option<String>,
    since: DateTime<Utc>,
    #[serde(default)]
    renewed: bool,
}

impl Credential {
    /// Out of the identity provider's answer.
    pub fn new(provider_id: &str, tokens: Tokens, since: DateTime<Utc>) -> Result<Self, Failure> {
        let claims = Claims::of(&tokens.id_token).ok_or_else(|| Failure::unreadable("the claims of the id token"))?;
        let Tokens { id_token, refresh_token } = tokens;
        Ok(Self { provider_id: provider_id.to_owned(), id_token, refresh_token, since, renewed: false, claims })
    }

    /// Reads it back.
    pub fn read(secret: &Secret) -> Result<Self, Failure> {
        let written: Written = serde_json::from_str(secret.expose()).map_err(|_| unknown())?;
        let tokens =
            Tokens { id_token: Secret::new(written.id_token), refresh_token: written.refresh_token.map(Secret::new) };
        let read = Self::new(&written.provider_id, tokens, written.since).map_err(|_| unknown())?;
        Ok(Self { renewed: written.renewed, ..read })
    }

    /// Writes it.
    pub fn write(&self) -> Secret {
        let written = Written {
            provider_id: self.provider_id.clone(),
            id_token: self.id_token.expose().to_owned(),
            refresh_token: self.refresh_token.as_ref().map(|token| token.expose().to_owned()),
            since: self.since,
            renewed: self.renewed,
        };
        Secret::new(serde_json::to_string(&written).unwrap_or_default())
    }

    /// Whether the id token is to be renewed: it says itself when it ends, and is not trusted to live that long.
    pub fn renewal_due(&self, now: DateTime<Utc>, minutes: u32) -> bool {
        let trusted = self.since.checked_add_signed(TimeDelta::minutes(i64::from(minutes)));
        // Without a time that makes sense it is renewed at once.
        let ends = self.claims.expires_at().into_iter().chain(trusted).min().unwrap_or(now);
        let due = ends.checked_sub_signed(MARGIN).is_none_or(|due| due <= now);
        self.refresh_token.is_some() && due
    }

    /// What is asked for with it. An id token that the customer brought may have ended meanwhile, with their consent: renewing tells.
    pub fn asked(&self, now: DateTime<Utc>) -> Asked {
        if self.renewed && now - self.since <= FRESH { Asked::Fresh } else { Asked::Aged }
    }

    /// Refuses without a call what the customer has not granted (A8).
    pub fn check_granted(&self, product: Product) -> Result<(), Failure> {
        if granted(self.claims.products.as_deref()).contains(&product) {
            return Ok(());
        }
        let text = "the customer's consent does not cover it";
        let mut failure = Failure::new(FailureKind::Consent, Persistence::NeedsUser, "NOT_GRANTED", text);
        failure.product_reason = Some(crate::domain::product::ProductReason::ConsentMissing);
        Err(failure)
    }
}

fn unknown() -> Failure {
    Failure::new(
        FailureKind::NotFound,
        Persistence::Permanent,
        "CREDENTIAL",
        "the connection's credential is none of this provider's",
    )
}

#[cfg(test)]
pub mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use serde_json::{Value, json};

    use super::*;

    /// A credential with those claims.
    pub fn credential(claims: Value, since: DateTime<Utc>) -> Credential {
        let id_token = format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let tokens = Tokens { id_token: Secret::new(id_token), refresh_token: Some(Secret::new("r")) };
        Credential::new("mikomo", tokens, since).unwrap()
    }

    fn now() -> DateTime<Utc> {
        "2026-11-21T12:00:00Z".parse().unwrap()
    }

    #[test]
    fn it_survives_being_written() {
        let before = credential(json!({"sub": "s", "grant_id": "g", "exp": now().timestamp() + 86_400}), now());
        let after = Credential::read(&before.write()).unwrap();
        assert_eq!((after.provider_id.as_str(), after.claims.connection_id()), ("mikomo", "g"));
        assert_eq!((&after.claims, after.since), (&before.claims, before.since));
        assert_eq!(after.refresh_token.unwrap().expose(), "r");
        for odd in ["", "{}", "null", "[1]", r#"{"provider_id":"a","id_token":"x.y.z","since":"2026-11-21T12:00:00Z"}"#]
        {
            assert!(Credential::read(&Secret::new(odd)).is_err(), "{odd}");
        }
    }

    #[test]
    fn an_id_token_is_renewed_before_it_can_have_ended() {
        let day = credential(json!({"sub": "s", "exp": now().timestamp() + 86_400}), now());
        let after = |seconds| now() + TimeDelta::seconds(seconds);
        assert!(!day.renewal_due(after(13 * 60), 15));
        assert!(day.renewal_due(after(14 * 60), 15));
        let short = credential(json!({"sub": "s", "exp": now().timestamp() + 300}), now());
        assert!(!short.renewal_due(after(200), 15) && short.renewal_due(after(240), 15));
        let bare = Credential { refresh_token: None, ..day };
        assert!(!bare.renewal_due(after(90_000), 15));
    }

    #[test]
    fn only_a_fresh_token_that_is_refused_is_the_customers_matter() {
        let token = credential(json!({"sub": "s", "exp": 0}), now());
        // One that the customer brought may have ended with their consent, however young it is: renewing tells.
        assert_eq!(token.asked(now() + TimeDelta::seconds(30)), Asked::Aged);
        let renewed = Credential::read(&Credential { renewed: true, ..token }.write()).unwrap();
        assert_eq!(renewed.asked(now() + TimeDelta::seconds(30)), Asked::Fresh);
        assert_eq!(renewed.asked(now() + TimeDelta::seconds(90)), Asked::Aged);
    }

    #[test]
    fn a8_what_was_not_granted_is_refused_without_a_call() {
        let token = credential(json!({"sub": "s", "exp": 0, "products": ["balances"]}), now());
        assert!(token.check_granted(Product::Balances).is_ok());
        let failure = token.check_granted(Product::InvestmentHoldings).unwrap_err();
        assert_eq!((failure.kind, failure.condition), (FailureKind::Consent, None));
    }
}
