//! Every SQL statement. Rows of tenants are reached through a [`TenantStore`], which carries the tenant into each
//! transaction, where row-level security is the second lock. One file for each group of tables.

mod error;
mod pool;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod types;

pub use error::{Error, Result};
pub use pool::{Store, TenantStore, Tx};
