//! Plaid's JSON as serde types, as far as it is read or sent. Answers may hold more fields and more values than are known here.

pub mod account;
pub mod alone;
pub mod asset;
pub mod income;
pub mod institution;
pub mod investment;
pub mod item;
pub mod liability;
pub mod link;
pub mod signal;
pub mod statement;
pub mod transaction;
pub mod webhook;

use serde::{Deserialize, Deserializer};

use crate::domain::secret::Secret;

pub use crate::providers::amount::Amount;

/// The longest id that is taken; Plaid's have 37 characters or so.
const LONGEST_ID: usize = 255;

/// An id of Plaid's: not empty, without control characters, case sensitive. It is never cut, or two could become one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text.is_empty() || text.len() > LONGEST_ID || text.chars().any(char::is_control) {
            return Err(serde::de::Error::custom("not an id"));
        }
        Ok(Self(text))
    }
}

/// `PlaidError`: an answer of any status but 2xx, an Item's error, or why a customer left Link.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct PlaidError {
    /// Coarse kind.
    pub error_type: Option<String>,
    /// The code to act on.
    pub error_code: Option<String>,
    /// More on the code, for errors of OAuth institutions.
    pub error_code_reason: Option<String>,
    /// For developers.
    pub error_message: Option<String>,
    /// For support.
    pub request_id: Option<String>,
}

/// An answer of which nothing is needed.
#[derive(Deserialize)]
pub struct Done {}

/// `/item/public_token/exchange`.
#[derive(Deserialize)]
pub struct Exchanged {
    /// Every later call needs it.
    pub access_token: Secret,
    /// Webhooks name it.
    pub item_id: Id,
}

/// `/processor/token/create`.
#[derive(Deserialize)]
pub struct ProcessorToken {
    /// The token.
    pub processor_token: Secret,
}

/// `/processor/stripe/bank_account_token/create`.
#[derive(Deserialize)]
pub struct StripeToken {
    /// The token.
    pub stripe_bank_account_token: Secret,
}
