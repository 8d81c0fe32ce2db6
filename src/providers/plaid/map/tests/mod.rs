//! Plaid's own example bodies, through the wire types, into our terms; and anything else, without a panic.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod accounts;
mod anything;
mod data;
mod items;

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An example of the official description.
macro_rules! fixture {
    ($name:literal) => {
        include_str!(concat!("../../fixtures/", $name, ".json"))
    };
}
use fixture;

fn read<T: DeserializeOwned>(json: &str) -> T {
    serde_json::from_str(json).unwrap()
}

/// An example with a change.
fn changed<T: DeserializeOwned>(json: &str, change: impl FnOnce(&mut Value)) -> T {
    let mut value: Value = serde_json::from_str(json).unwrap();
    change(&mut value);
    read(&value.to_string())
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}
