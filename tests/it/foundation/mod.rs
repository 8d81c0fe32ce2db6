//! What the foundation offers to providers that the first one does not need: tried with a provider of the tests' own, which stands
//! before the first of the list and its simulator.

mod bench;
mod failures;
mod foil;
mod records;
mod renewal;
mod unsigned;
mod windows;
