//! Bank connections → how a connection stands.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::domain::account::AccountType;
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::Product;
use crate::providers::data::Observation;
use crate::providers::finapi::error::{INSTITUTION_DOWN, LOGIN_REQUIRED, TOKEN_EXPIRED, UNKNOWN};
use crate::providers::finapi::spec::SPEC;
use crate::providers::finapi::wire::{Account, BankConnection, ConnectionInterface, UpdateResult};

use super::accounts::kind;
use super::instant;

/// What a bank connection with those accounts says.
pub fn observation(connection: &BankConnection, accounts: &[Account], now: DateTime<Utc>) -> Observation {
    let (condition, code) = condition(connection, now);
    let consents = connection.interfaces.iter().filter_map(|one| one.ais_consent.as_ref());
    Observation {
        condition,
        code: code.map(str::to_owned),
        provider_connection_id: connection.id.to_string(),
        provider_institution_id: Some(connection.bank.id.to_string()),
        initialized: there(connection, accounts),
        // A consent covers what is downloaded as a whole.
        consented: SPEC.products.iter().copied().collect(),
        consent_expires_at: consents.filter_map(|consent| instant(consent.expires_at.as_deref())).min(),
        updating: Some(is_updating(connection)),
    }
}

/// What was downloaded.
fn there(connection: &BankConnection, accounts: &[Account]) -> BTreeSet<Product> {
    let has = |wanted: fn(AccountType) -> bool| accounts.iter().any(|one| wanted(kind(one.account_type.as_deref()).0));
    let found = [
        (Product::Balances, true),
        (Product::Identifiers, accounts.iter().any(|account| account.iban.is_some())),
        (Product::Owners, connection.owners.as_ref().is_some_and(|owners| !owners.is_empty())),
        (
            Product::Transactions,
            has(|one| matches!(one, AccountType::Depository | AccountType::Credit | AccountType::Loan)),
        ),
        (Product::InvestmentHoldings, has(|one| one == AccountType::Investment)),
    ];
    found.into_iter().filter(|(_, is_there)| *is_there).map(|(product, _)| product).collect()
}

/// Whether an update is under way.
pub fn is_updating(connection: &BankConnection) -> bool {
    connection.update_status == "IN_PROGRESS"
}

/// How it stands, and the code that says so: of its interfaces, the one that fares worst.
pub fn condition(connection: &BankConnection, now: DateTime<Utc>) -> (Condition, Option<&'static str>) {
    let rank = |(condition, _): &(Condition, Option<&str>)| match condition.status {
        Status::ReconnectRequired => 3,
        Status::Undetermined => 2,
        Status::Degraded => 1,
        _ => 0,
    };
    let interfaces = connection.interfaces.iter().map(|interface| of_interface(interface, now));
    interfaces.max_by_key(rank).unwrap_or((UNKNOWN, Some("NO_INTERFACE")))
}

fn of_interface(interface: &ConnectionInterface, now: DateTime<Utc>) -> (Condition, Option<&'static str>) {
    let consent = interface.ais_consent.as_ref();
    let has_ended =
        consent.is_some_and(|one| instant(one.expires_at.as_deref()).is_some_and(|expires_at| expires_at <= now));
    let is_missing = consent.is_some_and(|one| one.status.as_deref() == Some("NOT_PRESENT"));
    let last = last(interface);
    match last.and_then(|last| last.result.as_deref()) {
        _ if has_ended => (TOKEN_EXPIRED, Some("CONSENT_EXPIRED")),
        _ if interface.user_action_required && is_missing => (TOKEN_EXPIRED, Some("CONSENT_NOT_PRESENT")),
        // The bank has rejected nothing: the strong authentication has run out, which an update with the customer renews.
        None | Some("OK") if interface.user_action_required => (TOKEN_EXPIRED, Some("USER_ACTION_REQUIRED")),
        _ if interface.user_action_required => (LOGIN_REQUIRED, Some("USER_ACTION_REQUIRED")),
        // A consent for one time is used up: finAPI has to ask for another at each update.
        None | Some("OK") if is_missing => {
            (Condition::new(Status::Degraded, StatusReason::InteractiveRefresh), Some("CONSENT_NOT_PRESENT"))
        }
        None | Some("OK") => (Condition::HEALTHY, None),
        Some("BANK_SERVER_REJECTION") if last.is_some_and(|last| last.error_type.as_deref() != Some("TECHNICAL")) => {
            (LOGIN_REQUIRED, Some("BANK_SERVER_REJECTION"))
        }
        Some("BANK_SERVER_REJECTION") => (INSTITUTION_DOWN, Some("BANK_SERVER_REJECTION")),
        Some("INTERNAL_SERVER_ERROR") => (INSTITUTION_DOWN, Some("INTERNAL_SERVER_ERROR")),
        Some(_) => (UNKNOWN, Some("UNKNOWN_RESULT")),
    }
}

/// The latest update of either kind.
fn last(interface: &ConnectionInterface) -> Option<&UpdateResult> {
    let updates = [&interface.last_auto_update, &interface.last_manual_update];
    updates.into_iter().flatten().max_by_key(|update| instant(update.timestamp.as_deref()))
}
