//! Random tokens. They carry 256 bits, so a plain hash is enough at rest.

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::secret::Secret;

use super::SealError;

/// A token with 256 random bits behind a prefix that tells people what it is.
pub fn random_token(prefix: &str) -> Result<Secret, SealError> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| SealError::Random)?;
    Ok(Secret::new(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes))))
}

/// What is stored of a token: its SHA-256.
pub fn hash(token: &[u8]) -> Vec<u8> {
    digest::digest(&digest::SHA256, token).as_ref().to_vec()
}
