//! Sealing: AES-256-GCM under a data key, which is itself sealed by a key of the ring. The associated data binds the place.

use std::collections::HashMap;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand;
use uuid::Uuid;

use super::KeyRing;

/// A secret could not be sealed or opened. Never says what was in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random,
    /// The ring lacks the key.
    #[error("the key ring lacks the key {0:?}: put it back into LINKSPAN_KEYS")]
    RingKey(String),
    /// The data key is not known to this process.
    #[error("a data key is not known here: start this process again")]
    DataKey,
    /// The bytes do not open with this key at this place.
    #[error("a sealed value does not open: it was changed, moved, or sealed with another key")]
    Broken,
}

/// Where a sealed value stands; one that is moved does not open.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Whose row; nil for rows without a tenant.
    pub tenant: Uuid,
    /// Table.
    pub table: &'a str,
    /// Row.
    pub row: Uuid,
    /// Column.
    pub column: &'a str,
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        format!("{}/{}/{}/{}", self.tenant, self.table, self.row, self.column).into_bytes()
    }
}

/// A data key as it is stored: sealed.
#[derive(Clone, Debug)]
pub struct DataKey {
    /// Its id; stands before every value that it seals.
    pub id: Uuid,
    /// Which key of the ring sealed it.
    pub ring_key_id: String,
    /// The sealed key.
    pub sealed: Vec<u8>,
}

impl DataKey {
    /// A fresh data key, sealed by the ring's current key.
    pub fn generate(ring: &KeyRing) -> Result<Self, SealError> {
        let (ring_key_id, ring_key) = ring.current().ok_or(SealError::DataKey)?;
        let id = Uuid::now_v7();
        let mut key = [0; 32];
        rand::fill(&mut key).map_err(|_| SealError::Random)?;
        let sealed = seal_with(&cipher(ring_key)?, id.as_bytes(), &key)?;
        Ok(Self { id, ring_key_id: ring_key_id.clone(), sealed })
    }
}

/// Seals and opens values.
pub struct Vault {
    current: Uuid,
    keys: HashMap<Uuid, LessSafeKey>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("current", &self.current).finish_non_exhaustive()
    }
}

impl Vault {
    /// Opens the stored data keys; the one with the highest id is current.
    pub fn open_keys(ring: &KeyRing, stored: &[DataKey]) -> Result<Self, SealError> {
        let mut keys = HashMap::new();
        for data_key in stored {
            let ring_key =
                ring.find(&data_key.ring_key_id).ok_or_else(|| SealError::RingKey(data_key.ring_key_id.clone()))?;
            let key = open_with(&cipher(ring_key)?, data_key.id.as_bytes(), &data_key.sealed)?;
            let key = <[u8; 32]>::try_from(key).map_err(|_| SealError::Broken)?;
            keys.insert(data_key.id, cipher(&key)?);
        }
        let current = keys.keys().max().copied().ok_or(SealError::DataKey)?;
        Ok(Self { current, keys })
    }

    /// Seals a value for its place: data key id, nonce, ciphertext with tag.
    pub fn seal(&self, place: Place<'_>, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let key = self.keys.get(&self.current).ok_or(SealError::DataKey)?;
        let mut sealed = self.current.as_bytes().to_vec();
        sealed.extend(seal_with(key, &place.bytes(), plain)?);
        Ok(sealed)
    }

    /// Opens a value at its place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (id, rest) = sealed.split_at_checked(16).ok_or(SealError::Broken)?;
        let id = Uuid::from_slice(id).map_err(|_| SealError::Broken)?;
        let key = self.keys.get(&id).ok_or(SealError::DataKey)?;
        open_with(key, &place.bytes(), rest)
    }
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| SealError::Broken)
}

fn seal_with(key: &LessSafeKey, bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut nonce = [0; NONCE_LEN];
    rand::fill(&mut nonce).map_err(|_| SealError::Random)?;
    let mut buffer = plain.to_vec();
    key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound), &mut buffer)
        .map_err(|_| SealError::Broken)?;
    let mut sealed = nonce.to_vec();
    sealed.extend(buffer);
    Ok(sealed)
}

fn open_with(key: &LessSafeKey, bound: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SealError> {
    let (nonce, rest) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError::Broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError::Broken)?;
    let mut buffer = rest.to_vec();
    let plain = key.open_in_place(nonce, Aad::from(bound), &mut buffer).map_err(|_| SealError::Broken)?;
    Ok(plain.to_vec())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test says where")]
    use super::*;
    use crate::crypto::RingError;
    use crate::domain::secret::Secret;

    fn ring(ids: &[&str]) -> KeyRing {
        let entries: Vec<String> =
            ids.iter().map(|id| KeyRing::generate_text(id).unwrap().expose().to_owned()).collect();
        KeyRing::parse(&Secret::new(entries.join(","))).unwrap()
    }

    #[test]
    fn a_sealed_value_opens_only_at_its_place() {
        let ring = ring(&["a"]);
        let vault = Vault::open_keys(&ring, &[DataKey::generate(&ring).unwrap()]).unwrap();
        let place =
            Place { tenant: Uuid::from_u128(1), table: "connections", row: Uuid::from_u128(2), column: "credential" };
        let sealed = vault.seal(place, b"access-token").unwrap();
        assert_eq!(vault.open(place, &sealed).unwrap(), b"access-token");
        let moved = Place { row: Uuid::from_u128(3), ..place };
        assert_eq!(vault.open(moved, &sealed), Err(SealError::Broken));
        let mut changed = sealed.clone();
        *changed.last_mut().unwrap() ^= 1;
        assert_eq!(vault.open(place, &changed), Err(SealError::Broken));
        assert_eq!(vault.open(place, &sealed[..10]), Err(SealError::Broken));
    }

    #[test]
    fn a_data_key_needs_its_ring_key() {
        let stored = [DataKey::generate(&ring(&["old"])).unwrap()];
        assert_eq!(Vault::open_keys(&ring(&["new"]), &stored).unwrap_err(), SealError::RingKey("old".into()));
        assert_eq!(Vault::open_keys(&ring(&["old"]), &stored).unwrap_err(), SealError::Broken);
    }

    #[test]
    fn a_ring_says_what_is_wrong_with_it() {
        for (text, wrong) in [
            ("", RingError::Empty),
            ("abc", RingError::Form(1)),
            ("a:AAAA", RingError::Length(1)),
            (":AAAA", RingError::Form(1)),
        ] {
            assert_eq!(KeyRing::parse(&Secret::new(text)).unwrap_err(), wrong);
        }
        let one = KeyRing::generate_text("a").unwrap();
        assert_eq!(KeyRing::parse(&Secret::new(format!("{0},{0}", one.expose()))).unwrap_err(), RingError::Twice(2));
    }
}
