//! Of what the simulators make ids and tokens that look like their provider's.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

/// A hash over the parts, in which their borders count too.
pub fn hash(parts: &[&str]) -> [u8; 32] {
    let text: String = parts.iter().map(|part| format!("{}:{part}", part.len())).collect();
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
    bytes
}

/// An id of at most 53 bits that the parts alone decide.
pub fn number(parts: &[&str]) -> i64 {
    let seven = hash(parts).into_iter().take(7);
    let number = seven.fold(0_i64, |number, byte| (number << 8) | i64::from(byte));
    (number >> 3).max(1)
}

/// A token that nobody can guess.
pub fn random_token() -> String {
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
    fn ids_depend_on_every_part_and_its_borders() {
        let ids = [number(&["a", "bc"]), number(&["ab", "c"]), number(&["a", "bd"])];
        assert!(ids.iter().all(|id| (1..1 << 53).contains(id)));
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[0] == number(&["a", "bc"]));
    }
}
