//! The engine against a plain model: whatever happens at the bank, at the network and to our process, after a reading that ends well
//! the stored transactions are the bank's books, each once, and whoever follows the changes has the same.
//!
//! Each sequence is up to a dozen steps on a connection of its own; `LINKSPAN_TEST_SEQUENCES` asks for more of them.

use std::collections::{HashMap, HashSet};

use linkspan::domain::product::Product;
use linkspan::store::ConnectionSettings;
use linkspan::sync::Next;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
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
    /// One that is pending is booked, under a new id, for so many hundredths more.
    Post(prop::sample::Index, i64),
    /// All that are pending have new ids.
    Renumber,
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
    let share = prop::sample::select(vec![0, 0, 50, -60, 90, -200]);
    prop_oneof![
        4 => (1..7_u8, any::<bool>(), any::<bool>()).prop_map(|(count, savings, pending)| Change::Add(count, savings, pending)),
        2 => any::<prop::sample::Index>().prop_map(Change::Remove),
        2 => (any::<prop::sample::Index>(), any::<i16>()).prop_map(|(which, cents)| Change::Modify(which, cents)),
        2 => (any::<prop::sample::Index>(), share).prop_map(|(which, share)| Change::Post(which, share)),
        1 => Just(Change::Renumber),
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
            // Of the last days: what went while it was pending may be booked yet.
            for cents in 300 - i64::from(*count)..300 {
                let account = if *savings { "savings" } else { "checking" }.to_owned();
                books.insert(fresh(), Row { account, cents, tip: 0, pending: *pending, replaces: None });
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
        Change::Post(which, share) => {
            if let Some(id) = chosen(&books, which).filter(|id| books[id].pending) {
                let row = books.remove(&id).unwrap();
                let tip = row.tip + (row.cents + row.tip) * share / 100;
                books.insert(fresh(), Row { tip, pending: false, replaces: Some(id), ..row });
            }
        }
        Change::Renumber => {
            let rows = std::mem::take(&mut books).into_iter();
            books = rows.map(|(id, row)| (if row.pending { fresh() } else { id }, row)).collect();
        }
    }
    books
}

/// Who follows our changes, as a tenant does: what is there, by our ids.
#[derive(Default)]
struct Follower {
    rows: HashSet<Uuid>,
    seen: i64,
}

