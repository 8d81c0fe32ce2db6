//! What tests stand on: a database of their own, the whole server on a free port, and actors that call it.

mod app;
pub mod database;
mod observer;

pub use app::{Key, TestApp};
pub use observer::{Fidelity, Judging};
