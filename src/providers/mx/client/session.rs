//! How a session stands. The widget exchanges nothing and tells nobody but the page that holds it: we look at MX's own list of the
//! customer's members.
//!
//! A **first link** has succeeded once a new member at the institution is connected. The session claims it by giving it its own
//! id, so that no other session takes it too. A **repair** has succeeded once the member is well again, or, where nothing was
//! broken, was aggregated since or the customer came to the widget's end.

use std::collections::BTreeSet;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress, LinkRequest, Linked};
use crate::providers::mx::map::status::{self, Standing};
use crate::providers::mx::wire::Guid;
use crate::providers::mx::wire::member::{Member, MemberAnswer, Members};
use crate::providers::{Failure, FailureKind};

use super::{Api, Link, Request, accounts, members, transactions};

/// How every session begins that is sent along as `X-CALLBACK-PAYLOAD`: `{"session":"`.
pub const PAYLOAD_PREFIX: &str = "eyJzZXNzaW9uIjoi";

/// How long a customer may take: ten minutes to open the page, and then as long as one may sit at a bank's.
const LONGEST_VISIT: TimeDelta = TimeDelta::minutes(60);

/// What is to be known of a session. Its first field makes [`PAYLOAD_PREFIX`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Our session's id.
    pub session: String,
    /// MX's user.
    pub user: String,
    /// When its page was made, in seconds.
    pub begun: i64,
    /// The institution's code, where it was chosen.
    pub institution: Option<String>,
    /// Members that were there before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub passed: Vec<String>,
    /// What it asks for of which it shows in the end whether it came.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub asked: BTreeSet<Product>,
    /// Whether it asks for the extended history.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub history: bool,
    /// What is repaired.
    pub repair: Option<Repair>,
}

/// What is repaired, as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// The member.
    pub member: String,
    /// Whether something was broken.
    pub broken: bool,
    /// When it had been aggregated, in seconds.
    pub aggregated: Option<i64>,
}

impl Session {
    /// One that repairs the member, as it is now.
    pub fn repairing(request: &LinkRequest, link: &Link, member: &Member, broken: bool, now: DateTime<Utc>) -> Self {
        Self {
            session: request.session_id.clone(),
            user: link.user.to_string(),
            begun: now.timestamp(),
            institution: None,
            passed: Vec::new(),
            asked: BTreeSet::new(),
            history: false,
            repair: Some(Repair {
                member: link.member.to_string(),
                broken,
                aggregated: member.aggregated_at.map(|at| at.timestamp()),
            }),
        }
    }

    /// As it is kept, and sent to MX.
    pub fn to_secret(&self) -> Secret {
        // In the order of the fields; texts and numbers always serialise.
        Secret::new(BASE64_STANDARD.encode(serde_json::to_string(self).unwrap_or_default()))
    }

    /// Reads what was kept.
    fn of(secret: &Secret) -> Option<Self> {
        serde_json::from_slice(&BASE64_STANDARD.decode(secret.expose()).ok()?).ok()
    }

    fn is_over(&self, now: DateTime<Utc>) -> bool {
        now.timestamp() > self.begun.saturating_add(LONGEST_VISIT.num_seconds())
    }
}

/// Asks how a session stands. What the page or the redirect brought is no proof of anything: it only says when to look, and, where
/// nothing is found, that the customer has left.
pub async fn progress(api: &Api<'_>, request: &LinkContinuation) -> Result<LinkProgress, Failure> {
    let Some(session) = Session::of(&request.provider_session) else { return Ok(expired()) };
    let found = match &session.repair {
        None => first_link(api, &session).await?,
        Some(repair) => repaired(api, &session, repair, came_back_well(&request.input)).await?,
    };
    if let Some(progress) = found {
        return Ok(progress);
    }
    match left(&request.input) {
        Some(end) => Ok(LinkProgress::Ended(end)),
        None if session.is_over(api.now()) => Ok(expired()),
        None => Ok(LinkProgress::Pending),
    }
}

