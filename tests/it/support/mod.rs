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

pub use app::{Answer, Key, TestApp, essence, state};
pub use customer::Customer;
pub use observer::{Fidelity, Judging};
pub use world::World;
