//! An answer that names whose it is must be the one that was asked for: another one's rows are stored nowhere, and what it lacks is not gone.

use axum::http::Uri;
use axum::{Json, Router};
use linkspan::domain::service_provider::ServiceProvider::{
    self, FinApi, Finicity, Mx, SaltEdge, SaltEdgePartners, Yodlee,
};
use linkspan::providers::data::{AccountsWanted, TransactionsRequest};
use linkspan::providers::link::Linked;
use serde_json::{Value, json};

use super::{Foreign, Rig};

/// What that provider answers at that path for a connection of that id, of whose accounts one is known, in rows that are of `whose`.
fn answer(provider: ServiceProvider, path: &str, (id, account): (&str, &str), whose: &str) -> Value {
    let number = |text: &str| json!(text.parse::<i64>().unwrap());
    match provider {
        Mx => json!({
            "member": { "guid": id, "connection_status": "CONNECTED", "successfully_aggregated_at": "2026-11-01T00:00:00Z" },
            "accounts": [{ "guid": "ACT-1", "member_guid": whose, "type": "CHECKING" }],
            "transactions": [{ "guid": "TRN-1", "member_guid": whose, "account_guid": "ACT-1" }],
            "pagination": { "total_entries": 1, "total_pages": 1 },
        }),
        FinApi => json!({
            "access_token": "t", "expires_in": 3600, "id": number(id), "updateStatus": "READY", "accountIds": [1],
            "interfaces": [{ "userActionRequired": false }], "bank": { "id": 1 },
            "accounts": [{ "id": 1, "bankConnectionId": number(whose), "accountType": "Checking" }],
            "transactions": [], "pendingTransactions": [], "paging": { "pageCount": 1, "totalCount": 0 },
        }),
        Yodlee => json!({
            "token": { "accessToken": "t", "expiresIn": 1800 },
            "account": [{ "CONTAINER": "bank", "id": number(account), "providerAccountId": number(whose) }],
        }),
        Finicity => json!({
            "token": "t",
            "accounts": [{
                "id": "1", "customerId": whose, "status": "active", "institutionId": "1", "institutionLoginId": "1",
                "aggregationStatusCode": 0, "name": "Everyday", "number": "1", "type": "checking", "currency": "USD",
            }],
        }),
        _ if path.ends_with("/consents") => json!({ "data": [], "meta": {} }),
        _ if path.ends_with("/accounts") => json!({ "data": [{ "id": "1", "connection_id": whose }], "meta": {} }),
        _ if path.ends_with("/transactions") => {
            let row =
                json!({ "id": "1", "account_id": "1", "connection_id": whose, "made_on": "2026-11-01", "amount": -1 });
            json!({ "data": [row], "meta": {} })
        }
        _ => {
            json!({ "data": { "id": id, "status": "active", "last_attempt": { "success_at": "2026-11-01T00:00:00Z" } } })
        }
    }
}

async fn answering(rig: &Rig, provider: ServiceProvider, linked: &Linked, whose: &str) -> Foreign {
    // Yodlee's credential lists them, by which another login is told from the linked one.
    let kept: Value = serde_json::from_str(linked.credential.expose()).unwrap_or_default();
    let account = kept["accounts"][0].as_str().unwrap_or("1").to_owned();
    let (id, whose) = (linked.provider_connection_id.clone(), whose.to_owned());
    let answer = async move |uri: Uri| Json(answer(provider, uri.path(), (&id, &account), &whose));
    rig.before(Router::new().fallback(answer)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_another_connection_are_no_answer() {
    for (provider, other) in
        [(SaltEdge, "7"), (SaltEdgePartners, "7"), (Mx, "MBR-7"), (FinApi, "7"), (Yodlee, "7"), (Finicity, "7")]
    {
        let rig = Rig::one(provider).await;
        let linked = rig.linked(rig.everything(), json!({})).await;
        // Finicity names the customer, who stands before the login.
        let own = match provider {
            Finicity => linked.credential.expose().split('/').next().unwrap(),
            _ => linked.provider_connection_id.as_str(),
        };
        for (whose, is_taken) in [(own, true), (other, false)] {
            let foreign = answering(&rig, provider, &linked, whose).await;
            let cx = foreign.patient();
            let accounts = rig.provider().accounts(&cx, &linked.credential, AccountsWanted::default()).await;
            assert_eq!(accounts.as_ref().map(Vec::len).ok(), is_taken.then_some(1), "{provider}: {accounts:?}");
            if ![SaltEdge, SaltEdgePartners, Mx].contains(&provider) {
                continue;
            }
            let request = TransactionsRequest { history_days: 90, run_cursor: None, ..TransactionsRequest::default() };
            let rows = rig.provider().transactions(&cx, &linked.credential, &request).await;
            assert_eq!(rows.is_ok(), is_taken, "{provider}: {rows:?}");
            let unreadable = |code: &str| assert_eq!(code, "UNREADABLE_ANSWER", "{provider}");
            accounts.err().iter().chain(&rows.err()).for_each(|failure| unreadable(&failure.code));
        }
    }
}
