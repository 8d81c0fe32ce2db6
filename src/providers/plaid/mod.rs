//! Plaid.

#[cfg(feature = "sandbox")]
pub mod simulator;
