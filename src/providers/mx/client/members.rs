//! Members and their jobs. A job runs at MX while `is_being_aggregated`; another kind of job is refused meanwhile (409), and an
//! institution that does not have it refuses it with 400.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::domain::product::ProductReason;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::data::{Observation, RefreshRequest};
use crate::providers::mx::map::status::{self, Standing};
use crate::providers::mx::spec::SPEC;
use crate::providers::mx::wire::Guid;
use crate::providers::mx::wire::account::{Account, Accounts};
use crate::providers::mx::wire::member::{Member, MemberAnswer};
use crate::providers::mx::{error, map};
use crate::providers::records::{Made, Make, Record};
use crate::providers::rows::check_whose;
use crate::providers::{Failure, FailureKind, Persistence};

use super::{Api, Link, Request};

/// Within this time after a good aggregation MX runs no other, and answers 202 all the same.
const PAUSE: TimeDelta = TimeDelta::seconds(SPEC.refresh_pause_seconds as i64);

/// After a job has ended it is not asked for again so soon: if it brought nothing, there is nothing.
const JUST_NOW: TimeDelta = TimeDelta::minutes(10);

/// What is kept with an end is made anew so much before it.
const EARLY: TimeDelta = TimeDelta::minutes(5);

/// What MX can be asked to fetch from the institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Everything that is ordinary.
    Aggregate,
    /// Balances alone.
    CheckBalance,
    /// Account numbers.
    Verify,
    /// Owners.
    Identify,
    /// Up to two years of transactions.
    ExtendHistory,
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Aggregate => "aggregate",
            Self::CheckBalance => "check_balance",
            Self::Verify => "verify",
            Self::Identify => "identify",
            Self::ExtendHistory => "extend_history",
        }
    }
}

/// The member as it stands.
pub async fn member(api: &Api<'_>, link: &Link) -> Result<Member, Failure> {
    let answer: Result<MemberAnswer, Failure> = api.send(Request::get("status", link.path(""))).await;
    let member = answer.map_err(error::of_member)?.member;
    check_whose("a member", [&member], |one| one.guid != link.member)?;
    Ok(member)
}

/// The member, if its data is worth reading: MX hands out what it has long after the login was lost.
pub async fn usable(api: &Api<'_>, link: &Link) -> Result<Member, Failure> {
    let member = member(api, link).await?;
    match (status::lost(&member), status::of(&member)) {
        (Some(lost), _) => Err(lost),
        (None, Standing::UnderWay) => Err(status::not_ready(&status::code(&member))),
        (None, Standing::Settled(_)) => Ok(member),
    }
}

/// How the connection stands.
pub async fn observe(api: &Api<'_>, link: &Link) -> Result<Observation, Failure> {
    status::observation(&member(api, link).await?)
}

/// Starts a job; the member as it is then.
pub async fn start(api: &Api<'_>, link: &Link, job: Job) -> Result<Member, Failure> {
    let path = link.path(&format!("/{}", job.name()));
    let answer: Result<MemberAnswer, Failure> = api.send(Request::post(job.name(), path, None)).await;
    answer.map(|answer| answer.member).map_err(error::of_job)
}

/// Starts a job unless that was done before, lately or ever; the member as it is then, if it was started.
pub async fn start_once(
    api: &Api<'_>,
    link: &Link,
    job: Job,
    again_after: Option<TimeDelta>,
) -> Result<Option<Member>, Failure> {
    let (mut started, name) = (None, format!("{}/{}", job.name(), link.member));
    let make: Make<'_> = Box::new(|_| {
        let started = &mut started;
        Box::pin(async move {
            *started = Some(start(api, link, job).await?);
            let expires_at = again_after.map(|pause| api.now() + pause + EARLY);
            Ok(Made { secret: Secret::new("asked for"), expires_at })
        })
    });
    api.context().records.get(ServiceProvider::Mx, Record::Shared(&name), api.now(), make).await?;
    Ok(started)
}

