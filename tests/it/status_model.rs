//! The connection's state machine against a plain model (rules F1, F4–F6): random conditions, in any order, and what is stored and
//! told of them.

use linkspan::domain::connection::{Condition, Status, StatusReason};
use linkspan::domain::placement::Placements;
use linkspan::store::{ConnectionSettings, NewConnection};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::bench::Bench;

const SEQUENCES: u32 = 1000;
const AT_ONCE: u32 = 4;

/// Every condition that the rules name, and a few that no provider should come up with.
fn condition() -> impl Strategy<Value = Condition> {
    let reason = prop::option::of(prop::sample::select(StatusReason::ALL.to_vec()));
    (prop::sample::select(Status::ALL.to_vec()), reason).prop_map(|(status, reason)| Condition { status, reason })
}

/// What the rules say, told once more: the conditions that are taken, in order.
fn taken(from: Condition, asked: &[Condition]) -> Vec<Condition> {
    let mut now = from;
    let mut taken = Vec::new();
    for next in asked {
        let allowed = match now.status {
            Status::Expired | Status::Deleted => false,
            Status::InProgress => {
                [Status::Active, Status::Expired, Status::Deleted, Status::InProgress].contains(&next.status)
            }
            Status::Unrecoverable if now.reason == Some(StatusReason::RelinkNeeded) => {
                [Status::Active, Status::PartiallyActive, Status::Deleted].contains(&next.status)
            }
            _ => ![Status::InProgress, Status::Expired].contains(&next.status),
        };
        if allowed && *next != now {
            now = *next;
            taken.push(now);
        }
    }
    taken
}

async fn play(bench: &Bench, asked: Vec<Condition>) -> Result<(), TestCaseError> {
    let now = bench.clock.now();
    let mut tx = bench.begin().await;
    let customer_id = tx.ensure_customer("customer").await.unwrap();
    let settings = ConnectionSettings::default();
    let new = NewConnection { customer_id, requested: Placements::default(), settings, metadata: Default::default() };
    let id = tx.insert_connection(&new, now).await.unwrap();
    let begun = Condition { status: Status::InProgress, reason: None };
    for &next in &asked {
        tx.change_condition(id, next, None, "TEST", now).await.unwrap();
    }
    let connection = tx.connection(id).await.unwrap().unwrap();
    let history = tx.history(id, 0, 100).await.unwrap();
    tx.commit().await.unwrap();

    let taken = taken(begun, &asked);
    prop_assert_eq!(connection.condition, taken.last().copied().unwrap_or(begun));
    // F5: one row of history for each change, one after the other.
    let told: Vec<_> = history.iter().skip(1).map(|row| Condition { status: row.to, reason: row.reason }).collect();
    prop_assert_eq!(&told, &taken);
    prop_assert!(history.windows(2).all(|pair| pair[1].from == Some(pair[0].to)));
    // F6: stale from when it stopped working until it works.
    let ill = |status| ![Status::Active, Status::InProgress].contains(&status);
    if connection.condition.status == Status::Active {
        prop_assert_eq!(connection.stale_since, None);
    }
    prop_assert!(!ill(connection.condition.status) || connection.stale_since.is_some());
    let nobody = connection.condition.status == Status::Active;
    prop_assert_eq!(connection.condition.act_by().is_none(), nobody);
    // And one event for each change, with one more for getting well.
    let before = std::iter::once(begun).chain(taken.iter().copied());
    let recovered = before.zip(&taken).filter(|(old, new)| ill(old.status) && new.status == Status::Active).count();
    let events: Vec<String> = sqlx::query_scalar("select type from events where connection_id = $1 order by sequence")
        .bind(id.0)
        .fetch_all(&bench.database)
        .await
        .unwrap();
    prop_assert_eq!(events.iter().filter(|event| *event == "connection.recovered").count(), recovered);
    prop_assert_eq!(events.len(), taken.len() + recovered);
    Ok(())
}

#[test]
fn f1_f4_f5_f6_every_order_of_conditions_is_stored_and_told_as_the_rules_say() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let config =
                    Config { cases: SEQUENCES.div_ceil(AT_ONCE), failure_persistence: None, ..Config::default() };
                // Most begin with the link, or they would be over at once.
                let linked = prop::option::weighted(0.9, Just(Condition::HEALTHY));
                let sequence = (linked, prop::collection::vec(condition(), 0..9))
                    .prop_map(|(linked, rest)| linked.into_iter().chain(rest).collect::<Vec<_>>());
                TestRunner::new(config).run(&sequence, |asked| runtime.block_on(play(&bench, asked))).unwrap();
            });
        }
    });
}
