//! What goes into a link or repair session at a provider, and what comes out.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::placement::Placements;
use crate::domain::product::Product;
use crate::domain::secret::Secret;

use super::data::Psu;

/// Asks for a session.
#[derive(Clone, Debug)]
pub struct LinkRequest {
    /// Our session's id: idempotency and support.
    pub session_id: String,
    /// Our customer's id; never anything that the customer or the tenant chose.
    pub customer_ref: String,
    /// First link, or work on what is linked already.
    pub purpose: LinkPurpose,
    /// The provider's id of the institution that the customer has chosen.
    pub institution: Option<String>,
    /// What that institution has, where one was chosen and is known.
    pub institution_products: Vec<Product>,
    /// ISO 3166 alpha-2, at least one.
    pub country_codes: Vec<String>,
    /// ISO 639-1.
    pub language: String,
    /// Where the provider sends the customer back to, with our state in its query.
    pub return_url: String,
    /// The installation's one OAuth redirect address, without a query (D7); only where https or loopback.
    pub oauth_redirect_url: Option<String>,
    /// Where the provider sends its webhooks, where it can reach us.
    pub webhook_url: Option<String>,
    /// How far back, in days (B15).
    pub history_days: u16,
    /// Account subtypes by type, as asked for at start or repair (B13); keys are our type's lower-case names, values our subtypes.
    pub account_filters: Option<BTreeMap<String, Vec<String>>>,
    /// What a product cannot start without (B14).
    pub product_options: serde_json::Map<String, serde_json::Value>,
    /// Every required product must be there for every account (B12, `accountMatch: ALL`).
    pub match_all_accounts: bool,
    /// `IDENTIFIERS` by deposits that the customer enters a day later (B7, B16).
    pub same_day_microdeposits: bool,
    /// How long the provider's session should live, in seconds.
    pub lifetime_seconds: u32,
    /// The end user who is at it, where the request says who that is; never stored (E3).
    pub psu: Option<Psu>,
}

/// What the session is for.
#[derive(Clone, Debug)]
pub enum LinkPurpose {
    /// A first link, with the products by placement (B1, B4, B12).
    Connect(Placements),
    /// Repair of an existing link (D1): log in again, and what else is asked for.
    Repair {
        /// The connection's credential.
        credential: Secret,
        /// Let the customer change the shared accounts (D5).
        account_selection: bool,
        /// Have the provider keep the customer's login (E6).
        store_login: bool,
        /// Let accounts in that were not there at the first import, though the consent has to be given anew for it (E5).
        new_accounts: bool,
        /// What the connection fetches now: what the customer has agreed to stays agreed to.
        fetched: Vec<Product>,
        /// Ask for consent to these (D6).
        consent: Vec<Product>,
        /// Products whose permission was revoked or never given at an OAuth institution (D6).
        permissions: Vec<Product>,
    },
}

/// A session was opened.
#[derive(Clone, Debug)]
pub struct LinkBegun {
    /// How the customer gets there.
    pub launch: Launch,
    /// What `continue_link` needs to ask for it again; sealed at rest.
    pub provider_session: Secret,
    /// What the provider gave for this session and for no other: its token, page or id, without anything of ours. `None` where the
    /// provider is asked for nothing, or may rightly give the same again. Met in another session, it is an answer that was repeated.
    pub issued: Option<Secret>,
    /// When the provider's session ends.
    pub expires_at: DateTime<Utc>,
    /// The provider's request id, for support.
    pub request_id: Option<String>,
}

/// How a front end gets the customer to the provider; the contract's `launch`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Launch {
    /// Send the browser there.
    Redirect {
        /// The address.
        url: String,
        /// The provider's own token, where a front end may use its SDK instead.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        token: Option<String>,
    },
    /// Run a script of the provider.
    #[serde(rename_all = "camelCase")]
    Script {
        /// The script's address.
        script_url: String,
        /// The token that it takes.
        token: String,
        /// What else it takes.
        config: serde_json::Map<String, serde_json::Value>,
    },
    /// Post a form.
    FormPost {
        /// Where to.
        url: String,
        /// Its fields.
        fields: BTreeMap<String, String>,
    },
}

