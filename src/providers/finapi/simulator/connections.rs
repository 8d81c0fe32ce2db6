//! Bank connections: how they stand, and their end.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Simulator;
use super::banks::bank;
use super::errors::{Error, Result};
use super::gate::{Caller, Imported};
use super::state::{CONNECTION, Connection, Standing, USER, User};
use super::values::{time, without_nulls};
use crate::domain::account::Owner;

/// `GET /api/v2/bankConnections`
pub async fn list(caller: Caller) -> Result<Json<Value>> {
    let all: Vec<Value> = caller.connections().await?.iter().map(connection).collect();
    Ok(Json(json!({ "connections": all })))
}

/// `GET /api/v2/bankConnections/{id}`
pub async fn get(caller: Caller, Path(id): Path<String>) -> Result<Json<Value>> {
    Ok(Json(connection(&caller.connection(&id).await?)))
}

/// `DELETE /api/v2/bankConnections/{id}`
pub async fn remove(caller: Caller, Path(id): Path<String>) -> Result<StatusCode> {
    let one = caller.connection(&id).await?;
    if one.connection.is_busy(&one.books) {
        return Err(Error::locked());
    }
    let (id, documents) = (one.connection.id, &caller.simulator.shared.documents);
    documents.delete(CONNECTION, &id.to_string()).await?;
    let forget = |user: &mut User| Ok::<_, ()>(user.connections.remove(&id));
    let _ = documents.update(USER, caller.user()?, forget).await?;
    Ok(StatusCode::OK)
}

impl Simulator {
    /// Changes a bank connection.
    pub(super) async fn change(
        &self,
        id: i64,
        change: impl FnOnce(&mut Connection) + Send,
    ) -> crate::store::Result<Connection> {
        let change = |connection: &mut Connection| {
            change(connection);
            Ok::<_, std::convert::Infallible>(connection.clone())
        };
        let done = self.shared.documents.update(CONNECTION, &id.to_string(), change).await?;
        done.map(|Ok(connection)| connection).ok_or(crate::store::Error::NotFound)
    }
}

/// A bank connection as it is sent.
fn connection(one: &Imported) -> Value {
    let (connection, books, now) = (&one.connection, &one.books, one.books.now().at);
    let standing = connection.standing(books);
    let name = connection.interface();
    let (result, message, kind) = match standing {
        Standing::Good => ("OK", None, None),
        // Consent, or the strong authentication where there is none, only runs out.
        Standing::NeedsUser if connection.has_no_consent(now) => ("OK", None, None),
        Standing::NeedsUser => ("BANK_SERVER_REJECTION", Some("Bitte melden Sie sich erneut an."), Some("BUSINESS")),
        Standing::Down => ("INTERNAL_SERVER_ERROR", Some("The bank cannot be reached."), Some("TECHNICAL")),
    };
    let auto =
        without_nulls(json!({ "result": result, "errorMessage": message, "errorType": kind, "timestamp": time(now) }));
    let has_none = connection.has_no_consent(now) || connection.is_for_one_time();
    let consent = without_nulls(json!({
        "status": if has_none { "NOT_PRESENT" } else { "PRESENT" }, "supportsImportNewAccounts": connection.takes_new_accounts(),
        "expiresAt": connection.consent_until.map(time),
    }));
    let accounts: Vec<i64> = connection.accounts.iter().map(|key| connection.account_id(key)).collect();
    let busy = connection.is_busy(books);
    let first = books.accounts().into_iter().find(|account| connection.accounts.contains(&account.key));
    let owners = first.filter(|_| name == "WEB_SCRAPER").map(|account| account.owners);
    without_nulls(json!({
        "id": connection.id, "updateStatus": if busy { "IN_PROGRESS" } else { "READY" },
        "categorizationStatus": if busy { "PENDING" } else { "READY" }, "accountIds": accounts,
        "bank": bank(books.institution()), "owners": owners.map(|owners| owners.iter().map(owner).collect::<Vec<_>>()),
        "interfaces": [without_nulls(json!({
            "bankingInterface": name, "loginCredentials": [], "twoStepProcedures": [],
            "aisConsent": (name == "XS2A").then_some(consent), "lastAutoUpdate": auto,
            "lastManualUpdate": { "result": "OK", "timestamp": time(connection.seen.at) },
            "userActionRequired": standing == Standing::NeedsUser, "maxDaysForDownload": connection.days,
        }))],
    }))
}

fn owner(owner: &Owner) -> Value {
    let name = owner.names.first().map(String::as_str).unwrap_or_default();
    let (first, last) = name.split_once(' ').unwrap_or(("", name));
    let address = owner.addresses.first();
    let of =
        |field: fn(&crate::domain::account::Address) -> &Option<String>| address.and_then(|one| field(one).clone());
    without_nulls(json!({
        "firstName": first, "lastName": last, "email": owner.emails.first(), "street": of(|one| &one.street),
        "city": of(|one| &one.city), "postCode": of(|one| &one.postal_code), "country": of(|one| &one.country),
    }))
}
