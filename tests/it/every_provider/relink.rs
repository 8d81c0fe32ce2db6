//! G1 and G2 at each provider: a link that is lost is linked anew under the same connection, and nothing is doubled or lost.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::{Linked, link_all, rows};
use crate::support::{TestApp, truth};

/// How a link is lost for good at a provider.
enum Loss {
    /// Something happens to its object there: what changes in the simulator's documents.
    There(&'static [&'static str]),
    /// The customer takes the permission back.
    Revoked,
    /// The same, and only the provider's answer to a repair shows that nothing else helps.
    RepairRefused,
    /// It is never lost for good: consent can always be given anew.
    Never,
}

fn loss(provider: &str) -> Loss {
    match provider {
        "PLAID" => Loss::RepairRefused,
        "FINICITY" => Loss::There(&["delete from sandbox.documents where kind = 'finicity.login'"]),
        "MX" => Loss::There(&[
            r#"update sandbox.documents set body = jsonb_set(body, '{broken}', '"CLOSED"') where kind = 'mx.member'"#,
        ]),
        "YODLEE" => Loss::Revoked,
        "SALT_EDGE" => Loss::There(&[
            "delete from sandbox.documents where kind = 'SALT_EDGE.connection'",
            "update sandbox.documents set body = jsonb_set(body, '{connections}', '[]') where kind = 'SALT_EDGE.customer'",
        ]),
        "SALT_EDGE_PARTNERS" => Loss::There(&[
            "delete from sandbox.documents where kind = 'SALT_EDGE_PARTNERS.connection'",
            "update sandbox.documents set body = jsonb_set(body, '{connections}', '[]') where kind = 'SALT_EDGE_PARTNERS.customer'",
        ]),
        "MESH" => Loss::There(&["delete from sandbox.documents where kind = 'mesh.grant'"]),
        "FINAPI" => Loss::There(&["delete from sandbox.documents where kind = 'finapi.connection'"]),
        "AKOYA" => Loss::Never,
        other => panic!("how is a link lost at {other}?"),
    }
}

/// What a connection has, by our ids.
#[derive(Debug, PartialEq)]
struct Holds(BTreeMap<&'static str, BTreeMap<String, Value>>);

async fn holds(app: &TestApp, id: &str) -> Holds {
    const LISTS: [(&str, &[&str]); 4] = [
        ("/accounts", &["name", "mask", "type", "status"]),
        ("/transactions", &["accountId", "amount", "description", "status", "transactionDate"]),
        ("/investments/transactions", &["accountId", "amount", "quantity", "description", "date"]),
        ("/investments/holdings", &["accountId", "quantity", "security"]),
    ];
    let mut holds = BTreeMap::new();
    for (path, traits) in LISTS {
        let traits = |row: &Value| traits.iter().map(|name| row[*name].clone()).collect::<Value>();
        let all = rows(app, path, id).await;
        holds.insert(path, all.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), traits(row))).collect());
    }
    Holds(holds)
}

#[track_caller]
fn assert_same(provider: &str, before: &Holds, after: &Holds) {
    for (path, rows) in &before.0 {
        let now = &after.0[path];
        let differing = |one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| -> Vec<String> {
            one.iter().filter(|(id, row)| other.get(*id) != Some(*row)).map(|(id, row)| format!("{id} {row}")).collect()
        };
        let (gone, new) = (differing(rows, now), differing(now, rows));
        assert!(
            gone.is_empty() && new.is_empty(),
            "{provider} {path}: gone or changed {gone:#?}\nnew or changed {new:#?}"
        );
    }
}

/// Follows the changes of a connection's transactions to their end: what they tell, and where the next begin.
async fn follow(
    app: &TestApp,
    id: &str,
    after: Option<String>,
) -> (BTreeMap<&'static str, Vec<Value>>, Option<String>) {
    let (mut told, mut cursor) = (BTreeMap::<_, Vec<Value>>::new(), after);
    loop {
        let from = cursor.iter().map(|cursor| format!("&after={cursor}")).collect::<String>();
        let page = app.get(&format!("/transactions/sync?connectionId={id}&limit=500{from}")).await.expect(200);
        for kind in ["added", "modified", "removed"] {
            told.entry(kind).or_default().extend(page[kind].as_array().unwrap().iter().cloned());
        }
        cursor = page["nextCursor"].as_str().map(str::to_owned);
        if page["hasMore"] == false {
            return (told, cursor);
        }
    }
}

async fn database(app: &TestApp) -> PgConnection {
    PgConnection::connect(&app.database_url).await.unwrap()
}

