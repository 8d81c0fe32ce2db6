//! Example bodies through the wire types into our terms; and anything else, without a panic. The official description has no examples: these
//! have its fields, and what its texts and Yodlee's documentation say of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod accounts;
mod anything;
mod data;
mod logins;

use rust_decimal::Decimal;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// An example.
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
