//! `/events`: in commit order, without gaps, never past one that commits late.

use std::time::Duration;

use futures::StreamExt;
use serde_json::{Value, json};
use sqlx::{Connection, Executor, PgConnection, Row};

use crate::support::{Key, TestApp, World};

#[tokio::test(flavor = "multi_thread")]
async fn events_come_in_order_without_gaps_and_by_filter() {
    let app = TestApp::new().await;
    let ids = [app.linked(json!({ "products": ["TRANSACTIONS"] })).await, {
        let other = json!({ "externalCustomerId": "b", "products": ["TRANSACTIONS"], "allowDuplicate": true });
        app.linked(other).await
    }];
    // What other tests hold open may delay the last ones.
    for id in &ids {
        app.all_events(id).await;
    }
    let whole = app.all("/events").await;
    for id in &ids {
        let own: Vec<_> = whole.iter().filter(|event| event["connectionId"] == id.as_str()).cloned().collect();
        let sequences: Vec<_> = own.iter().map(|event| event["sequence"].as_i64().unwrap()).collect();
        assert_eq!(sequences, (1..=own.len() as i64).collect::<Vec<_>>());
        assert_eq!(app.all(&format!("/events?connectionId={id}")).await, own);
        assert!(own.iter().any(|event| event["type"] == "connection.completed"));
    }
    // Page by page it is the same list; an empty cursor is the beginning.
    let (mut pages, mut after) = (Vec::new(), String::new());
    loop {
        let page = app.get(&format!("/events?limit=3&after={after}")).await.expect(200);
        pages.extend(page["data"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        after = cursor.to_owned();
    }
    assert_eq!(pages, whole);
    let of_types = app.all("/events?type=connection.completed&type=accounts.updated").await;
    let types = ["connection.completed", "accounts.updated"];
    let wanted: Vec<_> =
        whole.iter().filter(|event| types.iter().any(|kind| event["type"] == *kind)).cloned().collect();
    assert_eq!(of_types, wanted);
    for event in &whole[..3] {
        assert_eq!(&app.get(&format!("/events/{}", event["id"].as_str().unwrap())).await.expect(200), event);
    }
    app.get("/events?type=connection.typo").await.problem(400, "INVALID_REQUEST");
    app.get("/events?after=typo").await.problem(400, "INVALID_REQUEST");
}

/// Writes an event of a connection in a transaction that stays open.
async fn write(database: &mut PgConnection, world: &World) -> String {
    let statement = format!(
        "insert into events (id, tenant_id, transaction, type, sequence, connection_id, occurred_at, data)
         select gen_random_uuid(), tenant_id, pg_current_xact_id(), 'webhook.test', event_seq + 1, id, now(), '{{}}' from connections where id = '{}'
         returning id::text",
        world.id("connectionId")
    );
    database.execute("begin").await.unwrap();
    database.fetch_one(sqlx::AssertSqlSafe(statement)).await.unwrap().get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_commits_late_is_never_skipped() {
    let app = TestApp::new().await;
    let worlds = [World::of_start(&app, Key::Sandbox).await, World::of_start(&app, Key::Sandbox).await];
    let mut open = [
        PgConnection::connect(&app.database_url).await.unwrap(),
        PgConnection::connect(&app.database_url).await.unwrap(),
    ];
    let early = write(&mut open[0], &worlds[0]).await;
    let late = write(&mut open[1], &worlds[1]).await;
    // The second commits first; whoever read it now would have passed the first.
    open[1].execute("commit").await.unwrap();
    let tests = async || {
        let events = app.all("/events?type=webhook.test").await;
        events.iter().map(|event| event["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tests().await, Vec::<String>::new());
    open[0].execute("commit").await.unwrap();
    // Other databases of the cluster may hold readers up for a moment; never may they see the late one alone.
    let both = app.until("/events?type=webhook.test", |page| {
        let seen = page["data"].as_array().unwrap();
        assert!(seen.is_empty() || seen[0]["id"] == early.as_str());
        seen.len() == 2
    });
    both.await;
    assert_eq!(tests().await, [early.clone(), late]);
}

/// The first events of a stream: their ids, and what they say.
async fn streamed(app: &TestApp, after: Option<&str>, most: usize) -> Vec<(String, Value)> {
    let http = crate::support::client().timeout(Duration::from_secs(30)).build().unwrap();
    let request = http.get(format!("{}/events/stream", app.url)).bearer_auth(&app.key);
    let request = after.into_iter().fold(request, |request, id| request.header("last-event-id", id));
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let (mut text, mut events, mut chunks) = (String::new(), Vec::new(), response.bytes_stream());
    while events.len() < most {
        text.push_str(std::str::from_utf8(&chunks.next().await.unwrap().unwrap()).unwrap());
        while let Some((block, rest)) = text.clone().split_once("\n\n") {
            text = rest.to_owned();
            let field = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(id), Some(data)) = (field("id:"), field("data:")) {
                events.push((id.to_owned(), serde_json::from_str(data).unwrap()));
            }
        }
    }
    events.truncate(most);
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_last_event_that_was_seen() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let whole = app.all("/events").await;
    let all = streamed(&app, None, whole.len()).await;
    assert_eq!(all.iter().map(|(_, event)| event.clone()).collect::<Vec<_>>(), whole);
    let rest = streamed(&app, Some(&all[1].0), whole.len() - 2).await;
    assert_eq!(rest, all[2..]);
    // What happens meanwhile comes too.
    let last = all.last().unwrap().0.clone();
    let (news, _) = tokio::join!(streamed(&app, Some(&last), 1), async {
        app.post(&format!("/sandbox/connections/{id}/reset-login"), json!({})).await.expect(200)
    });
    assert_eq!(news[0].1["connectionId"], id.as_str());
    let unknown = [("last-event-id", "0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e")];
    app.call("GET", "/events/stream", Key::Sandbox, &unknown, None).await.problem(400, "INVALID_REQUEST");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_ends_when_the_server_is_told_to_stop() {
    let app = TestApp::new().await;
    World::of_start(&app, Key::Sandbox).await;
    let http = crate::support::client().build().unwrap();
    let response = http.get(format!("{}/events/stream", app.url)).bearer_auth(&app.key).send().await.unwrap();
    let mut chunks = response.bytes_stream();
    assert!(!chunks.next().await.unwrap().unwrap().is_empty());
    app.stop().await;
    // To its end, not cut off.
    while let Some(chunk) = chunks.next().await {
        chunk.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_connection_come_in_their_order_whoever_writes_them_at_once() {
    let app = TestApp::new().await;
    let wanted = ["SIGNAL", "OWNERS", "IDENTIFIERS", "LIABILITIES", "BALANCES", "INVESTMENT_HOLDINGS"];
    for _ in 0..6 {
        let id = app.linked(json!({ "products": ["TRANSACTIONS"], "additionalConsentedProducts": wanted })).await;
        futures::future::join_all(wanted.map(|product| app.add(&id, json!([product])))).await;
        app.settled(&id).await;
        let told: Vec<i64> = app.all_events(&id).await.iter().map(|one| one["sequence"].as_i64().unwrap()).collect();
        assert_eq!(told, (1..=told.len() as i64).collect::<Vec<_>>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_polls_goes_on_after_the_last_event_that_they_have_seen() {
    let app = TestApp::new().await;
    let id = app.linked(json!({ "products": ["TRANSACTIONS"] })).await;
    let seen = app.all_events(&id).await;
    let path = format!("/events?connectionId={id}&after={}", seen.last().unwrap()["id"].as_str().unwrap());
    assert_eq!(app.get(&path).await.expect(200)["data"], json!([]));
    app.add(&id, json!(["BALANCES"])).await.expect(200);
    let new = app.until(&path, |page| !page["data"].as_array().unwrap().is_empty()).await;
    assert_eq!(new["data"][0]["sequence"], seen.len() as i64 + 1);
    app.get(&format!("/events?after={}", uuid::Uuid::now_v7())).await.problem(400, "INVALID_REQUEST");
}
