//! The contract of the trait `Provider`: every provider of the list against its own simulator over real HTTP, by what its `spec`
//! claims. A new provider needs no line here: what differs stands in its spec, or behind its simulator's knobs.

mod data;
mod life;
mod link;
mod rig;
mod spec;
mod transactions;
mod webhooks;
mod whose;

pub use rig::{Foreign, Rig};
