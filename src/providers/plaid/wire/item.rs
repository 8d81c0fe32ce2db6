//! Items: a login at an institution.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Id, PlaidError};

/// `/item/get`.
#[derive(Deserialize)]
pub struct ItemState {
    /// The Item.
    pub item: Item,
}

/// An Item.
#[derive(Deserialize)]
pub struct Item {
    /// Its id.
    pub item_id: Id,
    /// Where it is; absent for Items without an institution.
    pub institution_id: Option<Id>,
    /// What is wrong with it.
    pub error: Option<PlaidError>,
    /// Products that it could have and that were not used yet.
    pub available_products: Option<Vec<String>>,
    /// Products that were billed for it.
    pub billed_products: Option<Vec<String>>,
    /// Products that were added to it.
    pub products: Option<Vec<String>>,
    /// Products that the customer consented to; absent without Data Transparency Messaging.
    pub consented_products: Option<Vec<String>>,
    /// Kinds of data that the customer consented to; absent likewise.
    pub consented_data_scopes: Option<Vec<String>>,
    /// When consent ends.
    pub consent_expiration_time: Option<DateTime<Utc>>,
    /// `background` or `user_present_required`.
    pub update_type: Option<String>,
}
