//! What we keep of a user, a link and a session, as sealed texts.

use aws_lc_rs::digest::{SHA256, digest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::finapi::wire::UserMade;
use crate::providers::records::{Attempt, Made, Make, Record};
use crate::providers::{Failure, FailureKind, Persistence};

use super::{Api, Caller, Operation, Verb};

const CREATE: Operation = Operation::changing("POST /api/v2/users", Verb::Post);

/// A customer's user at finAPI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The id.
    pub id: String,
    /// The password.
    pub password: Secret,
}

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// Whose.
    pub user: User,
    /// The bank connection's id.
    pub connection: i64,
}

/// A session: a web form that somebody is to go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// As whom it was made.
    pub user: User,
    /// The web form's id.
    pub form: String,
    /// Where it updates one, the bank connection with the accounts that it had before.
    pub updates: Option<(i64, Vec<i64>)>,
    /// The bank, where the customer did not choose it.
    pub bank: Option<i64>,
    /// Whether finAPI was told where to send notifications.
    pub notify: bool,
}

/// All of them as they are written.
#[derive(Serialize, Deserialize)]
struct Text {
    user: String,
    password: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    connection: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    form: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accounts: Option<Vec<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank: Option<i64>,
    #[serde(default)]
    notify: bool,
}

impl Text {
    fn of(user: &User) -> Self {
        let (user, password) = (user.id.clone(), user.password.expose().to_owned());
        Self { user, password, connection: None, form: None, accounts: None, bank: None, notify: false }
    }

    fn user(&self) -> User {
        User { id: self.user.clone(), password: Secret::new(self.password.as_str()) }
    }

    fn secret(&self) -> Secret {
        // Plain texts and numbers: nothing in them can fail to be written.
        Secret::new(serde_json::to_string(self).unwrap_or_default())
    }
}

impl Credential {
    /// Reads it.
    pub fn read(secret: &Secret) -> Result<Self, Failure> {
        let text: Text = parse(secret)?;
        Ok(Self { user: text.user(), connection: text.connection.ok_or_else(unreadable)? })
    }

    /// As it is kept.
    pub fn secret(&self) -> Secret {
        Text { connection: Some(self.connection), ..Text::of(&self.user) }.secret()
    }
}

impl Session {
    /// Reads it.
    pub fn read(secret: &Secret) -> Result<Self, Failure> {
        let text: Text = parse(secret)?;
        let (user, updates) = (text.user(), text.connection.zip(text.accounts));
        Ok(Self { user, form: text.form.ok_or_else(unreadable)?, updates, bank: text.bank, notify: text.notify })
    }

    /// As it is kept.
    pub fn secret(&self) -> Secret {
        let (connection, accounts) = self.updates.clone().unzip();
        let form = Some(self.form.clone());
        Text { connection, form, accounts, bank: self.bank, notify: self.notify, ..Text::of(&self.user) }.secret()
    }
}

/// The customer's user, made the first time. Nothing of it comes from the customer: id and password are made of a seed that was stored before,
/// so that a user who was made in vain is found again.
pub async fn user(api: &Api<'_>, customer_ref: &str) -> Result<User, Failure> {
    let make: Make<'_> = Box::new(|attempt| Box::pin(create(api, attempt)));
    let record = Record::Customer(customer_ref);
    let kept = api.cx.records.get(ServiceProvider::FinApi, record, api.now(), make).await?;
    Ok(parse::<Text>(&kept)?.user())
}

async fn create(api: &Api<'_>, attempt: Attempt) -> Result<Made, Failure> {
    let id = derived("user", &attempt.seed).chars().take(32).collect();
    let user = User { id, password: Secret::new(derived("password", &attempt.seed)) };
    let body = json!({
        "id": user.id, "password": user.password.expose(), "isAutoUpdateEnabled": api.config().auto_update,
    });
    match api.make::<UserMade>(Caller::Client, CREATE, "/api/v2/users", &body).await {
        Ok(made) if made.id.eq_ignore_ascii_case(&user.id) => {}
        Ok(_) => return Err(Failure::unreadable("another user than was to be made")),
        // An earlier attempt has made it: nobody else could have known the id.
        Err(failure) if failure.code == "ENTITY_EXISTS" => {}
        Err(failure) => return Err(failure),
    }
    Ok(Made { secret: Text::of(&user).secret(), expires_at: None })
}

/// finAPI does not know the user any more, or never made it: it is made or found anew next time, with the same id and password.
pub async fn forget(api: &Api<'_>, customer_ref: &str, user: &User) -> Failure {
    let record = Record::Customer(customer_ref);
    match api.cx.records.forget(ServiceProvider::FinApi, record, &Text::of(user).secret()).await {
        Ok(()) => {
            let message = "finAPI did not know the customer; try again";
            Failure::new(FailureKind::Unavailable, Persistence::Temporary, "USER_GONE", message)
        }
        Err(failure) => failure,
    }
}

fn derived(what: &str, seed: &Secret) -> String {
    let hash = digest(&SHA256, format!("{what}:{}", seed.expose()).as_bytes());
    hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse<T: DeserializeOwned>(secret: &Secret) -> Result<T, Failure> {
    serde_json::from_str(secret.expose()).map_err(|_| unreadable())
}

fn unreadable() -> Failure {
    let message = "this is no link or session of this provider's";
    Failure::new(FailureKind::Invalid, Persistence::Permanent, "UNREADABLE_CREDENTIAL", message)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_is_not_taken_for_something_else() {
        let user = User { id: "u".to_owned(), password: Secret::new("p") };
        let credential = Credential { user: user.clone(), connection: 7 };
        assert_eq!(Credential::read(&credential.secret()).unwrap(), credential);
        assert!(Session::read(&credential.secret()).is_err());
        for updates in [None, Some((7, vec![1, 2]))] {
            let session = Session { user: user.clone(), form: "f".to_owned(), updates, bank: Some(3), notify: true };
            assert_eq!(Session::read(&session.secret()).unwrap(), session);
        }
        assert!(Credential::read(&Secret::new("a-session-that-never-was")).is_err());
        assert!(!format!("{credential:?}").contains("\"p\""));
    }
}
