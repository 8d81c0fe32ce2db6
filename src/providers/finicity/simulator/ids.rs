//! Numbers and tokens that look like Finicity's.

use crate::bank::ids::hash;
pub use crate::bank::ids::{fingerprint, random_token as token};

/// A number of 18 digits that the parts alone decide.
pub fn number(parts: &[&str]) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash(parts)[..8]);
    let number = u64::from_be_bytes(bytes) % 900_000_000_000_000_000;
    100_000_000_000_000_000 + i64::try_from(number).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_depends_on_every_part_and_its_borders() {
        let numbers = [number(&["a", "bc"]), number(&["ab", "c"]), number(&["a", "bd"])];
        assert!(numbers.iter().all(|number| number.to_string().len() == 18));
        assert!(numbers[0] != numbers[1] && numbers[0] != numbers[2]);
        assert_eq!(number(&["a", "bc"]), numbers[0]);
    }
}
