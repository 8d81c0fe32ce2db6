//! The key ring: keys from the configuration that seal the data keys. The first is current.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::secret::Secret;

/// A key ring that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// An entry is not `id:base64`.
    #[error("entry {0} is not of the form id:base64")]
    Form(usize),
    /// A key is not 32 bytes.
    #[error("the key of entry {0} is not 32 bytes in base64; make one with: openssl rand -base64 32")]
    Length(usize),
    /// Two keys have the same id.
    #[error("two entries have the id of entry {0}")]
    Twice(usize),
    /// There is no key.
    #[error("there is no key in it")]
    Empty,
}

/// The keys that seal data keys, current one first.
#[derive(Clone)]
pub struct KeyRing {
    keys: Vec<(String, [u8; 32])>,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|(id, _)| id)).finish()
    }
}

impl KeyRing {
    /// Reads `id:base64,id:base64,…`.
    pub fn parse(text: &Secret) -> Result<Self, RingError> {
        let mut keys: Vec<(String, [u8; 32])> = Vec::new();
        for (index, entry) in text.expose().split(',').map(str::trim).filter(|entry| !entry.is_empty()).enumerate() {
            let number = index + 1;
            let (id, encoded) = entry.split_once(':').ok_or(RingError::Form(number))?;
            if id.is_empty() || id.len() > 64 {
                return Err(RingError::Form(number));
            }
            let bytes = STANDARD.decode(encoded.trim()).map_err(|_| RingError::Length(number))?;
            let key = <[u8; 32]>::try_from(bytes).map_err(|_| RingError::Length(number))?;
            if keys.iter().any(|(known, _)| known == id) {
                return Err(RingError::Twice(number));
            }
            keys.push((id.to_owned(), key));
        }
        if keys.is_empty() { Err(RingError::Empty) } else { Ok(Self { keys }) }
    }

    /// The text of a fresh ring with one key, for the sandbox's own.
    pub fn generate_text(id: &str) -> Option<Secret> {
        let mut key = [0; 32];
        rand::fill(&mut key).ok()?;
        Some(Secret::new(format!("{id}:{}", STANDARD.encode(key))))
    }

    /// The key with which new data keys are sealed.
    pub(super) fn current(&self) -> Option<&(String, [u8; 32])> {
        self.keys.first()
    }

    /// A key by its id.
    pub(super) fn find(&self, id: &str) -> Option<&[u8; 32]> {
        self.keys.iter().find(|(known, _)| known == id).map(|(_, key)| key)
    }
}
