//! Linkspan: one HTTP API in front of every bank-data network.
//!
//! The modules, in reading order:

#[macro_use]
pub mod domain;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod net;
pub mod postgres;
pub mod providers;
pub mod store;
pub mod routing;
pub mod link;
pub mod sync;
pub mod webhooks;
pub mod jobs;
pub mod api;
pub mod widget;
#[cfg(feature = "sandbox")]
pub mod bank;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod server;
