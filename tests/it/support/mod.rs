//! What tests stand on: a database of their own, the whole server on a free port, and actors that call it.

mod app;
pub mod database;
pub mod document;
mod observer;
mod world;

pub use app::{Answer, Key, TestApp};
pub use world::World;
