//! Yodlee's JSON as serde types, as far as it is read or sent. The description requires next to no field of an answer, so that `{}` passes it:
//! what we rely on is required here. All lists of values are open, and dates are read by `map`, so that an odd one loses no answer.

pub mod account;
pub mod holding;
pub mod institution;
pub mod provider_account;
pub mod transaction;
pub mod webhook;

use std::fmt;

use serde::{Deserialize, Deserializer};

use crate::domain::secret::Secret;

pub use crate::providers::amount::Amount;

/// An id of Yodlee's: a positive integer of at most 63 bits; kept as its digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(i64);

impl Id {
    /// An id by its digits, as we wrote them; `None` where they are none.
    pub fn read(digits: &str) -> Option<Self> {
        digits.parse().ok().filter(|id| *id > 0).map(Self)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let id = i64::deserialize(deserializer)?;
        if id > 0 { Ok(Self(id)) } else { Err(serde::de::Error::custom("not an id")) }
    }
}

/// `Money`: an amount in a currency.
#[derive(Clone, Debug, Deserialize)]
pub struct Money {
    /// How much.
    pub amount: Option<Amount>,
    /// ISO 4217, or an older code of the description's list.
    pub currency: Option<String>,
}

/// `YodleeError`: an answer of any status but 2xx.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct YodleeError {
    /// The code to act on, `Y` and three digits.
    pub error_code: Option<String>,
    /// For developers.
    pub error_message: Option<String>,
    /// For support.
    pub reference_code: Option<String>,
}

/// `POST /auth/token`.
#[derive(Deserialize)]
pub struct TokenAnswer {
    /// The token.
    pub token: Token,
}

/// An access token of a user or of the administrator.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Token {
    /// The bearer token.
    pub access_token: Secret,
    /// Its life from now on, in seconds.
    pub expires_in: u32,
}
