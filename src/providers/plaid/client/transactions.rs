//! Transactions, page by page.

use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::providers::data::{TransactionsPage, TransactionsRequest};
use crate::providers::plaid::map;
use crate::providers::plaid::spec::SPEC;
use crate::providers::plaid::wire::transaction::SyncPage;
use crate::providers::{Failure, FailureKind, Persistence};

use super::{Api, Operation};

const SYNC: Operation = Operation::repeatable("/transactions/sync");
/// The largest page that Plaid gives.
const PAGE: u16 = 500;

/// One page. Where Plaid will not go on from the cursor (data changed while it was read, or the cursor is not one of the Item's),
/// the failure is [`FailureKind::Restart`].
pub async fn page(
    api: &Api<'_>,
    credential: &Secret,
    request: &TransactionsRequest,
) -> Result<TransactionsPage, Failure> {
    let answer = api.post::<SyncPage>(SYNC, &body(credential, request)).await;
    let page = map::transactions::page(answer.map_err(|failure| refused_cursor(failure, request))?)?;
    if page.has_more && page.next_cursor.is_empty() {
        // The next page would be the first one again, for ever.
        return Err(Failure::unreadable("next_cursor of /transactions/sync is empty"));
    }
    Ok(page)
}

/// Of what we send only the cursor differs from call to call: where Plaid takes the request for invalid, that is what it means.
fn refused_cursor(mut failure: Failure, request: &TransactionsRequest) -> Failure {
    if failure.kind == FailureKind::Invalid && cursor(request).is_some() {
        (failure.kind, failure.persistence) = (FailureKind::Restart, Persistence::Temporary);
    }
    failure
}

/// Where the page begins. Plaid's cursor is empty while nothing is ready: that is the beginning.
fn cursor(request: &TransactionsRequest) -> Option<&str> {
    let cursor = request.page_cursor.as_deref().or(request.run_cursor.as_deref());
    cursor.filter(|cursor| !cursor.is_empty())
}

/// The request. How far back counts only when the call itself adds the product; Plaid passes it over elsewhere.
pub fn body(credential: &Secret, request: &TransactionsRequest) -> Value {
    let mut body = json!({
        "access_token": credential.expose(),
        "count": PAGE,
        // What the institution wrote, instead of Plaid's wording of it.
        "options": { "include_original_description": true },
    });
    match cursor(request) {
        Some(cursor) => body["cursor"] = cursor.into(),
        None => body["options"]["days_requested"] = request.history_days.clamp(1, SPEC.history_days).into(),
    }
    body
}
