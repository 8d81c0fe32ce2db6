//! Nobody can be looked up: whatever happens, one customer has one record there, and its id is kept.

use std::sync::Mutex;

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use linkspan::config::Mode;
use linkspan::domain::secret::Secret;
use linkspan::domain::service_provider::ServiceProvider;
use linkspan::providers::records::{Attempt, Make, Record, Records};
use linkspan::providers::{Context, Failure, FailureKind, Persistence, saltedge};
use serde_json::{Value, json};

use super::rig;
use crate::contract::Rig;

/// The records of a process that ends each time before it keeps what was made, but for the last time.
struct Crashing {
    crashes: u32,
    made: Mutex<(u32, Option<Secret>)>,
}

#[async_trait]
impl Records for Crashing {
    async fn get(
        &self,
        _: ServiceProvider,
        _: Record<'_>,
        _: DateTime<Utc>,
        make: Make<'_>,
    ) -> Result<Secret, Failure> {
        let number = {
            let mut made = self.made.lock().unwrap();
            if let Some(kept) = &made.1 {
                return Ok(kept.clone());
            }
            made.0 += 1;
            made.0
        };
        let made = make(Attempt { seed: Secret::new("seed"), number }).await?;
        if number <= self.crashes {
            return Err(Failure::new(FailureKind::Unavailable, Persistence::Temporary, "CRASH", "it ended"));
        }
        self.made.lock().unwrap().1 = Some(made.secret.clone());
        Ok(made.secret)
    }

    async fn forget(&self, _: ServiceProvider, _: Record<'_>, _: &Secret) -> Result<(), Failure> {
        self.made.lock().unwrap().1 = None;
        Ok(())
    }
}

/// What was sent to make customers.
fn made(rig: &Rig) -> Vec<Value> {
    rig.fidelity.requests("/customers").into_iter().map(|body| body["data"]["identifier"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_id_is_kept_neither_doubles_nor_loses_a_customer() {
    let rig = rig().await;
    // Others are there too, and the one that is sought is on some page.
    for _ in 0..3 {
        rig.begin(rig.everything()).await;
    }
    let others = made(&rig);
    let section = [("page_size".to_owned(), 1.into())].into_iter().collect();
    let provider = saltedge::build(section, Mode::Sandbox).unwrap();
    let records = Crashing { crashes: 2, made: Mutex::default() };
    let cx = Context { records: &records, ..rig.cx() };
    let request = rig.request(rig.everything());
    for _ in 0..2 {
        assert_eq!(provider.begin_link(&cx, &request).await.unwrap_err().code, "CRASH");
    }
    provider.begin_link(&cx, &request).await.unwrap();
    // Only the first of these made one: the same name is refused from then on.
    assert_eq!(made(&rig)[others.len()..], ["seed", "seed", "seed"]);
    assert!(others.iter().all(|one| *one != "seed"));
    let asked = rig.fidelity.requests("/connections/connect");
    let last = asked.last().unwrap()["data"]["customer_id"].as_str().unwrap();
    assert!(asked.iter().filter(|body| body["data"]["customer_id"] == last).count() == 1, "nobody else's");
    let calls = made(&rig).len();
    provider.begin_link(&cx, &request).await.unwrap();
    assert_eq!(made(&rig).len(), calls, "it is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_was_removed_there_is_made_anew_once() {
    let rig = rig().await;
    let connect = async |Json(body): Json<Value>| match body["data"]["customer_id"].as_str() {
        Some("2") => (StatusCode::OK, Json(json!({ "data": { "connect_url": "https://www.saltedge.com/c" } }))),
        _ => (StatusCode::NOT_FOUND, Json(json!({ "error": { "class": "CustomerNotFound", "message": "gone" } }))),
    };
    // The first one's name stays taken.
    let names = std::sync::Arc::new(Mutex::new(Vec::<String>::new()));
    let seen = names.clone();
    let create = async move |Json(body): Json<Value>| {
        let name = body["data"]["identifier"].as_str().unwrap().to_owned();
        let mut names = names.lock().unwrap();
        if names.contains(&name) {
            return (StatusCode::NOT_ACCEPTABLE, Json(json!({ "error": { "class": "DuplicatedCustomer" } })));
        }
        names.push(name);
        (StatusCode::OK, Json(json!({ "data": { "customer_id": names.len().to_string() } })))
    };
    let list = async || Json(json!({ "data": [{ "customer_id": "9", "identifier": "somebody" }], "meta": {} }));
    let gone = async || (StatusCode::NOT_FOUND, Json(json!({ "error": { "class": "CustomerNotFound" } })));
    let bank = async || Json(json!({ "data": { "code": "b", "name": "B", "country_code": "DE" } }));
    let router = Router::new()
        .route("/customers", get(list).post(create))
        .route("/connections", get(gone))
        .route("/connections/connect", post(connect))
        .route("/providers/{code}", get(bank));
    let foreign = rig.before(router).await;
    let request = rig.request(rig.everything());
    for _ in 0..2 {
        rig.provider().begin_link(&foreign.patient(), &request).await.unwrap();
    }
    let names = seen.lock().unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    assert!(names[1].starts_with(&names[0]), "{names:?}");
}
