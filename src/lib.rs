//! Linkspan: one HTTP API in front of every bank-data network.
//!
//! The modules, in reading order:

#[macro_use]
pub mod domain;
#[cfg(feature = "sandbox")]
pub mod bank;
pub mod clock;
pub mod net;
pub mod providers;
pub mod store;
