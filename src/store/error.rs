//! What can go wrong with the database, told apart by what the caller should do.

use std::time::Duration;

use crate::domain::problem::{Code, Problem};

/// A failure of the store. Its texts stay in the log; callers are told its kind.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database cannot be reached, is starting, or has no connection free: try again soon.
    #[error("the database is away: {0}")]
    Away(String),
    /// Others write to the same rows: try again at once.
    #[error("others are in the way: {0}")]
    Busy(String),
    /// What was to be stored is there already; holds the constraint's name.
    #[error("{0} is there already")]
    Conflict(String),
    /// The row is gone, or belongs to someone else.
    #[error("not found")]
    NotFound,
    /// Somebody else holds the lease now: give the work up.
    #[error("the lease is lost")]
    LeaseLost,
    /// Stored text that this version does not understand.
    #[error("the database holds a value that this version does not know: {0}")]
    Unreadable(String),
    /// A secret could not be opened or sealed.
    #[error("a secret could not be opened: {0}")]
    Seal(String),
    /// Anything else: a bug.
    #[error("the database refused: {0}")]
    Other(sqlx::Error),
}

/// What the store answers.
pub type Result<T> = std::result::Result<T, Error>;

/// SQLSTATE classes after which the database is away rather than wrong: connection, operator intervention, resources.
const AWAY: [&str; 3] = ["08", "57", "53"];

/// The same where others are in the way: lock time-out, deadlock.
const BUSY: [&str; 2] = ["55", "40"];

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::error::ErrorKind;
        match &error {
            sqlx::Error::RowNotFound => Self::NotFound,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Tls(_) => {
                Self::Away(error.to_string())
            }
            sqlx::Error::Protocol(_) | sqlx::Error::WorkerCrashed => Self::Away(error.to_string()),
            sqlx::Error::Database(database) => {
                let code = database.code().unwrap_or_default();
                if AWAY.iter().any(|class| code.starts_with(class)) {
                    Self::Away(error.to_string())
                } else if BUSY.iter().any(|class| code.starts_with(class)) {
                    Self::Busy(error.to_string())
                } else if database.kind() == ErrorKind::UniqueViolation {
                    Self::Conflict(database.constraint().unwrap_or_default().to_owned())
                } else {
                    Self::Other(error)
                }
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => Self::Unreadable(error.to_string()),
            _ => Self::Other(error),
        }
    }
}

impl From<crate::crypto::SealError> for Error {
    fn from(error: crate::crypto::SealError) -> Self {
        Self::Seal(error.to_string())
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        match error {
            sqlx::migrate::MigrateError::Execute(error) => error.into(),
            other => Self::Unreadable(other.to_string()),
        }
    }
}

impl From<Error> for Problem {
    /// What a caller is told; the text itself stays in the log.
    fn from(error: Error) -> Self {
        match error {
            Error::Away(_) => {
                tracing::warn!(%error, "the database is away");
                Self::new(Code::Unavailable, "The database is away for the moment. Try again soon.")
                    .retry_after(Duration::from_secs(2))
            }
            Error::Busy(_) => {
                tracing::warn!(%error, "requests got into each other's way");
                Self::new(Code::Unavailable, "Other requests work on the same connection. Try again.")
                    .retry_after(Duration::from_secs(1))
            }
            Error::NotFound => Self::not_found(),
            Error::LeaseLost => Self::new(Code::Unavailable, "Somebody else works on this connection. Try again soon.")
                .retry_after(Duration::from_secs(2)),
            Error::Conflict(_) | Error::Unreadable(_) | Error::Seal(_) | Error::Other(_) => {
                tracing::error!(%error, "the store failed");
                Self::new(Code::InternalError, "Something went wrong here. Give support the requestId.")
            }
        }
    }
}
