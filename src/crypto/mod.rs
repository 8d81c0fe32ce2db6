//! Secrets at rest and tokens: envelope encryption with a key ring, random tokens and their hashes.

mod ring;
mod token;
mod vault;

pub use ring::{KeyRing, RingError};
pub use token::{hash, random_token};
pub use vault::{DataKey, Place, SealError, Vault};