impl Follower {
    async fn follow(&mut self, linked: &Linked<'_>) {
        let [added, modified, removed] = linked.told(self.seen).await;
        self.seen = linked.changes(self.seen).await.1;
        assert!(modified.iter().all(|id| self.rows.contains(id)), "what is modified was there");
        self.rows.extend(added);
        self.rows.retain(|id| !removed.contains(id));
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

/// The books, and our ids.
type Stored<'b> = (&'b Books, &'b HashMap<String, Uuid>);

/// Of one place, by amount: which pending ones are gone, and which ones came.
type Place<'b> = HashMap<i64, [Vec<&'b String>; 2]>;

/// What was pending and is no longer there has gone to what came and looks the same, where the network does not say which.
fn kept(before: Stored<'_>, now: Stored<'_>) -> Result<(), TestCaseError> {
    let mut places: HashMap<(&str, i64), Place<'_>> = HashMap::new();
    let gone = before.0.iter().filter(|(id, row)| row.pending && !now.0.contains_key(*id));
    let came = now.0.iter().filter(|(id, _)| !before.0.contains_key(*id));
    for (at, (id, row)) in gone.map(|one| (0, one)).chain(came.map(|one| (1, one))) {
        let place = places.entry((&row.account, row.cents)).or_default();
        place.entry(row.cents + row.tip).or_default()[at].push(id);
    }
    places.values().try_for_each(|place| kept_at(place, before, now))
}

/// As many of one amount as there are of both keep our ids. One that is left then has gone to the posted one that is left, within bounds.
fn kept_at(place: &Place<'_>, before: Stored<'_>, now: Stored<'_>) -> Result<(), TestCaseError> {
    let (mut gone_left, mut came_left) = (Vec::new(), Vec::new());
    for (amount, [gone, came]) in place {
        let ours: HashSet<Uuid> = gone.iter().map(|id| before.1[*id]).collect();
        let (same, other): (Vec<&String>, Vec<&String>) = came.iter().partition(|id| ours.contains(&now.1[**id]));
        prop_assert_eq!(same.len(), gone.len().min(came.len()), "{:?} are now {:?}", gone, came);
        let taken: HashSet<Uuid> = same.iter().map(|id| now.1[*id]).collect();
        gone_left.extend(gone.iter().map(|id| (*amount, before.1[*id])).filter(|(_, id)| !taken.contains(id)));
        came_left.extend(other.iter().map(|id| (*amount, now.1[*id], now.0[*id].pending)));
    }
    let mut joined = 0;
    for (booked, id, pending) in &came_left {
        let Some((held, _)) = gone_left.iter().find(|(_, gone)| gone == id) else { continue };
        prop_assert!(!pending && may_become(*held, *booked), "{held} was never booked for {booked}");
        joined += 1;
    }
    if let ([(held, _)], [(booked, _, false)]) = (&gone_left[..], &came_left[..]) {
        prop_assert_eq!(joined, usize::from(may_become(*held, *booked)), "{} and {}", held, booked);
    }
    Ok(())
}

fn may_become(held: i64, booked: i64) -> bool {
    let (held, booked) = if held < 0 { (-held, -booked) } else { (held, booked) };
    held > 0 && (held * 25..=held * 150).contains(&(booked * 100))
}

async fn play(bench: &Bench, windows: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let linked = bench.link(&[Product::Transactions], ConnectionSettings::default()).await;
    linked.network.world().accounts.insert("savings".into());
    linked.network.world().windows = windows;
    let (mut next, mut follower) = (0, Follower::default());
    // The books of the last reading, if that one went well.
    let mut read = Some(Books::new());
    for step in &steps {
        match step {
            Step::Happens(change) => {
                let mut world = linked.network.world();
                let books = after(world.books(), change, &mut next);
                world.set_books(books);
            }
            Step::Forget => linked.network.world().epoch += 1,
            Step::Read(mishap) => {
                let before = linked.ids().await;
                read_with(&linked, mishap.as_ref(), &mut next).await;
                follower.follow(&linked).await;
                let now = linked.ids().await;
                prop_assert_eq!(&follower.rows, &now.values().copied().collect::<HashSet<_>>());
                for (name, id) in &before {
                    prop_assert!(now.get(name).is_none_or(|same| same == id), "{name} changed its id");
                }
                let books = mishap.is_none().then(|| linked.network.world().books());
                if let (true, Some(old), Some(new)) = (windows, &read, &books) {
                    kept((old, &before), (new, &now))?;
                }
                read = books;
            }
        }
    }
    linked.network.world().begin();
    prop_assert_eq!(linked.read().await, Next::Done);
    follower.follow(&linked).await;
    let (stored, truth) = (linked.stored().await, as_stored(linked.network.world().books()));
    prop_assert_eq!(&stored, &truth);
    let ids = linked.ids().await;
    prop_assert_eq!(&follower.rows, &ids.values().copied().collect::<HashSet<_>>());
    prop_assert_eq!(ids.len(), truth.len());
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
                let sequence = (any::<bool>(), prop::collection::vec(step(), 1..14));
                let play = |(windows, steps)| runtime.block_on(play(&bench, windows, steps));
                TestRunner::new(config).run(&sequence, play).unwrap();
            });
        }
    });
}

/// The first of what there is.
fn first() -> prop::sample::Index {
    let mut tree = any::<prop::sample::Index>().new_tree(&mut TestRunner::new(Config::default())).unwrap();
    while tree.simplify() {}
    tree.current()
}

/// It took its pending one's place in pages that were read in vain, and the run that began anew names the pending one alone.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_booked_and_removed_while_pages_are_read_is_gone() {
    let bench = Bench::new().await;
    let steps = vec![
        Step::Happens(Change::Add(4, false, true)),
        Step::Read(None),
        Step::Happens(Change::Post(first(), 0)),
        Step::Happens(Change::Renumber),
        Step::Read(Some(Mishap::Meanwhile(2, Change::Remove(first())))),
    ];
    play(&bench, false, steps).await.unwrap();
}