/// What a page of ours needs so that a [`Launch::Script`] runs in it.
#[derive(Debug, PartialEq, Eq)]
pub struct LaunchScript {
    /// Runs after the provider's script: takes the token from the form with `data-launch-token`, and sends that form with what the
    /// provider's script gave, as JSON, in its field `result`.
    pub source: &'static str,
    /// Where scripts come from, as in `Content-Security-Policy`; empty where `source` needs no other than itself.
    pub script_src: &'static str,
    /// What is framed.
    pub frame_src: &'static str,
    /// What is called.
    pub connect_src: &'static str,
}

/// Asks how a session stands.
#[derive(Clone, Debug)]
pub struct LinkContinuation {
    /// What `begin_link` returned.
    pub provider_session: Secret,
    /// The credential, in a repair.
    pub credential: Option<Secret>,
    /// What was asked for in the session; nothing in a repair.
    pub products: Vec<Product>,
    /// What a product could not start without (B14).
    pub product_options: serde_json::Map<String, serde_json::Value>,
    /// What the front end or the redirect brought.
    pub input: LinkInput,
}

impl LinkContinuation {
    /// Of a repair with that credential, or of a first link whose products needed no options.
    pub fn of(provider_session: Secret, credential: Option<Secret>, input: LinkInput) -> Self {
        let (products, product_options) = Default::default();
        Self { provider_session, credential, products, product_options, input }
    }
}

/// What the front end or the redirect brought.
#[derive(Clone, Debug)]
pub enum LinkInput {
    /// Nothing: ask the provider.
    Nothing,
    /// A public token.
    PublicToken(Secret),
    /// What the provider's script gave the page.
    Result(serde_json::Value),
    /// The query of the redirect.
    Callback(BTreeMap<String, String>),
}

impl LinkInput {
    /// Whether something was brought.
    pub fn brings(&self) -> bool {
        !matches!(self, Self::Nothing)
    }
}

/// How a session stands.
#[derive(Clone, Debug)]
pub enum LinkProgress {
    /// The customer is still at it, or the provider has not confirmed.
    Pending,
    /// The attempt is over without a result; the session may be tried again.
    Ended(AttemptEnd),
    /// A first link succeeded.
    Linked(Linked),
    /// A repair succeeded.
    Repaired {
        /// What takes the credential's place, where the repair brought a new one.
        credential: Option<Secret>,
        /// The provider's id of the session, for support.
        provider_session_id: Option<String>,
    },
}

/// Why an attempt ended without a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptEnd {
    /// One of ours, or the provider's own.
    pub code: String,
    /// The provider's id of the session, for support.
    pub provider_session_id: Option<String>,
}

impl AttemptEnd {
    /// The customer simply left.
    pub const CANCELLED: &str = "CANCELLED";
    /// The customer shared no account that could be used (B16).
    pub const NO_ACCOUNTS: &str = "NO_ACCOUNTS";
    /// In a repair, the customer came with another login than the connection's (D9).
    pub const DIFFERENT_LOGIN: &str = "DIFFERENT_LOGIN";
    /// The provider's session ran out.
    pub const SESSION_EXPIRED: &str = "SESSION_EXPIRED";
    /// The customer has linked, but what the provider handed over for it never arrived and cannot be had again.
    pub const LINK_LOST: &str = "LINK_LOST";

    /// With that code.
    pub fn of(code: impl Into<String>) -> Self {
        Self { code: code.into(), provider_session_id: None }
    }

    /// In that session of the provider.
    pub fn in_session(self, id: Option<String>) -> Self {
        Self { provider_session_id: id, ..self }
    }

    /// Whether the code is one of ours, which say the same at each provider.
    pub fn is_own(&self) -> bool {
        [Self::CANCELLED, Self::NO_ACCOUNTS, Self::DIFFERENT_LOGIN, Self::SESSION_EXPIRED, Self::LINK_LOST]
            .contains(&self.code.as_str())
    }

    /// Whether the customer simply left.
    pub fn is_cancelled(&self) -> bool {
        self.code == Self::CANCELLED
    }
}

/// The result of a first link.
#[derive(Clone, Debug)]
pub struct Linked {
    /// What every later call needs; sealed at rest.
    pub credential: Secret,
    /// The provider's id of the connection; webhooks name it.
    pub provider_connection_id: String,
    /// The provider's id of the session, for support.
    pub provider_session_id: Option<String>,
    /// What was asked for in the session and did not come, where a provider without consent by product shows that at its end.
    pub withheld: BTreeSet<Product>,
}
