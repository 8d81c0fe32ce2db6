//! Numbers that are money, quantities or rates.

use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A JSON number as the decimal that is written there. It never passes through a float; beyond 28 decimal places it is rounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amount(pub Decimal);

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = <&RawValue>::deserialize(deserializer)?;
        decimal(number.get()).map(Self).ok_or_else(|| serde::de::Error::custom("not a number that fits"))
    }
}

/// Reads the text of a JSON number.
fn decimal(number: &str) -> Option<Decimal> {
    if !number.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return None;
    }
    match number.find(['e', 'E']) {
        None => Decimal::from_str(number).ok(),
        // What is smaller than 28 decimal places can show is nothing.
        Some(at) => Decimal::from_scientific_lossy(number)
            .ok()
            .or_else(|| number[at + 1..].starts_with('-').then_some(Decimal::ZERO)),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    fn read(json: &str) -> Option<String> {
        serde_json::from_str::<Amount>(json).ok().map(|amount| amount.0.to_string())
    }

    #[test]
    fn numbers_are_read_as_written() {
        for (json, decimal) in [
            ("28.10", "28.10"),
            ("0.1", "0.1"),
            ("-2307.21", "-2307.21"),
            ("9007199254740993.01", "9007199254740993.01"),
            ("1e3", "1000"),
            ("1.25E+2", "125"),
            ("-1.5e-7", "-0.00000015"),
            ("1.1102230246251565e-16", "0.0000000000000001110223024625"),
            ("5e-324", "0"),
            ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231"),
        ] {
            assert_eq!(read(json).as_deref(), Some(decimal), "{json}");
        }
    }

    #[test]
    fn what_is_no_number_or_too_large_is_refused() {
        for json in
            ["null", "\"12.5\"", "true", "[1]", "{}", "1e300", "1e99999999999", "123456789012345678901234567890"]
        {
            assert_eq!(read(json), None, "{json}");
        }
    }

    proptest! {
        #[test]
        fn a_decimal_survives_the_wire(mantissa in any::<i64>(), scale in 0_u32..18) {
            let decimal = Decimal::new(mantissa, scale);
            prop_assert_eq!(serde_json::from_str::<Amount>(&decimal.to_string()).unwrap().0, decimal);
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".{0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn any_exponent_is_read_or_refused(text in "-?[0-9]{1,30}(\\.[0-9]{1,40})?[eE][+-]?[0-9]{1,12}") {
            let _ = read(&text);
        }
    }
}
