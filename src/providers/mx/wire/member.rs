//! Members: a login of a user at an institution, our connection.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::{Guid, Pagination, time};

/// An answer with a member.
#[derive(Deserialize)]
pub struct MemberAnswer {
    /// The member.
    pub member: Member,
}

/// `GET /users/{user}/members`
#[derive(Deserialize)]
pub struct Members {
    /// The members of this page.
    pub members: Vec<Member>,
    /// Where the page stands.
    #[serde(default)]
    pub pagination: Pagination,
}

/// A member.
#[derive(Clone, Debug, Deserialize)]
pub struct Member {
    /// MX's id.
    pub guid: Guid,
    /// Our own id, which claims the member for a link session.
    pub id: Option<String>,
    /// How it stands; null before anything was tried.
    pub connection_status: Option<String>,
    /// The same for people.
    pub connection_status_message: Option<String>,
    /// Which institution.
    pub institution_code: Option<String>,
    /// Whether a job is running.
    pub is_being_aggregated: Option<bool>,
    /// Whether a job has brought transactions; stands in the answer of `/status` alone.
    pub has_processed_transactions: Option<bool>,
    /// When the last job ended.
    #[serde(default, deserialize_with = "time")]
    pub aggregated_at: Option<DateTime<Utc>>,
    /// When the last job ended well.
    #[serde(default, deserialize_with = "time")]
    pub successfully_aggregated_at: Option<DateTime<Utc>>,
    /// Whether the customer logged in at the institution's own page.
    pub is_oauth: Option<bool>,
    /// Whether the credentials no longer do.
    pub needs_updated_credentials: Option<bool>,
    /// Whether MX leaves it alone between our calls.
    pub background_aggregation_is_disabled: Option<bool>,
}
