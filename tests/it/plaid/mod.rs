//! What is Plaid's own: its sandbox's endpoints, the examples of its description through the adapter, and Linkspan before another
//! server that speaks Plaid.

mod examples;
mod live;
mod sandbox;