/// Has a list filled that is empty; it has to be asked for again once the job has ended.
pub async fn fill(api: &Api<'_>, (link, member): (&Link, &Member), job: Job) -> Result<(), Failure> {
    if is_busy(member) {
        return Err(status::not_ready("BEING_AGGREGATED"));
    }
    match start_once(api, link, job, Some(JUST_NOW)).await? {
        Some(member) if is_busy(&member) => Err(status::not_ready("BEING_AGGREGATED")),
        Some(_) => Ok(()),
        None => Err(nothing(job)),
    }
}

/// Whether a job is running.
pub fn is_busy(member: &Member) -> bool {
    member.is_being_aggregated == Some(true)
}

fn ended_since(at: Option<DateTime<Utc>>, since: DateTime<Utc>) -> bool {
    at.is_some_and(|at| at > since)
}

/// The job has ended, and the list is still empty.
pub fn nothing(job: Job) -> Failure {
    let code = format!("NOTHING_TO_{}", job.name().to_uppercase());
    let message = "the institution gave none for these accounts";
    let mut failure = Failure::new(FailureKind::Unsupported, Persistence::Permanent, code, message);
    failure.product_reason = Some(ProductReason::NoCompatibleAccount);
    failure
}

/// Fetches the balances from the institution, unless that was done just now.
pub async fn refresh_balances(api: &Api<'_>, link: &Link, member: &Member) -> Result<(), Failure> {
    if ended_since(member.aggregated_at, api.now() - JUST_NOW) {
        return Ok(());
    }
    if is_busy(member) {
        return Err(status::not_ready("BEING_AGGREGATED"));
    }
    match start(api, link, Job::CheckBalance).await {
        Ok(member) if is_busy(&member) => Err(status::not_ready("BEING_AGGREGATED")),
        Ok(_) => Ok(()),
        // The last known ones have to do.
        Err(failure) if failure.kind == FailureKind::Unsupported => Ok(()),
        Err(failure) => Err(failure),
    }
}

/// Has MX aggregate now, if it would: within three hours of the last good time it says yes and does nothing.
pub async fn refresh(api: &Api<'_>, link: &Link, request: &RefreshRequest<'_>) -> Result<(), Failure> {
    if !request.products.iter().any(|product| SPEC.refreshable.contains(product)) {
        return Ok(());
    }
    let member = usable(api, link).await?;
    let is_fresh = ended_since(member.successfully_aggregated_at, api.now() - TimeDelta::hours(24));
    if is_busy(&member) || request.scheduled && is_fresh {
        return Ok(());
    }
    if let Some(wait) = member
        .successfully_aggregated_at
        .and_then(|at| (at + PAUSE - api.now()).to_std().ok())
        .filter(|wait| !wait.is_zero())
    {
        let message = "MX aggregates a member at most once in three hours";
        let mut failure = Failure::new(FailureKind::RateLimit, Persistence::Temporary, "AGGREGATED_RECENTLY", message);
        failure.retry_after = Some(wait);
        return Err(failure);
    }
    start(api, link, Job::Aggregate).await.map(drop)
}

/// Lets MX aggregate by itself, where a link that asked for numbers or owners alone turned that off.
pub async fn keep_fresh(api: &Api<'_>, link: &Link) -> Result<(), Failure> {
    let body = json!({ "member": { "background_aggregation_is_disabled": false } });
    let answer: Result<MemberAnswer, Failure> = api.send(Request::put("keep_fresh", link.path(""), body)).await;
    answer.map(drop).map_err(error::of_member)
}

/// Removes the member, and with it its data and its billing. One that is not there counts as removed.
pub async fn remove(api: &Api<'_>, link: &Link) -> Result<(), Failure> {
    match api.send_only(Request::delete("revoke", link.path(""))).await {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Whether something names a member, and another one.
pub fn is_of_another(named: Option<&Guid>, link: &Link) -> bool {
    named.is_some_and(|named| *named != link.member)
}

/// Every account that is to be seen.
pub async fn accounts(api: &Api<'_>, link: &Link) -> Result<Vec<Account>, Failure> {
    let all = api.list("accounts", &link.path("/accounts"), |page: Accounts| (page.accounts, page.pagination)).await?;
    check_whose("accounts", &all, |one: &Account| is_of_another(one.member_guid.as_ref(), link))?;
    Ok(all.into_iter().filter(map::accounts::is_shared).collect())
}
