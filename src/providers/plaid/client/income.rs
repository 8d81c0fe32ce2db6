//! Bank income, which belongs to a user of Plaid's: one for each customer of ours, made when it is first needed.

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::own::{Incomes, ProviderIncome};
use crate::providers::plaid::wire::income::{BankIncomes, User};
use crate::providers::plaid::{Plaid, map};
use crate::providers::records::{Made, Make, Record};
use crate::providers::{Context, Failure, FailureKind, Persistence};

use super::{Api, Operation};

const USER_CREATE: Operation = Operation::once("/user/create");
const INCOME_GET: Operation = Operation::repeatable("/credit/bank_income/get");

/// So many of a user's reports are looked at, the latest ones: each session makes one.
const MOST_REPORTS: u32 = 20;

#[async_trait]
impl Incomes for Plaid {
    async fn income(
        &self,
        cx: &Context<'_>,
        customer_ref: &str,
        provider_connection_id: &str,
    ) -> Result<ProviderIncome, Failure> {
        let api = self.api(cx, "income");
        let mut body = json!({ "options": { "count": MOST_REPORTS } });
        name_user(&mut body, &user(&api, customer_ref).await?);
        let answer: BankIncomes = api.post(INCOME_GET, &body).await?;
        map::income::of_item(answer, provider_connection_id).ok_or_else(|| {
            let message = "no report of the user has this connection yet";
            Failure::new(FailureKind::NotReady, Persistence::Temporary, "NO_REPORT", message)
        })
    }
}

/// Plaid's user for a customer.
pub async fn user(api: &Api<'_>, customer_ref: &str) -> Result<User, Failure> {
    let make: Make<'_> = Box::new(|_| {
        Box::pin(async {
            let made: User = api.post(USER_CREATE, &json!({ "client_user_id": customer_ref })).await?;
            let secret = serde_json::to_string(&made).map_err(|_| Failure::unreadable("/user/create"))?;
            Ok(Made { secret: Secret::new(secret), expires_at: None })
        })
    });
    let kept = api.records().get(ServiceProvider::Plaid, Record::Customer(customer_ref), api.now(), make).await?;
    serde_json::from_str(kept.expose()).map_err(|_| Failure::unreadable("the user that is kept"))
}

/// Names the user in a request: by the token where there is one.
pub fn name_user(body: &mut Value, user: &User) {
    match &user.user_token {
        Some(token) => body["user_token"] = json!(token),
        None => body["user_id"] = json!(user.user_id),
    }
}
