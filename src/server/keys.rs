//! The sandbox's own secrets, kept in the data folder (0600): its key ring and its tenant's API key.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use super::Error;
use super::database::data_dir;
use crate::config::Config;
use crate::crypto::{self, KeyRing};
use crate::domain::secret::Secret;

/// The key ring: as configured; without live providers the sandbox's own.
pub(super) fn ring(config: &Config) -> Result<KeyRing, Error> {
    let text = match &config.keys {
        Some(keys) => keys.clone(),
        None => {
            let generate =
                || KeyRing::generate_text("sandbox").ok_or_else(|| Error("the system gave no random bytes".into()));
            kept(&data_dir(config)?.join("sandbox-keys"), generate)?
        }
    };
    KeyRing::parse(&text).map_err(|error| {
        Error(format!("configuration: keys: {error}; LINKSPAN_KEYS is id:base64,… with the current key first"))
    })
}

/// The API key of the sandbox's tenant: as configured, or made once.
pub(super) fn sandbox_api_key(config: &Config) -> Result<Secret, Error> {
    match &config.sandbox_api_key {
        Some(key) => Ok(key.clone()),
        None => kept(&data_dir(config)?.join("sandbox-api-key"), || {
            crypto::random_token("lsk_sandbox_").map_err(Error::new)
        }),
    }
}

/// The secret in that file, made where there is none.
fn kept(path: &Path, generate: impl FnOnce() -> Result<Secret, Error>) -> Result<Secret, Error> {
    let unusable = |error: std::io::Error| {
        Error(format!(
            "{} cannot be used ({error}): set LINKSPAN_DATA_DIR to a folder that this user may write",
            path.display()
        ))
    };
    if let Some(secret) = read(path).map_err(unusable)? {
        return Ok(secret);
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(unusable)?;
    }
    // Of several that start at once on one folder, one makes the secret and the others read it.
    let turn = File::create(path.with_extension("lock")).map_err(unusable)?;
    turn.lock().map_err(unusable)?;
    if let Some(secret) = read(path).map_err(unusable)? {
        return Ok(secret);
    }
    let secret = generate()?;
    // Written whole under another name first: a crash leaves the old state or the new one.
    let draft = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(unusable)?;
    writeln!(file, "{}", secret.expose()).and_then(|()| file.sync_all()).map_err(unusable)?;
    fs::rename(&draft, path).map_err(unusable)?;
    Ok(secret)
}

fn read(path: &Path) -> std::io::Result<Option<Secret>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(Secret::new)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failing test says where")]
    use super::*;

    #[test]
    fn those_who_start_at_once_keep_one_secret() {
        let folder = std::env::temp_dir().join(format!("linkspan-kept-{}", std::process::id()));
        let path = folder.join("secret");
        let made: Vec<String> = std::thread::scope(|scope| {
            let start = |number: usize| {
                let path = &path;
                scope.spawn(move || kept(path, || Ok(Secret::new(number.to_string()))).unwrap().expose().to_owned())
            };
            let started: Vec<_> = (0..20).map(start).collect();
            started.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        let stored = fs::read_to_string(&path).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(made, vec![stored.trim().to_owned(); 20]);
    }
}
