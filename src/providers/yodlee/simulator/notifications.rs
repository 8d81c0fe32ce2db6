//! Notifications: the administrator subscribes to events; what happens is told to the addresses, in the background, a few times at most.

use axum::Json;
use axum::extract::Path;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::Caller;
use super::logins::provider_account;
use super::state::{PROVIDER_ACCOUNT, ProviderAccount, SUBSCRIPTION, Standing, Subscription};
use super::values::{listed, time};
use crate::bank::Message;
use crate::store;

const EVENTS: [&str; 5] =
    ["REFRESH", "DATA_UPDATES", "AUTO_REFRESH_UPDATES", "LATEST_BALANCE_UPDATES", "CREDIT_MATRIX_REPORT_UPDATES"];

/// `GET /configs/notifications/events`
pub async fn list(caller: Caller) -> Result<Json<Value>> {
    let caller = caller.admin()?;
    let all = caller.simulator.shared.documents.list::<Subscription>(SUBSCRIPTION).await?;
    let event = |(name, one): (String, Subscription)| json!({ "name": name, "callbackUrl": one.callback_url });
    Ok(listed("event", all.into_iter().map(event).collect()))
}

/// `POST /configs/notifications/events/{event}`
pub async fn subscribe(caller: Caller, Path(event): Path<String>, Json(body): Json<Value>) -> Result<StatusCode> {
    let caller = caller.admin()?;
    let subscription = read(&event, &body)?;
    let documents = &caller.simulator.shared.documents;
    if !documents.put_new(SUBSCRIPTION, &event, &subscription).await? {
        return Err(Error::bad("Y400", "The event is subscribed to already"));
    }
    Ok(StatusCode::CREATED)
}

/// `PUT /configs/notifications/events/{event}`
pub async fn change(caller: Caller, Path(event): Path<String>, Json(body): Json<Value>) -> Result<StatusCode> {
    let caller = caller.admin()?;
    let subscription = read(&event, &body)?;
    caller.simulator.shared.documents.put(SUBSCRIPTION, &event, &subscription).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /configs/notifications/events/{event}`
pub async fn unsubscribe(caller: Caller, Path(event): Path<String>) -> Result<StatusCode> {
    let caller = caller.admin()?;
    caller.simulator.shared.documents.delete(SUBSCRIPTION, &event).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn read(event: &str, body: &Value) -> Result<Subscription> {
    if !EVENTS.contains(&event) {
        return Err(Error::invalid("eventName"));
    }
    let url = body["event"]["callbackUrl"].as_str().ok_or_else(|| Error::required("callbackUrl"))?;
    url::Url::parse(url).map_err(|_| Error::invalid("callbackUrl"))?;
    Ok(Subscription { callback_url: url.to_owned() })
}

impl Simulator {
    /// Tells that an update by the customer or the application is over.
    pub(super) async fn tell_refreshed(&self, login: &ProviderAccount) -> store::Result<()> {
        let standing = self.told(login).await?;
        let data = json!({ "providerAccount": [provider_account(login, &standing)] });
        self.tell("REFRESH", "REFRESH.PROCESS_COMPLETED", Some(&login.user), data).await
    }

    /// Tells whether Yodlee goes on to update by itself.
    pub(super) async fn tell_auto_refresh(&self, login: &ProviderAccount) -> store::Result<()> {
        let standing = self.told(login).await?;
        let (status, why) =
            if standing.is_served() { ("ENABLED", "SCHEDULED") } else { ("DISABLED", "USER_ACTION_REQUIRED") };
        let as_of = self.shared.clock.now().date_naive();
        let accounts: Vec<i64> = login.accounts.iter().map(|key| login.account_id(key)).collect();
        let data = json!([{
            "providerAccountId": login.id, "loginName": login.user, "accountIds": accounts,
            "autoRefresh": { "status": status, "additionalStatus": why, "asOfDate": as_of },
        }]);
        self.tell("AUTO_REFRESH_UPDATES", "AUTO_REFRESH_UPDATES", None, data).await
    }

    /// Tells that a user has new data, by a link to them.
    pub(super) async fn tell_data(&self, login: &ProviderAccount) -> store::Result<()> {
        let now = self.shared.clock.now();
        let from = now - chrono::TimeDelta::minutes(15);
        let href =
            format!("dataExtracts/userData?fromDate={}&toDate={}&loginName={}", time(from), time(now), login.user);
        let link = json!({ "methodType": "GET", "rel": "getUserData", "href": href });
        let data = json!({
            "fromDate": time(from), "toDate": time(now), "userCount": 1,
            "userData": [{ "user": { "loginName": login.user }, "links": [link] }],
        });
        self.tell("DATA_UPDATES", "DATA_UPDATES.USER_DATA", None, data).await
    }

    /// Tells that balances were asked for.
    pub(super) async fn tell_balances(&self, login: &ProviderAccount) -> store::Result<()> {
        let accounts = login.accounts.iter().map(|key| login.account_id(key));
        let events: Vec<Value> = accounts.map(|id| json!({ "accountId": id, "status": "SUCCESS" })).collect();
        let data = json!({ "providerAccountId": login.id, "latestBalanceEvent": events });
        self.tell("LATEST_BALANCE_UPDATES", "LATEST_BALANCE_UPDATES", Some(&login.user), data).await
    }

    /// What only time has brought: a consent that ended, one that was taken back.
    pub(super) async fn tell_changes(&self) -> store::Result<()> {
        for (_, login) in self.shared.documents.list::<ProviderAccount>(PROVIDER_ACCOUNT).await? {
            if self.current(&login).await? != login.told {
                self.tell_auto_refresh(&login).await?;
            }
        }
        Ok(())
    }

    async fn current(&self, login: &ProviderAccount) -> store::Result<Standing> {
        let books = match &login.login {
            Some(login) => Some(self.shared.bank.books(&login.user).await?),
            None => None,
        };
        Ok(login.standing(books.as_ref(), self.shared.clock.now()))
    }

    /// How a provider account stands, noted as told.
    async fn told(&self, login: &ProviderAccount) -> store::Result<Standing> {
        let standing = self.current(login).await?;
        let told = standing.clone();
        self.change(login.id, |login| login.told = told).await?;
        Ok(standing)
    }

    async fn tell(&self, event: &str, info: &str, user: Option<&str>, data: Value) -> store::Result<()> {
        let subscription: Option<Subscription> = self.shared.documents.get(SUBSCRIPTION, event).await?;
        let Some(Subscription { callback_url }) = subscription else { return Ok(()) };
        let mut body = json!({ "event": {
            "info": info, "notificationId": uuid::Uuid::new_v4(), "notificationTime": time(self.shared.clock.now()), "data": data,
        } });
        if let Some(user) = user {
            body["event"]["loginName"] = json!(user);
        }
        self.shared.outbox.post(vec![Message::json(callback_url, &body)]);
        Ok(())
    }
}
