//! Ids and tokens that look like Plaid's.

use aws_lc_rs::digest::{SHA256, digest};
use uuid::Uuid;

pub use crate::bank::ids::fingerprint;
use crate::bank::ids::hash;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An id of 37 characters that the parts alone decide.
pub fn id(parts: &[&str]) -> String {
    let (first, second) = (hash(parts), hash(&[&parts.concat(), "more"]));
    first.iter().chain(&second).take(37).map(|byte| char::from(BASE62[usize::from(*byte) % 62])).collect()
}

/// A token of that kind (`public`, `access`, `link`, `processor`) that nobody can guess.
pub fn random_token(kind: &str) -> String {
    format!("{kind}-sandbox-{}", Uuid::new_v4())
}

/// A token of that kind that only the holder of the other secret can know.
pub fn derived_token(kind: &str, secret: &str, name: &str) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash(&[kind, secret, name])[..16]);
    format!("{kind}-sandbox-{}", uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// A new `request_id`.
pub fn request_id() -> String {
    id(&[&Uuid::new_v4().to_string()]).chars().take(15).collect()
}

/// Lower-case hexadecimal SHA-256 of the bytes.
pub fn sha256_hex(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_depend_on_every_part_and_its_borders() {
        let ids = [id(&["a", "bc"]), id(&["ab", "c"]), id(&["a", "bd"])];
        assert!(ids.iter().all(|id| id.len() == 37 && id.bytes().all(|byte| byte.is_ascii_alphanumeric())));
        assert!(ids[0] != ids[1] && ids[0] != ids[2]);
        assert_eq!(id(&["a", "bc"]), ids[0]);
    }

    #[test]
    fn tokens_look_like_plaids() {
        let token = derived_token("public", "link-sandbox-x", "1");
        assert_eq!(token.len(), "public-sandbox-".len() + 36);
        assert_eq!(token, derived_token("public", "link-sandbox-x", "1"));
        assert_ne!(token, derived_token("public", "link-sandbox-y", "1"));
        assert_eq!(request_id().len(), 15);
    }

    #[test]
    fn a_hash_is_the_published_one() {
        assert_eq!(sha256_hex(b""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
}
