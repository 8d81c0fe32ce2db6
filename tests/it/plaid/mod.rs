//! What is Plaid's own: its sandbox's endpoints, the examples of its description through the adapter, and Linkspan before another
//! server that speaks Plaid.

mod alone;
mod examples;
mod live;
mod sandbox;

use crate::contract::Rig;

/// The one of the list that this folder is about, with its simulator.
async fn plaid() -> Rig {
    Rig::each().await.into_iter().find(|rig| rig.name() == "Plaid").expect("it is in the list")
}
