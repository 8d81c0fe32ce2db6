//! The server's process killed in the middle of its work: what was acknowledged is there, and nothing is there twice.
//! `LINKSPAN_TEST_KILLS` asks for more kills than CI has time for.

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::PgPool;

use crate::support::database;
use crate::support::process::Process;
use crate::support::truth::{assert_same, quiet_hour, rows, truth};
use crate::support::watch::{between_pages, slow_pages};

/// Kills in CI.
const KILLS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_syncs_it_loses_nothing_and_doubles_nothing() {
    let kills = std::env::var("LINKSPAN_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(KILLS);
    let database_url = database::create().await;
    let database = PgPool::connect(&database_url).await.unwrap();
    let (mut process, mut app) = Process::on(&database_url).await;
    quiet_hour(&app).await;
    slow_pages(&app).await;
    let (mut acknowledged, mut hit, mut slowest) = (Vec::<String>::new(), 0, Duration::ZERO);
    for number in 0..kills {
        let asked = json!({
            "externalCustomerId": format!("customer-{number}"), "products": ["TRANSACTIONS"],
            "additionalConsentedProducts": ["INVESTMENT_HOLDINGS"],
        });
        let started = app.start(asked).await;
        let id = started["connectionId"].as_str().unwrap().to_owned();
        if let Some(before) = acknowledged.last() {
            let added = json!({ "products": ["INVESTMENT_HOLDINGS"] });
            app.post(&format!("/connections/{before}/products"), added).await.expect(200);
        }
        let (linked, in_the_middle) =
            tokio::join!(app.play(&started, Some("First Platypus Bank"), json!({})), between_pages(&database, &id));
        linked.expect(200);
        hit += usize::from(in_the_middle);
        process.kill().await;
        acknowledged.push(id);
        let restarted = Instant::now();
        (process, app) = Process::on(&database_url).await;
        slowest = slowest.max(restarted.elapsed());
    }
    println!("{kills} kills, {hit} of them between two pages; ready again within {} ms", slowest.as_millis());
    assert!(hit > 0, "no run was hit between its pages");
    app.faults(json!([])).await;

    for id in &acknowledged {
        app.settled(id).await;
    }
    // A refresh is allowed once a minute.
    app.post("/sandbox/clock", json!({ "advanceSeconds": 61 })).await.expect(200);
    // What the bank books now comes in beside what was cut off.
    app.post(&format!("/sandbox/connections/{}/post-transactions", acknowledged[0]), json!({ "count": 5 }))
        .await
        .expect(200);
    let (last, added) = acknowledged.split_last().unwrap();
    for id in &acknowledged {
        app.post(&format!("/connections/{id}/refresh"), json!({})).await.expect(202);
        let connection = app.settled(id).await;
        assert_eq!(connection["status"], "ACTIVE", "{connection:#}");
    }
    assert_eq!(app.get(&format!("/connections/{last}")).await.expect(200)["optionalProducts"], json!([]));
    for id in added {
        let connection = app.get(&format!("/connections/{id}")).await.expect(200);
        assert_eq!(connection["optionalProducts"], json!(["INVESTMENT_HOLDINGS"]));
        assert!(!app.all(&format!("/investments/holdings?connectionId={id}")).await.is_empty());
    }
    let truth = truth(&app, json!(["TRANSACTIONS"])).await;
    for id in &acknowledged {
        assert_same(&rows(&app, id).await, &truth);
    }
    process.stop().await;
}
