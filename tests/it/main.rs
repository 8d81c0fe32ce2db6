//! One binary for all integration tests: the database, its template and the parsed provider descriptions are shared by its process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test says where")]

mod arch;
mod bad_input;
mod connect;
mod connections;
mod contract;
mod conventions;
mod crash;
mod documents;
mod events;
mod faults;
mod foundation;
mod idempotency;
mod institutions;
mod judge;
mod leases;
mod limits;
mod links;
mod openapi;
mod outages;
mod plaid;
mod products;
mod queue;
mod refreshes;
mod repairs;
mod roles;
mod rows;
mod secrets;
mod status_model;
mod support;
mod sync;
mod sync_model;
mod tenancy;
mod transactions;
mod walkthrough;
mod webhooks;
