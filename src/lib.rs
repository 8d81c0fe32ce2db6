//! Linkspan: one HTTP API in front of every bank-data network.
//!
//! The modules, in reading order:

#[macro_use]
pub mod domain;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod jobs;
pub mod link;
pub mod net;
pub mod postgres;
pub mod providers;
pub mod routing;
pub mod store;
pub mod sync;
pub mod webhooks;
