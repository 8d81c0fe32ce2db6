//! Jobs, and what becomes of a member with time. Jobs of most users end at once; those of users whose institution is slow take
//! half a minute.

use axum::extract::Path;
use chrono::{DateTime, Days, TimeDelta, Utc};

use super::Simulator;
use super::call::{Answer, Call, Error, Result};
use super::state::{MEMBER, Member, Running};
use super::users::member_json;
use crate::bank::{Access, Books, History};
use crate::domain::product::Product;

/// How long a slow institution's job takes.
const SLOW: TimeDelta = TimeDelta::seconds(30);
/// Within this time after a good aggregation there is no other.
const PAUSE: TimeDelta = TimeDelta::hours(3);
/// How often MX aggregates by itself.
const BACKGROUND: TimeDelta = TimeDelta::hours(24);
/// How far back an ordinary aggregation reaches, and the extended history.
pub const ORDINARY: Days = Days::new(90);
const EXTENDED: Days = Days::new(730);

/// `POST /users/{user}/members/{member}/{job}`
pub async fn start(Path((user, member, job)): Path<(String, String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let institution = books.institution();
    let offered = match job.as_str() {
        "aggregate" | "check_balance" => true,
        "verify" => institution.has(Product::Identifiers),
        "identify" => institution.has(Product::Owners),
        "extend_history" => institution.has(Product::Transactions),
        _ => return Err(Error::not_found()),
    };
    if !offered {
        return Err(Error::new(400, "the institution does not support this"));
    }
    if member.job.as_ref().is_some_and(|running| running.name != job) {
        return Err(Error::new(409, "another job is running"));
    }
    let status = if job == "verify" { 200 } else { 202 };
    let member = call.simulator.run(member, &books, &job).await?;
    call.answer(status, serde_json::json!({ "member": member_json(&member, &books) }))
}

impl Simulator {
    /// A member of that user as it is now, with its books.
    pub(super) async fn member(&self, user: &str, guid: &str) -> Result<(Member, Books)> {
        let stored: Option<Member> = self.shared.documents.get(MEMBER, guid).await?;
        let stored = stored.filter(|member| member.user == user).ok_or_else(Error::not_found)?;
        let books = self.shared.bank.books(&stored.login.user).await?;
        let mut now = stored.clone();
        settle(&mut now, &books);
        // What time has brought is kept, so that it is told once, and does not move.
        let changed = (stored.aggregated_at, &stored.job) != (now.aggregated_at, &now.job);
        let member = if changed { self.change(guid, |member| settle(member, &books)).await? } else { now };
        Ok((member, books))
    }

    /// Changes a member under a lock.
    pub(super) async fn change(&self, guid: &str, change: impl FnOnce(&mut Member) + Send) -> Result<Member> {
        let change = |member: &mut Member| {
            change(member);
            Ok::<_, std::convert::Infallible>(member.clone())
        };
        let changed = self.shared.documents.update(MEMBER, guid, change).await?.ok_or_else(Error::not_found)?;
        changed.map_err(|never| match never {})
    }

    /// Runs a job, unless it runs or is not due.
    async fn run(&self, member: Member, books: &Books, job: &str) -> Result<Member> {
        let now = books.now().at;
        if member.job.is_some() || (job == "aggregate" && !is_due(&member, now)) {
            return Ok(member);
        }
        let slow = books.history(&member.login) != History::Complete;
        let until = if slow { now + SLOW } else { now };
        let running = Running { name: job.to_owned(), until };
        let member = self
            .change(&member.guid, |member| {
                member.job = Some(running);
                settle(member, books);
            })
            .await?;
        self.tell(&member.guid).await?;
        Ok(member)
    }
}

/// Whether an aggregation would be run: not soon after a good one.
pub fn is_due(member: &Member, now: DateTime<Utc>) -> bool {
    now - member.successfully_aggregated_at >= PAUSE
}

/// Ends what has ended by now: a job, or the last aggregation of MX's own.
pub fn settle(member: &mut Member, books: &Books) {
    let now = books.now().at;
    if let Some(job) = member.job.take_if(|job| job.until <= now) {
        end(member, books, &job.name, job.until);
    }
    if member.job.is_none() && member.background && now - member.aggregated_at >= BACKGROUND {
        end(member, books, "aggregate", now);
    }
}

/// What a job brings. One at a login that is lost brings nothing.
pub fn end(member: &mut Member, books: &Books, job: &str, at: DateTime<Utc>) {
    member.aggregated_at = at;
    if status(member, books) != "CONNECTED" {
        return;
    }
    member.successfully_aggregated_at = at;
    member.seen = books.now();
    match job {
        "verify" => member.has_numbers = true,
        "identify" => member.has_owners = true,
        "extend_history" => member.history_from = member.history_from.min(at.date_naive() - EXTENDED),
        _ => {}
    }
}

/// How a member stands.
pub fn status(member: &Member, books: &Books) -> String {
    let derived = match books.access(&member.login) {
        Access::Good => "CONNECTED",
        Access::LoginRequired => "DENIED",
        Access::Locked => "LOCKED",
        Access::InstitutionDown => "FAILED",
        Access::Revoked => "IMPAIRED",
    };
    member.broken.clone().unwrap_or_else(|| derived.to_owned())
}
