//! The engine against a plain model: whatever happens at the bank, at the network and to our process, after a reading that ends well
//! the stored transactions are the bank's books, each once, and whoever follows the changes has the same.
//!
//! Each sequence is up to a dozen steps on a connection of its own; `LINKSPAN_TEST_SEQUENCES` asks for more of them.

use std::collections::HashMap;

use linkspan::domain::product::Product;
use linkspan::store::ConnectionSettings;
use linkspan::sync::Next;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use crate::support::bench::{Bench, Linked, as_stored};
use crate::support::network::{Books, Row, Trick};

/// Sequences in CI, and how many are played at once.
const SEQUENCES: u32 = 1000;
const AT_ONCE: u32 = 6;

/// Something that happens at the bank.
#[derive(Clone, Debug)]
enum Change {
    /// So many new ones; in another account, pending.
    Add(u8, bool, bool),
    /// One is no longer there.
    Remove(prop::sample::Index),
    /// One has another amount.
    Modify(prop::sample::Index, i16),
    /// One that is pending is booked, under a new id.
    Post(prop::sample::Index),
}

/// What goes wrong while it is read.
#[derive(Clone, Debug)]
enum Mishap {
    /// The network does this at the call with that number.
    Trick(usize, Trick),
    /// This happens at the bank during the call with that number.
    Meanwhile(usize, Change),
    /// Our process dies during the call with that number.
    Crash(usize),
    /// Our process freezes there, another takes over, and it thaws.
    Freeze(usize),
}

#[derive(Clone, Debug)]
enum Step {
    Happens(Change),
    /// The network forgets every cursor.
    Forget,
    Read(Option<Mishap>),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        4 => (1..7_u8, any::<bool>(), any::<bool>()).prop_map(|(count, savings, pending)| Change::Add(count, savings, pending)),
        2 => any::<prop::sample::Index>().prop_map(Change::Remove),
        2 => (any::<prop::sample::Index>(), any::<i16>()).prop_map(|(which, cents)| Change::Modify(which, cents)),
        2 => any::<prop::sample::Index>().prop_map(Change::Post),
    ]
}

fn mishap() -> impl Strategy<Value = Mishap> {
    let call = 1..5_usize;
    let tricks = [Trick::Fail, Trick::Disturbed, Trick::Circle];
    prop_oneof![
        2 => (call.clone(), prop::sample::select(tricks.to_vec())).prop_map(|(call, trick)| Mishap::Trick(call, trick)),
        3 => (call.clone(), change()).prop_map(|(call, change)| Mishap::Meanwhile(call, change)),
        1 => call.clone().prop_map(Mishap::Crash),
        1 => call.prop_map(Mishap::Freeze),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => change().prop_map(Step::Happens),
        1 => Just(Step::Forget),
        5 => prop::option::weighted(0.7, mishap()).prop_map(Step::Read),
    ]
}

/// The bank after a change. Ids are never used again.
fn after(mut books: Books, change: &Change, next: &mut u32) -> Books {
    let mut fresh = || {
        *next += 1;
        format!("t{next}")
    };
    let chosen = |books: &Books, which: &prop::sample::Index| {
        (!books.is_empty()).then(|| books.keys().nth(which.index(books.len())).unwrap().clone())
    };
    match change {
        Change::Add(count, savings, pending) => {
            for cents in 1..=i64::from(*count) {
                let account = if *savings { "savings" } else { "checking" }.to_owned();
                books.insert(fresh(), Row { account, cents, pending: *pending, replaces: None });
            }
        }
        Change::Remove(which) => {
            if let Some(id) = chosen(&books, which) {
                books.remove(&id);
            }
        }
        Change::Modify(which, cents) => {
            if let Some(row) = chosen(&books, which).and_then(|id| books.get_mut(&id)) {
                row.cents = i64::from(*cents);
            }
        }
        Change::Post(which) => {
            if let Some(id) = chosen(&books, which).filter(|id| books[id].pending) {
                let row = books.remove(&id).unwrap();
                books.insert(fresh(), Row { pending: false, replaces: Some(id), ..row });
            }
        }
    }
    books
}