async fn lose(app: &TestApp, one: &Linked) {
    let path = format!("/connections/{}", one.id);
    match loss(one.provider) {
        Loss::Never => return,
        Loss::Revoked => drop(app.knob(&one.id, "revoke", json!({})).await),
        Loss::There(changes) => {
            for &change in changes {
                let changed = sqlx::query(change).execute(&mut database(app).await).await.unwrap();
                assert!(changed.rows_affected() > 0, "{change}");
            }
            app.post(&format!("{path}/refresh"), json!({})).await;
        }
        Loss::RepairRefused => {
            app.knob(&one.id, "revoke", json!({})).await;
            let repair = app.repair(&one.id, json!({})).await;
            let refused = app.play(&repair, None, json!({})).await.problem(409, "USER_ACTION_REQUIRED");
            assert_eq!(refused["repair"], format!("{path}/repair"), "{refused:#}");
        }
    }
    let lost = app.until(&path, |now| now["status"] == "UNRECOVERABLE").await;
    assert_eq!((&lost["statusReason"], &lost["actBy"]), (&json!("RELINK_NEEDED"), &json!("CUSTOMER")), "{lost:#}");
    assert!(lost["repair"]["reasons"].as_array().unwrap().contains(&json!("RELINK")), "{lost:#}");
}

/// How many ids of the provider the accounts have had, and how many accounts there are.
async fn names(app: &TestApp, id: &str) -> (i64, i64) {
    let query = "select count(distinct provider_account_id), count(distinct account_id) from account_links
        where connection_id::text = $1";
    sqlx::query_as(query).bind(id).fetch_one(&mut database(app).await).await.unwrap()
}

async fn object(app: &TestApp, id: &str) -> String {
    let query = "select provider_connection_id from connections where id::text = $1";
    sqlx::query_scalar(query).bind(id).fetch_one(&mut database(app).await).await.unwrap()
}

/// Waits until the provider has confirmed the end of that object.
async fn is_revoked(app: &TestApp, provider: &str, object: &str) {
    let query = "select confirmed_at is not null from revocations where service_provider = $1
        and provider_object_id = $2 and cause = 'RELINKED'";
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    loop {
        let confirmed = sqlx::query_scalar(query).bind(provider).bind(object);
        let confirmed: Vec<bool> = confirmed.fetch_all(&mut database(app).await).await.unwrap();
        if confirmed == [true] {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{provider}: {object} is not revoked: {confirmed:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn g1_a_lost_link_is_linked_anew_under_the_same_connection() {
    let app = TestApp::new().await;
    truth::quiet_hour(&app).await;
    let linked = link_all(&app, true).await;
    for one in linked.iter().filter(|one| !matches!(loss(one.provider), Loss::Never)) {
        is_linked_anew(&app, one).await;
    }
}

async fn is_linked_anew(app: &TestApp, one: &Linked) {
    let (provider, id) = (one.provider, &one.id);
    let (before, old) = (holds(app, id).await, object(app, id).await);
    let (_, cursor) = follow(app, id, None).await;
    lose(app, one).await;
    let repair = app.repair(id, json!({})).await;
    assert_eq!((&repair["mode"], &repair["connectionId"]), (&json!("RELINK"), &json!(id)), "{provider}");
    let played = app.play(&repair, None, json!({})).await;
    assert_eq!(played.status, 200, "{provider}: {:#}", played.body);
    let linked = played.expect(200);
    assert_eq!((&linked["id"], &linked["status"]), (&json!(id), &json!("ACTIVE")), "{provider}: {linked:#}");
    let now = app.settled(id).await;
    assert_eq!((&now["status"], &now["repair"]["reasons"]), (&json!("ACTIVE"), &json!([])), "{provider}: {now:#}");
    for state in now["productStates"].as_array().unwrap() {
        assert_eq!(state["state"], "AVAILABLE", "{provider}: {now:#}");
    }
    assert_same(provider, &before, &holds(app, id).await);
    let (told, _) = follow(app, id, cursor).await;
    assert!(told["added"].is_empty() && told["removed"].is_empty(), "{provider}: {told:#?}");
    let (repaired, new) = (app.events(id, "connection.repaired", 1).await, object(app, id).await);
    assert_eq!((repaired.len(), &repaired[0]["mode"]), (1, &json!("RELINK")), "{provider}");
    // Mesh's objects are the institution's accounts themselves.
    let (names, accounts) = names(app, id).await;
    if provider == "MESH" {
        assert_eq!((&new, names), (&old, accounts), "{provider}");
    } else {
        assert_ne!(new, old, "{provider}");
        assert_eq!(names, 2 * accounts, "{provider}: G2 is put to the test");
        is_revoked(app, provider, &old).await;
    }
}
