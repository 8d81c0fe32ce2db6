//! Numbers and tokens that look like Finicity's.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

/// A hash over the parts, in which their borders count too.
fn hash(parts: &[&str]) -> [u8; 32] {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

/// A number of 18 digits that the parts alone decide.
pub fn number(parts: &[&str]) -> i64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash(parts)[..8]);
    let number = u64::from_be_bytes(bytes) % 900_000_000_000_000_000;
    100_000_000_000_000_000 + i64::try_from(number).unwrap_or_default()
}

/// A token that nobody can guess.
pub fn token() -> String {
    Uuid::new_v4().simple().to_string()
}

/// What is stored of a token: enough to recognise it, not to use it.
pub fn fingerprint(token: &str) -> String {
    hash(&["token", token]).iter().map(|byte| format!("{byte:02x}")).collect()
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