async fn first_link(api: &Api<'_>, session: &Session) -> Result<Option<LinkProgress>, Failure> {
    let Ok(user) = session.user.parse::<Guid>() else { return Ok(Some(expired())) };
    let here = match members_at(api, &user, session.institution.as_deref()).await {
        Err(failure) if failure.kind == FailureKind::NotFound => return Ok(Some(expired())),
        here => here?,
    };
    let claimed = here.iter().find(|member| member.id.as_deref() == Some(&*session.session));
    let member = match claimed.or_else(|| here.iter().find(|member| is_new(member, session))) {
        None => return Ok(None),
        Some(member) => member.guid.clone(),
    };
    let link = Link { user, member, history: session.history };
    if claimed.is_none() {
        claim(api, &link, &session.session).await?;
    }
    let Some(withheld) = withheld(api, &link, session).await? else { return Ok(Some(LinkProgress::Pending)) };
    Ok(Some(LinkProgress::Linked(Linked {
        credential: link.credential(),
        provider_connection_id: link.member.to_string(),
        provider_session_id: None,
        withheld,
    })))
}

/// What the member did not bring of what was asked for; `None` while MX is still at it. MX has no consent by product: what a customer
/// withholds at the institution is merely not there. Where MX cannot be asked just now the link stands all the same.
async fn withheld(api: &Api<'_>, link: &Link, session: &Session) -> Result<Option<BTreeSet<Product>>, Failure> {
    let mut withheld = BTreeSet::new();
    if session.asked.is_empty() {
        return Ok(Some(withheld));
    }
    let member = members::member(api, link).await?;
    for &product in &session.asked {
        let came = match product {
            Product::Identifiers => accounts::numbers(api, link, &member).await.map(drop),
            Product::Owners => accounts::owners(api, link, &member).await.map(drop),
            _ => transactions::have_come(api, link, &member).await,
        };
        match came {
            Err(failure) if failure.kind == FailureKind::Unsupported => {
                withheld.insert(product);
            }
            Err(failure) if failure.kind == FailureKind::NotReady && !session.is_over(api.now()) => return Ok(None),
            _ => {}
        }
    }
    Ok(Some(withheld))
}

/// A member that nobody has claimed, was not there before, and has been connected; the institution may fail again by now.
fn is_new(member: &Member, session: &Session) -> bool {
    let connected = matches!(status::of(member), Standing::Settled(condition) if !condition.status.needs_customer());
    member.id.is_none()
        && member.successfully_aggregated_at.is_some()
        && connected
        && !session.passed.iter().any(|passed| passed == member.guid.as_str())
}

async fn claim(api: &Api<'_>, link: &Link, session_id: &str) -> Result<(), Failure> {
    let body = json!({ "member": { "id": session_id } });
    let answer: MemberAnswer = api.send(Request::put("claim", link.path(""), body)).await?;
    let ours = answer.member.id.as_deref() == Some(session_id);
    if ours { Ok(()) } else { Err(status::not_ready("NOT_CLAIMED")) }
}

async fn repaired(
    api: &Api<'_>,
    session: &Session,
    repair: &Repair,
    came_back: bool,
) -> Result<Option<LinkProgress>, Failure> {
    let (Ok(user), Ok(member)) = (session.user.parse(), repair.member.parse()) else { return Ok(Some(expired())) };
    let member = members::member(api, &Link { user, member, history: false }).await?;
    let well = matches!(status::of(&member), Standing::Settled(condition) if !condition.status.needs_customer());
    let since = member.aggregated_at.is_some_and(|at| Some(at.timestamp()) > repair.aggregated);
    // Within three hours of the last aggregation MX runs no other: then only the way back tells that the customer was there.
    let done = well && (repair.broken || since || came_back);
    Ok(done.then_some(LinkProgress::Repaired { credential: None, provider_session_id: None }))
}

/// The customer's members at the institution, or all of them.
pub async fn members_at(api: &Api<'_>, user: &Guid, institution: Option<&str>) -> Result<Vec<Member>, Failure> {
    let entries = |page: Members| (page.members, page.pagination);
    let mut members = api.list("members", &format!("/users/{user}/members"), entries).await?;
    members.retain(|member| institution.is_none_or(|code| member.institution_code.as_deref() == Some(code)));
    Ok(members)
}

