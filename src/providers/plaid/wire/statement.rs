//! Statements.

use chrono::NaiveDate;
use serde::Deserialize;

use super::Id;

/// `/statements/list`.
#[derive(Deserialize)]
pub struct Statements {
    /// The accounts that have some.
    pub accounts: Vec<StatementsAccount>,
}

/// An account with its statements.
#[derive(Deserialize)]
pub struct StatementsAccount {
    /// Its id.
    pub account_id: Id,
    /// Its statements.
    pub statements: Vec<Statement>,
}

/// A statement.
#[derive(Deserialize)]
pub struct Statement {
    /// Its id.
    pub statement_id: Id,
    /// When it was made.
    pub date_posted: Option<NaiveDate>,
    /// 1 to 12.
    pub month: i32,
    /// From 2010 on.
    pub year: i32,
}