/// Who follows our changes, as a tenant does.
#[derive(Default)]
struct Follower {
    rows: HashMap<Uuid, String>,
    seen: i64,
}

impl Follower {
    async fn follow(&mut self, linked: &Linked<'_>) {
        let (changes, last) = linked.changes(self.seen).await;
        self.seen = last;
        for (id, name) in changes {
            match name {
                Some(name) => self.rows.insert(id, name),
                None => self.rows.remove(&id),
            };
        }
    }

    /// Our id of each, by the provider's.
    fn ids(&self) -> HashMap<String, Uuid> {
        self.rows.iter().map(|(id, name)| (name.clone(), *id)).collect()
    }
}

async fn read_with(linked: &Linked<'_>, mishap: Option<&Mishap>, next: &mut u32) {
    linked.network.world().begin();
    match mishap {
        None => {}
        Some(Mishap::Trick(call, trick)) => {
            linked.network.world().tricks.insert(*call, *trick);
        }
        Some(Mishap::Meanwhile(call, change)) => {
            let mut world = linked.network.world();
            let books = after(world.books(), change, next);
            world.meanwhile.insert(*call, books);
        }
        Some(Mishap::Crash(call) | Mishap::Freeze(call)) => linked.network.world().hang = Some(*call),
    }
    let reading = linked.try_read();
    tokio::pin!(reading);
    tokio::select! {
        ended = &mut reading => {
            ended.unwrap();
            return;
        }
        () = linked.network.hangs.notified() => linked.lapse().await,
    }
    if let Some(Mishap::Freeze(_)) = mishap {
        assert_eq!(linked.read().await, Next::Done, "whoever takes over finds nothing in the way");
        let before = linked.stored().await;
        linked.network.go_on.notify_one();
        assert!(reading.await.is_err(), "its lease is lost");
        assert_eq!(linked.stored().await, before, "nothing stale was written");
    }
}

async fn play(bench: &Bench, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().accounts.insert("savings".into());
    let (mut next, mut follower) = (0, Follower::default());
    for step in &steps {
        match step {
            Step::Happens(change) => {
                let mut world = linked.network.world();
                let books = after(world.books(), change, &mut next);
                world.set_books(books);
            }
            Step::Forget => linked.network.world().epoch += 1,
            Step::Read(mishap) => {
                read_with(&linked, mishap.as_ref(), &mut next).await;
                let before = follower.ids();
                follower.follow(&linked).await;
                let now = follower.ids();
                for (name, id) in &before {
                    prop_assert!(now.get(name).is_none_or(|same| same == id), "{name} changed its id");
                }
            }
        }
    }
    linked.network.world().begin();
    prop_assert_eq!(linked.read().await, Next::Done);
    follower.follow(&linked).await;
    let (stored, truth) = (linked.stored().await, as_stored(linked.network.world().books()));
    prop_assert_eq!(&stored, &truth);
    let mut followed: Vec<String> = follower.rows.into_values().collect();
    followed.sort();
    prop_assert_eq!(followed, truth.into_keys().collect::<Vec<_>>());
    Ok(())
}

#[test]
fn whatever_happens_the_books_are_stored_as_they_are() {
    let sequences =
        std::env::var("LINKSPAN_TEST_SEQUENCES").ok().and_then(|text| text.parse().ok()).unwrap_or(SEQUENCES);
    println!("{sequences} sequences");
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let bench = runtime.block_on(Bench::new());
    // Several at once: most of the time is spent waiting for the database.
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                let cases = sequences.div_ceil(AT_ONCE);
                let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
                let sequence = prop::collection::vec(step(), 1..14);
                TestRunner::new(config).run(&sequence, |steps| runtime.block_on(play(&bench, steps))).unwrap();
            });
        }
    });
}
