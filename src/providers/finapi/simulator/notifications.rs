//! Notifications: the client says where they go, users say what about; what happens is told once, in the background.

use axum::Json;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Simulator;
use super::errors::{Error, Result};
use super::gate::Caller;
use super::state::{CLIENT, CONNECTION, Client, Connection, Rule, Standing, USER, User};
use super::values::without_nulls;
use crate::bank::{Message, ids};
use crate::store;

/// The events for which there can be a rule.
pub const EVENTS: &[&str] = &[
    "NEW_ACCOUNT_BALANCE",
    "NEW_TRANSACTIONS",
    "BANK_LOGIN_ERROR",
    "FOREIGN_MONEY_TRANSFER",
    "LOW_ACCOUNT_BALANCE",
    "HIGH_TRANSACTION_AMOUNT",
    "CATEGORY_CASH_FLOW",
    "NEW_TERMS_AND_CONDITIONS",
];
/// The only name under which the client's configuration is kept.
const ONE: &str = "one";
/// Rules of a user.
const MOST_RULES: usize = 1_000;

/// `PATCH /api/v2/clientConfiguration`
pub async fn configure(caller: Caller, Json(body): Json<Value>) -> Result<Json<Value>> {
    caller.as_client()?;
    let url = body["userNotificationCallbackUrl"].as_str().unwrap_or_default();
    if url.len() > 512 || !(url.is_empty() || url::Url::parse(url).is_ok()) {
        return Err(Error::bad("userNotificationCallbackUrl"));
    }
    let client = Client { callback_url: (!url.is_empty()).then(|| url.to_owned()) };
    caller.simulator.shared.documents.put(CLIENT, ONE, &client).await?;
    Ok(Json(configuration(&client)))
}

fn configuration(client: &Client) -> Value {
    without_nulls(json!({
        "pfmServicesEnabled": true, "isAutomaticBatchUpdateEnabled": true, "isDevelopmentModeEnabled": false,
        "isNonEuroAccountsSupported": true, "isAutoCategorizationEnabled": true, "mandatorLicense": "UNLICENSED",
        "preferredConsentType": "RECURRING", "userNotificationCallbackUrl": client.callback_url,
        "refreshTokensValidityPeriod": 0, "userAccessTokensValidityPeriod": 3600,
        "clientAccessTokensValidityPeriod": 3600, "maxUserLoginAttempts": 0, "transactionImportLimitation": 0,
        "isUserAutoVerificationEnabled": true, "isMandatorAdmin": false, "isWebScrapingEnabled": true,
        "aisEnabled": true, "paymentsEnabled": false, "isStandalonePaymentsEnabled": false, "availableBankGroups": [],
        "products": ["ACCESS", "WEB_FORM"],
        "enabledProducts": {
            "access": true, "webForm": true, "customerDashboard": false, "dataIntelligence": false, "giroIdent": false,
            "schufaApi": false, "diLabelling": false, "contractManager": false, "giroCheck": false,
            "kreditCheck": false, "kreditCheckB2B": false, "debitFlex": false, "transparencyRegister": false,
        },
        "aisViaWebForm": true, "pisViaWebForm": false, "pisStandaloneViaWebForm": false, "betaBanksEnabled": false,
        "categoryRestrictionsEnabled": false, "categoryRestrictions": [], "accountTypeRestrictions": [],
    }))
}

/// `POST /api/v2/notificationRules`
pub async fn create_rule(caller: Caller, Json(body): Json<Value>) -> Result<(StatusCode, Json<Value>)> {
    let event = body["triggerEvent"].as_str().filter(|event| EVENTS.contains(event));
    let event = event.ok_or_else(|| Error::bad("triggerEvent"))?.to_owned();
    let handle = body["callbackHandle"].as_str().map(str::to_owned);
    if handle.as_ref().is_some_and(|handle| handle.len() > 512) {
        return Err(Error::bad("callbackHandle"));
    }
    let rule = Rule { id: ids::number(&[&ids::random_token()]), event, handle };
    let kept = rule.clone();
    let add = |user: &mut User| {
        user.rules.push(kept);
        if user.rules.len() > MOST_RULES { Err(()) } else { Ok(()) }
    };
    let added = caller.simulator.shared.documents.update(USER, caller.user()?, add).await?;
    added.ok_or_else(Error::unknown)?.map_err(|()| Error::bad("rules"))?;
    let body = without_nulls(json!({
        "id": rule.id, "triggerEvent": rule.event, "params": {}, "callbackHandle": rule.handle, "includeDetails": false,
    }));
    Ok((StatusCode::CREATED, Json(body)))
}

impl Simulator {
    /// Tells that the customer is needed, or no longer is, where that is news.
    pub(super) async fn tell_standing(&self, id: i64) -> store::Result<()> {
        let Some(one) = self.imported(id).await? else { return Ok(()) };
        let needed = one.connection.standing(&one.books) == Standing::NeedsUser;
        if needed == one.connection.told {
            return Ok(());
        }
        self.change(id, |connection| connection.told = needed).await?;
        if needed { self.tell("BANK_LOGIN_ERROR", &one.connection).await } else { Ok(()) }
    }

    /// What only time has brought: a consent that ended, one that was taken back.
    pub(super) async fn tell_changes(&self) -> store::Result<()> {
        for (_, connection) in self.shared.documents.list::<Connection>(CONNECTION).await? {
            self.tell_standing(connection.id).await?;
        }
        Ok(())
    }

    /// Sends what the user's rules want of an event.
    pub(super) async fn tell(&self, event: &str, connection: &Connection) -> store::Result<()> {
        let client: Client = self.shared.documents.get(CLIENT, ONE).await?.unwrap_or_default();
        let user: Option<User> = self.shared.documents.get(USER, &connection.user).await?;
        let (Some(url), Some(user)) = (client.callback_url, user) else { return Ok(()) };
        for rule in user.rules.iter().filter(|rule| rule.event == event) {
            let mut body = json!({ "notificationRuleId": rule.id, "triggerEvent": event });
            if let Some(handle) = &rule.handle {
                body["callbackHandle"] = json!(handle);
            }
            if event == "NEW_TRANSACTIONS" {
                let new = |key: &String| json!({ "accountId": connection.account_id(key), "newTransactionsCount": 1 });
                body["newTransactions"] = connection.accounts.iter().map(new).collect();
            }
            // finAPI sends once, and does not look at the answer.
            self.shared.outbox.post_once(Message::json(&url, &body));
        }
        Ok(())
    }
}
