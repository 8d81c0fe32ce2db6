//! One binary for all integration tests: the database, its template and the parsed provider descriptions are shared by its process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test says where")]

mod arch;
mod bad_input;
mod connect;
mod connections;
mod conventions;
mod documents;
mod events;
mod idempotency;
mod limits;
mod openapi;
mod roles;
mod rows;
mod secrets;
mod tenancy;
mod judge;
mod support;
mod walkthrough;
