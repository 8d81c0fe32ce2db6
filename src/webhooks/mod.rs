//! Webhooks: those of providers come in here. They are verified, stored sealed, answered at once, and only ever cause a fetch.

mod inbound;
mod keys;

pub use inbound::{Inbound, Received};
