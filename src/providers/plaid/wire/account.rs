//! Accounts, numbers and owners.

use crate::providers::verbatim::{self, KeepsVerbatim, Verbatim};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Amount, Id};

/// `/accounts/get`, `/accounts/balance/get`.
#[derive(Deserialize)]
pub struct Accounts {
    /// The accounts.
    #[serde(deserialize_with = "verbatim::list")]
    pub accounts: Vec<Account>,
}

/// An account.
#[derive(Deserialize)]
pub struct Account {
    /// Its id.
    pub account_id: Id,
    /// What it holds.
    pub balances: Balances,
    /// The last digits of its number.
    pub mask: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its name at the institution.
    pub official_name: Option<String>,
    /// Coarse type.
    #[serde(rename = "type")]
    pub account_type: Option<String>,
    /// Fine type.
    pub subtype: Option<String>,
    /// Survives a relink, at institutions with tokenised numbers.
    pub persistent_account_id: Option<String>,
    /// How far its numbers are verified; absent unless deposits do that.
    pub verification_status: Option<String>,
    /// All of it.
    #[serde(skip)]
    pub verbatim: Verbatim,
}

impl KeepsVerbatim for Account {
    fn keep(&mut self, verbatim: Verbatim) {
        self.verbatim = verbatim;
    }
}

/// What an account holds.
#[derive(Deserialize)]
pub struct Balances {
    /// What can be drawn.
    pub available: Option<Amount>,
    /// Held or owed.
    pub current: Option<Amount>,
    /// Credit limit or overdraft.
    pub limit: Option<Amount>,
    /// ISO 4217.
    pub iso_currency_code: Option<String>,
    /// Where there is no ISO code.
    pub unofficial_currency_code: Option<String>,
    /// When it was updated, at one institution only.
    pub last_updated_datetime: Option<DateTime<Utc>>,
}

/// `/auth/get`.
#[derive(Deserialize)]
pub struct Auth {
    /// The numbers by kind.
    pub numbers: Numbers,
}

/// Account numbers by kind.
#[derive(Default, Deserialize)]
pub struct Numbers {
    /// US.
    pub ach: Option<Vec<Ach>>,
    /// Canada.
    pub eft: Option<Vec<Eft>>,
    /// IBAN.
    pub international: Option<Vec<International>>,
    /// United Kingdom.
    pub bacs: Option<Vec<Bacs>>,
}

/// US numbers.
#[derive(Deserialize)]
pub struct Ach {
    /// Of which account.
    pub account_id: Id,
    /// Account number.
    pub account: String,
    /// Routing number.
    pub routing: String,
    /// Routing number for wires.
    pub wire_routing: Option<String>,
    /// Whether it is a token of the institution's.
    pub is_tokenized_account_number: Option<bool>,
}

/// Canadian numbers.
#[derive(Deserialize)]
pub struct Eft {
    /// Of which account.
    pub account_id: Id,
    /// Account number.
    pub account: String,
    /// Institution number.
    pub institution: String,
    /// Branch number.
    pub branch: String,
}

/// International numbers.
#[derive(Deserialize)]
pub struct International {
    /// Of which account.
    pub account_id: Id,
    /// IBAN.
    pub iban: String,
    /// BIC.
    pub bic: Option<String>,
}

/// British numbers.
#[derive(Deserialize)]
pub struct Bacs {
    /// Of which account.
    pub account_id: Id,
    /// Account number.
    pub account: String,
    /// Sort code.
    pub sort_code: String,
}

/// `/identity/get`.
#[derive(Deserialize)]
pub struct Identity {
    /// The accounts with their owners.
    pub accounts: Vec<OwnedAccount>,
}

/// An account with its owners.
#[derive(Deserialize)]
pub struct OwnedAccount {
    /// Its id.
    pub account_id: Id,
    /// Its owners.
    pub owners: Option<Vec<Owner>>,
}

/// An owner, or several of whom the institution does not say who is who.
#[derive(Deserialize)]
pub struct Owner {
    /// Names.
    pub names: Option<Vec<String>>,
    /// Telephone numbers.
    pub phone_numbers: Option<Vec<Contact>>,
    /// E-mail addresses.
    pub emails: Option<Vec<Contact>>,
    /// Postal addresses.
    pub addresses: Option<Vec<Address>>,
}

/// A telephone number or e-mail address.
#[derive(Deserialize)]
pub struct Contact {
    /// The number or address.
    pub data: Option<String>,
    /// Whether it is the first choice.
    pub primary: Option<bool>,
}

/// A postal address.
#[derive(Deserialize)]
pub struct Address {
    /// The address.
    pub data: Option<AddressData>,
    /// Whether it is the first choice.
    pub primary: Option<bool>,
}

/// The parts of a postal address.
#[derive(Deserialize)]
pub struct AddressData {
    /// Street and number.
    pub street: Option<String>,
    /// City.
    pub city: Option<String>,
    /// State.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// ISO 3166 alpha-2.
    pub country: Option<String>,
}
