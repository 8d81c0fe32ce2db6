//! What is Akoya's own: tokens that rotate and end before their time, consents that say what was granted, partial answers; and a
//! connection's whole life through it.

mod life;
mod tokens;

use crate::contract::Rig;

/// The one of the list that this folder is about, with its simulator.
async fn akoya() -> Rig {
    Rig::each().await.into_iter().find(|rig| rig.name() == "Akoya").expect("it is in the list")
}
