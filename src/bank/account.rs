//! Accounts as the institution keeps them.

use chrono::{DateTime, Utc};

use crate::domain::account::{AccountSubtype, AccountType, Identifiers, Owner};

/// An account. What it holds is asked for with [`Books::balances`](super::Books::balances).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankAccount {
    /// Opaque, the same for every simulator and for life.
    pub key: String,
    /// What the customer calls it.
    pub name: String,
    /// What the institution calls it.
    pub official_name: String,
    /// The last four digits of its number.
    pub mask: String,
    /// Coarse type.
    pub account_type: AccountType,
    /// Fine type.
    pub subtype: AccountSubtype,
    /// ISO 4217.
    pub currency: &'static str,
    /// Full numbers; empty for cards, loans and investments.
    pub identifiers: Identifiers,
    /// The people behind it, one or two.
    pub owners: Vec<Owner>,
    /// When it was opened, if that was after the first look at the user.
    pub opened_at: Option<DateTime<Utc>>,
    /// When it was closed.
    pub closed_at: Option<DateTime<Utc>>,
}
