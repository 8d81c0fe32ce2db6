//! Tokens, customers, Connect and its events.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Id;
use crate::domain::secret::Secret;

/// `AccessToken`.
#[derive(Debug, Deserialize)]
pub struct AccessToken {
    /// What every other call needs, for two hours.
    pub token: Secret,
}

/// `CreatedCustomer` and `Customer`.
#[derive(Clone, Debug, Deserialize)]
pub struct Customer {
    /// Finicity's id.
    pub id: Id,
    /// The name that we gave.
    pub username: String,
}

/// `Customers`.
#[derive(Clone, Debug, Deserialize)]
pub struct Customers {
    /// Those that were found.
    pub customers: Vec<Customer>,
}

/// `ConnectUrl`.
#[derive(Debug, Deserialize)]
pub struct ConnectUrl {
    /// Where the customer goes; it is signed, and whoever has it can link.
    pub link: Secret,
}

/// An event of Connect, which the official description leaves out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    /// What happened; an open list.
    pub event_type: String,
    /// What we gave along.
    #[serde(borrow)]
    pub webhook_data: Option<&'a RawValue>,
    /// What it is about, by the kind of event.
    #[serde(borrow)]
    pub payload: Option<&'a RawValue>,
}

/// Our own `webhookData`.
#[derive(Debug, Deserialize)]
pub struct EventData {
    /// The session, as `begin_link` returned it.
    pub session: Secret,
}

/// The payload of an event about accounts.
#[derive(Debug, Deserialize)]
pub struct EventAccounts {
    /// The accounts.
    pub accounts: Vec<EventAccount>,
}

/// An account in an event.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventAccount {
    /// The login: our connection.
    pub institution_login_id: Id,
}
