//! Where PostgreSQL's programs are: `PG_BIN_DIR`, then the newest of the distribution's, then `PATH`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::error::Error;

/// The oldest major version that the SQL of this project is written for.
const OLDEST: u32 = 15;

/// Folders that hold one folder for each major version, and what stands before the number in its name.
const DISTRIBUTIONS: [(&str, &str); 3] =
    [("/usr/lib/postgresql", ""), ("/opt/homebrew/opt", "postgresql@"), ("/usr/local/opt", "postgresql@")];

/// The programs of one PostgreSQL installation.
#[derive(Debug)]
pub struct Binaries {
    /// The folder that holds `initdb` and `postgres`, without symbolic links.
    pub folder: PathBuf,
    /// Their major version, such as 15.
    pub major: u32,
}

impl Binaries {
    /// Finds the installation to use and asks it for its version.
    pub fn find() -> Result<Binaries, Error> {
        let folder = locate(env::var_os("PG_BIN_DIR"), &DISTRIBUTIONS, env::var_os("PATH"))?;
        let folder = fs::canonicalize(&folder).map_err(Error::io("open", &folder))?;
        let major = major(&folder.join("postgres"))?;
        if major < OLDEST {
            return Err(Error::TooOld { folder, major, oldest: OLDEST });
        }
        Ok(Binaries { folder, major })
    }
}

/// The order of the lookup, apart from the process's own environment.
fn locate(bin_dir: Option<OsString>, distributions: &[(&str, &str)], path: Option<OsString>) -> Result<PathBuf, Error> {
    if let Some(folder) = bin_dir.filter(|folder| !folder.is_empty()).map(PathBuf::from) {
        return if is_installation(&folder) { Ok(folder) } else { Err(Error::BinDir(folder)) };
    }
    newest(distributions)
        .or_else(|| env::split_paths(&path?).find(|folder| is_installation(folder)))
        .ok_or(Error::NoBinaries)
}

fn is_installation(folder: &Path) -> bool {
    ["initdb", "postgres"].iter().all(|program| folder.join(program).is_file())
}

fn newest(distributions: &[(&str, &str)]) -> Option<PathBuf> {
    distributions
        .iter()
        .flat_map(|(root, prefix)| fs::read_dir(root).into_iter().flatten().flatten().map(move |entry| (entry, prefix)))
        .filter_map(|(entry, prefix)| {
            let major: u32 = entry.file_name().to_str()?.strip_prefix(prefix)?.parse().ok()?;
            Some((major, entry.path().join("bin")))
        })
        .filter(|(major, folder)| *major >= OLDEST && is_installation(folder))
        .max_by_key(|(major, _)| *major)
        .map(|(_, folder)| folder)
}

fn major(postgres: &Path) -> Result<u32, Error> {
    let broken = |reason: String| Error::Broken { program: postgres.to_owned(), reason };
    let output = Command::new(postgres)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| broken(error.to_string()))?;
    parse_major(&String::from_utf8_lossy(&output.stdout))
        .ok_or_else(|| broken(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-1)` is 15.
fn parse_major(version: &str) -> Option<u32> {
    let (_, number) = version.split_once("(PostgreSQL) ")?;
    number.split(|character: char| !character.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use super::super::tests::TempFolder;
    use super::*;

    fn install(folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        for program in ["initdb", "postgres"] {
            fs::write(folder.join(program), "").unwrap();
        }
        folder.to_owned()
    }

    #[test]
    fn pg_bin_dir_comes_first_then_the_newest_of_the_distribution_then_path() {
        let temp = TempFolder::new("binaries");
        let root = temp.path().join("distribution");
        let distribution = [(root.to_str().unwrap(), "")];
        let named = install(&temp.path().join("named"));
        let path = install(&temp.path().join("path"));
        let path = || Some(path.clone().into_os_string());

        assert!(matches!(locate(None, &distribution, None), Err(Error::NoBinaries)));
        assert_eq!(locate(None, &distribution, path()).unwrap(), temp.path().join("path"));
        install(&root.join("14/bin"));
        assert!(matches!(locate(None, &distribution, None), Err(Error::NoBinaries)), "14 is too old");
        install(&root.join("15/bin"));
        let sixteen = install(&root.join("16/bin"));
        fs::create_dir_all(root.join("17/bin")).unwrap();
        assert_eq!(locate(None, &distribution, path()).unwrap(), sixteen, "17 is only a leftover folder");
        assert_eq!(locate(Some(named.clone().into()), &distribution, path()).unwrap(), named);
        assert_eq!(locate(Some("".into()), &distribution, path()).unwrap(), sixteen);
        let wrong = locate(Some(temp.path().into()), &distribution, path()).unwrap_err();
        assert!(wrong.to_string().starts_with("PG_BIN_DIR is "), "{wrong}");
    }

    #[test]
    fn the_major_version_is_read_from_what_postgres_says() {
        assert_eq!(parse_major("postgres (PostgreSQL) 15.18 (Debian 15.18-1.pgdg)"), Some(15));
        assert_eq!(parse_major("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(parse_major("something else 12"), None);
    }
}
