//! `/payments/…/payment-networks`, `/contacts` and `/customers/…/current`.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Text;

/// By which networks money reaches an account.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentNetworks {
    /// Each with its numbers.
    pub payment_networks: Vec<PaymentNetwork>,
}

/// The numbers of a network.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct PaymentNetwork {
    /// The bank's number there; a routing number.
    pub bank_id: Text,
    /// The account's number there, or a token for it.
    pub identifier: Text,
    /// `ACCOUNT_NUMBER` for the real one.
    pub identifier_type: Text,
    /// `US_ACH`, `US_RTP`, …
    #[serde(rename = "type")]
    pub network: Text,
}

/// Whose an account is.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Contacts {
    /// The people.
    pub holders: Option<Vec<Person>>,
    /// Where the account's mail goes.
    pub emails: Option<Vec<Text>>,
    /// Where its letters go.
    pub addresses: Option<Vec<Address>>,
    /// Where its calls go.
    pub telephones: Option<Vec<Telephone>>,
}

/// Who logged in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct CurrentCustomer {
    /// The person.
    pub customer: Option<Person>,
}

/// A person.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Person {
    /// The name.
    pub name: Option<Name>,
    /// Postal addresses.
    pub addresses: Option<Vec<Address>>,
    /// Telephone numbers.
    pub telephones: Option<Vec<Telephone>>,
    /// Mail addresses.
    pub email: Option<Vec<Text>>,
}

/// The parts of a name.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Name {
    /// First.
    pub first: Text,
    /// Between.
    pub middle: Text,
    /// Last.
    pub last: Text,
    /// After it.
    pub suffix: Text,
    /// Of a company, in place of the others.
    pub company: Text,
}

/// A postal address; a state in one list, a region in the other.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Address {
    /// Street and number.
    pub line1: Text,
    /// More of it.
    pub line2: Text,
    /// More of it.
    pub line3: Text,
    /// City.
    pub city: Text,
    /// State.
    pub state: Text,
    /// Region.
    pub region: Text,
    /// Postal code.
    pub postal_code: Text,
    /// ISO 3166 alpha-2.
    pub country: Text,
}

/// A telephone number: a text in one list, an object in the other.
#[derive(Debug, Default)]
pub struct Telephone(pub Option<String>);

impl<'de> Deserialize<'de> for Telephone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = value.as_str().or_else(|| value["number"].as_str());
        Ok(Self(number.map(str::to_owned)))
    }
}
