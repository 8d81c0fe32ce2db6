//! What can keep the private cluster from running; each sentence says what to do next.

use std::io;
use std::path::{Path, PathBuf};

/// Why the private cluster did not start or stop. Meant for the operator's eyes: it names paths and quotes the server's log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No `initdb` and `postgres` of a version that we support anywhere on this machine.
    #[error(
        "No PostgreSQL 15 or newer was found on this machine. Install it (Debian: `apt-get install postgresql`, macOS: `brew install postgresql@17`), \
         or set PG_BIN_DIR to the folder that holds `initdb` and `postgres`, or set LINKSPAN_DATABASE_URL to a database of your own."
    )]
    NoBinaries,
    /// `PG_BIN_DIR` is set, but to something else.
    #[error(
        "PG_BIN_DIR is {0}, which does not hold `initdb` and `postgres`. Set it to the folder that does, or unset it."
    )]
    BinDir(PathBuf),
    /// The binaries are there and do not run.
    #[error(
        "{program} does not say its version ({reason}). Reinstall PostgreSQL, or set PG_BIN_DIR to another one's bin folder."
    )]
    Broken {
        /// The program that was asked.
        program: PathBuf,
        /// What it said instead.
        reason: String,
    },
    /// PostgreSQL is older than Linkspan supports.
    #[error(
        "{folder} holds PostgreSQL {major}, and Linkspan needs {oldest} or newer. Install a newer one, or set PG_BIN_DIR to its bin folder."
    )]
    TooOld {
        /// Where the binaries are.
        folder: PathBuf,
        /// Their major version.
        major: u32,
        /// The oldest that works.
        oldest: u32,
    },
    /// The data belongs to another major version, and there is none yet for the binaries at hand.
    #[error(
        "{folder} was written by PostgreSQL {written_by}, and the binaries found are PostgreSQL {major}, which cannot read it. \
         Set PG_BIN_DIR to the bin folder of PostgreSQL {written_by}; or, to begin with an empty database, move that folder away."
    )]
    OtherMajor {
        /// The cluster folder that is there.
        folder: PathBuf,
        /// The major version that wrote it.
        written_by: u32,
        /// The major version of the binaries.
        major: u32,
    },
    /// We are root, and there is nobody to run PostgreSQL in our place.
    #[error(
        "PostgreSQL refuses to run as root, and this system has neither a user `postgres` nor a user `nobody` to run it. \
         Create one (`useradd --system postgres`), or start Linkspan as an ordinary user."
    )]
    NoAccount,
    /// The account that runs PostgreSQL cannot get to a folder.
    #[error(
        "PostgreSQL runs as {account} here (it refuses root), and {account} may not enter {blocked}, on the way to {path}. \
         Set {setting} to a folder that every user may pass to, such as {example}, or start Linkspan as an ordinary user."
    )]
    Unreachable {
        /// Who runs the server.
        account: String,
        /// The outermost folder that refuses it.
        blocked: PathBuf,
        /// Where it has to get to.
        path: PathBuf,
        /// The variable that chooses `path`.
        setting: &'static str,
        /// A place that works.
        example: &'static str,
    },
    /// Another living Linkspan holds the data folder.
    #[error(
        "Another Linkspan is running on {0}. Stop it, or give this one a folder of its own with LINKSPAN_DATA_DIR."
    )]
    InUse(PathBuf),
    /// A server that a killed Linkspan left behind does not go away.
    #[error(
        "A PostgreSQL server left over from an earlier run (process {pid}) still holds {folder} and does not stop. End that process, then start again."
    )]
    Leftover {
        /// The server's process.
        pid: u32,
        /// Its cluster folder.
        folder: PathBuf,
    },
    /// The folder for the socket is there already and is not ours.
    #[error(
        "{0} exists and does not belong to the database's user alone. Remove it, or set LINKSPAN_DATA_DIR to a shorter path."
    )]
    SocketFolder(PathBuf),
    /// `initdb` or the server ended too early, or was not done in time.
    #[error("{program} {problem}. Its log, {log}, ends with:\n{tail}")]
    Failed {
        /// `initdb` or `postgres`.
        program: &'static str,
        /// What was wrong with it.
        problem: &'static str,
        /// The whole log.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// The server outlived even being killed.
    #[error(
        "PostgreSQL (process {0}) did not stop, not even when killed. Look for a hanging disk, and end it by hand."
    )]
    NotStopped(u32),
    /// The server runs and does not do its first commands.
    #[error(
        "The private database refused its first commands: {0}. If it does not pass, move the data folder away to begin with an empty one."
    )]
    Sql(#[from] sqlx::Error),
    /// A file or folder of ours could not be used.
    #[error(
        "Cannot {action} {path}: {source}. See who owns it and whether the disk is full, or set LINKSPAN_DATA_DIR to a folder of your own."
    )]
    Io {
        /// What was tried.
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Neither `HOME` nor `XDG_DATA_HOME` says where a user's data belongs.
    #[error("Neither HOME nor XDG_DATA_HOME is set, so there is no default data folder. Set LINKSPAN_DATA_DIR.")]
    NoHome,
    /// The runtime went away while the cluster was starting or stopping.
    #[error("Linkspan was stopped while its database was starting or stopping. Start it again.")]
    Interrupted,
}

impl Error {
    /// For `map_err`: what was tried, and on which path.
    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
        let path = path.to_owned();
        move |source| Error::Io { action, path, source }
    }
}
