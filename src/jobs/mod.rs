//! Runs what is queued: claims, leases, retries with growing pauses. One file for each kind of work that is more than a line.

mod runner;
mod schedule;
mod work;

pub use runner::Runner;
pub use schedule::first_jobs;
pub use work::Work;
