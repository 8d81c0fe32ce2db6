//! `/users` and their members.

use axum::extract::Path;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Call, Error, Reply, Result};
use super::jobs::status;
use super::state::{MEMBER, Member, USER, USER_ID, User, guid};
use crate::bank::Books;
use crate::domain::product::Product;

/// The longest id that a client may give.
const LONGEST_ID: usize = 255;

/// A time as MX writes it.
pub fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn user_json(user: &User) -> Value {
    json!({ "guid": user.guid, "id": user.id, "email": "", "is_disabled": false, "metadata": "" })
}

/// `POST /users`
pub async fn create(call: Call) -> Answer {
    let given = call.object("user")?.get("id").and_then(Value::as_str).unwrap_or_default();
    if given.is_empty() || given.len() > LONGEST_ID {
        return Err(Error::new(400, "id is missing or too long"));
    }
    let user = User { guid: guid("USR", &[given]), id: given.to_owned(), members: Vec::new() };
    let documents = &call.simulator.shared.documents;
    if !documents.put_new(USER_ID, given, &user.guid).await? {
        return Err(Error::new(409, "a user with this id exists"));
    }
    documents.put(USER, &user.guid, &user).await?;
    call.answer(200, json!({ "user": user_json(&user) }))
}

/// `GET /users`
pub async fn list(call: Call) -> Answer {
    let documents = &call.simulator.shared.documents;
    let mut users: Vec<Value> = Vec::new();
    match call.query("id") {
        Some(id) => {
            if let Some(guid) = documents.get::<String>(USER_ID, id).await? {
                users.extend(documents.get::<User>(USER, &guid).await?.as_ref().map(user_json));
            }
        }
        None => {
            let all: Vec<(String, User)> = documents.list(USER).await?;
            users.extend(all.iter().map(|(_, user)| user_json(user)));
        }
    }
    call.page("users", 1000, &users)
}

/// `DELETE /users/{user}`
pub async fn remove(Path(user): Path<String>, call: Call) -> Answer {
    let user = call.simulator.user(&user).await?;
    let documents = &call.simulator.shared.documents;
    for member in &user.members {
        documents.delete(MEMBER, member).await?;
    }
    documents.delete(USER_ID, &user.id).await?;
    documents.delete(USER, &user.guid).await?;
    Ok(Reply::empty())
}

/// `GET /users/{user}/members`
pub async fn list_members(Path(user): Path<String>, call: Call) -> Answer {
    let user = call.simulator.user(&user).await?;
    let mut members = Vec::new();
    for guid in &user.members {
        let (member, books) = call.simulator.member(&user.guid, guid).await?;
        members.push(member_json(&member, &books));
    }
    call.page("members", 1000, &members)
}

/// `GET /users/{user}/members/{member}`
pub async fn get_member(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    call.answer(200, json!({ "member": member_json(&member, &books) }))
}

/// `PUT /users/{user}/members/{member}`
pub async fn update_member(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let given = call.object("member")?;
    let text = |name: &str| given.get(name).and_then(Value::as_str).map(str::to_owned);
    let (id, metadata) = (text("id"), text("metadata"));
    let background = given.get("background_aggregation_is_disabled").and_then(Value::as_bool);
    let owner = call.simulator.user(&user).await?;
    for other in owner.members.iter().filter(|other| **other != member.guid) {
        let other: Option<Member> = call.simulator.shared.documents.get(MEMBER, other).await?;
        if id.is_some() && other.is_some_and(|other| other.id == id) {
            return Err(Error::new(409, "a member with this id exists"));
        }
    }
    let change = |member: &mut Member| {
        member.id = id.or(member.id.take());
        member.metadata = metadata.or(member.metadata.take());
        member.background = background.map_or(member.background, |disabled| !disabled);
    };
    let member = call.simulator.change(&member.guid, change).await?;
    call.answer(200, json!({ "member": member_json(&member, &books) }))
}

/// `DELETE /users/{user}/members/{member}`
pub async fn remove_member(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, _) = call.simulator.member(&user, &member).await?;
    let documents = &call.simulator.shared.documents;
    let forget = |user: &mut User| {
        user.members.retain(|guid| *guid != member.guid);
        Ok::<_, std::convert::Infallible>(())
    };
    let _ = documents.update(USER, &user, forget).await?;
    documents.delete(MEMBER, &member.guid).await?;
    Ok(Reply::empty())
}

/// `GET /users/{user}/members/{member}/status`
pub async fn get_status(Path((user, member)): Path<(String, String)>, call: Call) -> Answer {
    let (member, books) = call.simulator.member(&user, &member).await?;
    let status = status(&member, &books);
    call.answer(
        200,
        json!({ "member": {
            "guid": member.guid,
            "is_authenticated": status == "CONNECTED",
            "connection_status": status,
            "is_being_aggregated": member.job.is_some(),
            "aggregated_at": time(member.aggregated_at),
            "successfully_aggregated_at": time(member.successfully_aggregated_at),
            "has_processed_accounts": true,
            "has_processed_transactions": member.allows(Product::Transactions),
            "has_processed_account_numbers": member.has_numbers,
            "challenges": [],
        } }),
    )
}

/// A member as MX shows it. The fields of the most recent job have types of which no version agrees with its own example: null.
pub fn member_json(member: &Member, books: &Books) -> Value {
    let institution = books.institution();
    let status = status(member, books);
    let message = match status.as_str() {
        "CONNECTED" => format!("Connected to {}", institution.name),
        "FAILED" => format!("{} does not answer", institution.name),
        _ => format!("{} wants you to log in again", institution.name),
    };
    json!({
        "guid": member.guid, "id": member.id, "user_guid": member.user, "user_id": null, "name": institution.name,
        "metadata": member.metadata,
        "institution_code": institution.key, "institution_guid": guid("INS", &[&institution.key]),
        "connection_status": status, "connection_status_message": message,
        "is_being_aggregated": member.job.is_some(), "is_managed_by_user": false, "is_manual": false,
        "is_oauth": institution.oauth, "oauth_window_uri": null,
        "aggregated_at": time(member.aggregated_at),
        "successfully_aggregated_at": time(member.successfully_aggregated_at),
        "background_aggregation_is_disabled": !member.background,
        "needs_updated_credentials": false,
        "most_recent_job_detail_code": null, "most_recent_job_detail_text": null, "most_recent_job_guid": null,
        "use_cases": [],
    })
}

impl Simulator {
    /// The user of that id of MX's.
    pub(super) async fn user(&self, guid: &str) -> Result<User> {
        self.shared.documents.get(USER, guid).await?.ok_or_else(Error::not_found)
    }
}
