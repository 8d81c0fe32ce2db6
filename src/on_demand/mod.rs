//! Products that one provider has and that are read when a caller asks for them, rather than by the engine: reports, documents, risks
//! of payments. What stands against a call is judged from stored facts; nobody holds a database transaction while the provider is asked.

mod alone;
mod assets;
mod gate;
mod income;
mod signal;
mod statements;

use crate::link::Linking;

pub use assets::ReportNext;
pub use signal::{Payment, Sequel};

/// Everything that these products need.
#[derive(Clone)]
pub struct OnDemand {
    /// Sessions; holds the store, the providers and the clock too.
    pub linking: Linking,
}
