//! Linkspan: one HTTP API in front of every bank-data network.
//!
//! The modules, in reading order:

pub mod clock;
