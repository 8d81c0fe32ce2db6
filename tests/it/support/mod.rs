//! What tests stand on: a database of their own, the whole server on a free port, and actors that call it.

mod app;
pub mod bench;
mod customer;
pub mod database;
pub mod document;
pub mod network;
mod observer;
pub mod process;
pub mod proxy;
pub mod truth;
pub mod watch;
mod world;

/// A client that lets go of idle connections before the server does: a request on one that is just being closed is lost.
pub fn client() -> reqwest::ClientBuilder {
    reqwest::Client::builder().no_proxy().pool_idle_timeout(std::time::Duration::from_secs(5))
}

pub use app::{Answer, Key, TestApp, essence, state};
pub use customer::Customer;
pub use observer::{Fidelity, Judging};
pub use world::World;
