//! The description's example bodies, through the wire types, into our terms; and anything else, without a panic.

#![allow(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod anything;
mod money;

use serde::de::DeserializeOwned;

/// An example of the description.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/", $name, ".json"))
    };
}
use fixture;

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}
