//! What tests stand on: a database of their own, the whole server on a free port, and actors that call it.

mod app;
mod customer;
mod database;
mod observer;

pub use app::{Key, TestApp, essence, state};
pub use customer::Customer;