/// Whether the customer came back from the end of the widget, or the page around it was told that the member is connected.
fn came_back_well(input: &LinkInput) -> bool {
    match input {
        LinkInput::Callback(query) => query.get("status").is_some_and(|status| status == "success"),
        LinkInput::Result(told) => told["type"] == "mx/connect/memberConnected",
        _ => false,
    }
}

/// The end that the way back tells of: `status=error`, with a reason.
fn left(input: &LinkInput) -> Option<AttemptEnd> {
    let LinkInput::Callback(query) = input else { return None };
    if query.get("status").map(String::as_str) != Some("error") {
        return None;
    }
    let reason = query.get("error_reason").map(|reason| reason.to_ascii_uppercase()).unwrap_or_default();
    let cancelled = reason.is_empty() || matches!(&*reason, "CANCELLED" | "CANCELED" | "USER_CANCELLED");
    let plain = reason.len() <= 100 && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let code = match (cancelled, plain) {
        (true, _) => AttemptEnd::CANCELLED.to_owned(),
        (false, true) => reason,
        (false, false) => "UNKNOWN".to_owned(),
    };
    Some(AttemptEnd::of(code))
}

fn expired() -> LinkProgress {
    LinkProgress::Ended(AttemptEnd::of(AttemptEnd::SESSION_EXPIRED))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn session() -> Session {
        Session {
            session: "0190".to_owned(),
            user: "USR-1".to_owned(),
            begun: 1_000,
            institution: Some("mxbank".to_owned()),
            passed: vec!["MBR-0".to_owned()],
            asked: [Product::Owners].into(),
            history: true,
            repair: None,
        }
    }

    fn member(guid: &str, status: &str, id: Option<&str>) -> Member {
        let at = "2026-01-01T00:00:00Z";
        serde_json::from_value(json!({"guid": guid, "id": id, "connection_status": status,
            "successfully_aggregated_at": at, "aggregated_at": at}))
        .unwrap()
    }

    #[test]
    fn a_session_survives_being_kept_and_is_known_by_its_beginning() {
        let kept = session().to_secret();
        assert!(kept.expose().starts_with(PAYLOAD_PREFIX), "{}", kept.expose());
        assert_eq!(Session::of(&kept), Some(session()));
        assert_eq!(Session::of(&Secret::new("a-session-that-never-was")), None);
    }

    #[test]
    fn only_a_new_unclaimed_connected_member_is_the_sessions() {
        assert!(is_new(&member("MBR-1", "CONNECTED", None), &session()));
        assert!(!is_new(&member("MBR-0", "CONNECTED", None), &session()), "it was there before");
        assert!(!is_new(&member("MBR-1", "CONNECTED", Some("other")), &session()), "another session has it");
        assert!(!is_new(&member("MBR-1", "CHALLENGED", None), &session()), "not yet");
    }

    #[test]
    fn the_way_back_tells_how_the_customer_left() {
        let back = |query: &[(&str, &str)]| {
            let query: BTreeMap<String, String> =
                query.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            left(&LinkInput::Callback(query)).map(|end| (end.is_cancelled(), end.code))
        };
        assert_eq!(back(&[("status", "success")]), None);
        assert_eq!(back(&[("state", "x")]), None);
        assert_eq!(back(&[("status", "error")]), Some((true, "CANCELLED".to_owned())));
        let locked = back(&[("status", "error"), ("error_reason", "locked")]);
        assert_eq!(locked, Some((false, "LOCKED".to_owned())));
        let odd = back(&[("status", "error"), ("error_reason", "<b>")]);
        assert_eq!(odd, Some((false, "UNKNOWN".to_owned())));
    }

    proptest! {
        #[test]
        fn any_text_is_a_session_or_none(text in "\\PC{0,80}") {
            let _ = Session::of(&Secret::new(text));
        }
    }
}
