//! One binary for all integration tests: the database, its template and the parsed provider descriptions are shared by its process.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing test says where")]

mod arch;
mod connect;
mod connections;
mod contract;
mod conventions;
mod crash;
mod documents;
mod foundation;
mod institutions;
mod judge;
mod links;
mod products;
mod queue;
mod refreshes;
mod repairs;
mod plaid;
mod faults;
mod judge;
mod leases;
mod outages;
mod queue;
mod status_model;
mod support;
mod sync;
mod sync_model;
mod transactions;
mod walkthrough;
mod webhooks;
