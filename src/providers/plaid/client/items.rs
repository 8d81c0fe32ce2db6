//! Items: how they stand, refresh, processor tokens, removal. And the keys of webhooks.

use chrono::DateTime;
use serde_json::json;

use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::data::{Observation, RefreshRequest, WebhookKey};
use crate::providers::plaid::spec::PROCESSORS;
use crate::providers::plaid::wire::item::ItemState;
use crate::providers::plaid::wire::webhook::VerificationKey;
use crate::providers::plaid::wire::{Done, ProcessorToken, StripeToken};
use crate::providers::plaid::{map, webhook};

use super::{Api, Operation, of_item, options, refused};

const ITEM_GET: Operation = Operation::repeatable("/item/get");
const ITEM_REMOVE: Operation = Operation::repeatable("/item/remove");
const TRANSACTIONS_REFRESH: Operation = Operation::once("/transactions/refresh");
const INVESTMENTS_REFRESH: Operation = Operation::once("/investments/refresh");
const STATEMENTS_REFRESH: Operation = Operation::once("/statements/refresh");
const PROCESSOR_TOKEN: Operation = Operation::once("/processor/token/create");
const STRIPE_TOKEN: Operation = Operation::once("/processor/stripe/bank_account_token/create");
const WEBHOOK_KEY: Operation = Operation::repeatable("/webhook_verification_key/get");

/// How the Item stands.
pub async fn status(api: &Api<'_>, credential: &Secret) -> Result<Observation, Failure> {
    let state: ItemState = api.post(ITEM_GET, &of_item(credential)).await?;
    Ok(map::status::observation(state.item))
}

/// Asks Plaid to look at the institution now. All kinds are asked for, whatever the first answers; of statements, those since the day
/// that was asked for in Link.
pub async fn refresh(api: &Api<'_>, credential: &Secret, request: &RefreshRequest<'_>) -> Result<(), Failure> {
    let is_wanted = |product| request.products.contains(&product);
    let mut calls = Vec::new();
    if is_wanted(Product::Transactions) {
        calls.push((TRANSACTIONS_REFRESH, of_item(credential)));
    }
    if is_wanted(Product::InvestmentHoldings) || is_wanted(Product::InvestmentTransactions) {
        calls.push((INVESTMENTS_REFRESH, of_item(credential)));
    }
    let days = request.product_options.and_then(|given| options::statements_until(api.now().date_naive(), given));
    if let Some((from, to)) = days.filter(|_| is_wanted(Product::Statements)) {
        let body = json!({ "access_token": credential.expose(), "start_date": from, "end_date": to });
        calls.push((STATEMENTS_REFRESH, body));
    }
    let mut outcome = Ok(());
    for (operation, body) in calls {
        let answer = api.post::<Done>(operation, &body).await;
        outcome = outcome.and(answer.map(drop));
    }
    outcome
}

/// A token for that account at a processor, by our or Plaid's spelling of its name. Stripe's has an endpoint of its own.
pub async fn processor_token(
    api: &Api<'_>,
    credential: &Secret,
    account_id: &str,
    processor: &str,
) -> Result<Secret, Failure> {
    let processor = processor.to_ascii_lowercase();
    let mut body = json!({ "access_token": credential.expose(), "account_id": account_id });
    if processor == "stripe" {
        let token: StripeToken = api.post(STRIPE_TOKEN, &body).await?;
        return Ok(token.stripe_bank_account_token);
    }
    if !PROCESSORS.contains(&processor.as_str()) {
        return Err(refused("UNKNOWN_PROCESSOR", "Plaid makes no tokens for this processor"));
    }
    body["processor"] = processor.into();
    let token: ProcessorToken = api.post(PROCESSOR_TOKEN, &body).await?;
    Ok(token.processor_token)
}

/// Removes the Item; one that is gone already counts as removed.
pub async fn remove(api: &Api<'_>, credential: &Secret) -> Result<(), Failure> {
    match api.post::<Done>(ITEM_REMOVE, &of_item(credential)).await {
        Err(failure) if is_gone(&failure) => Ok(()),
        answer => answer.map(drop),
    }
}

fn is_gone(failure: &Failure) -> bool {
    ["ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN", "ITEM_CONCURRENTLY_DELETED"].contains(&failure.code.as_str())
}

/// The key of that id.
pub async fn webhook_key(api: &Api<'_>, key_id: &str) -> Result<WebhookKey, Failure> {
    if !webhook::is_key_id(key_id) {
        return Err(refused("KEY_ID", "no verification key has this id"));
    }
    let answer: VerificationKey = api.post(WEBHOOK_KEY, &json!({ "key_id": key_id })).await?;
    let expired_at = answer.key["expired_at"].as_i64().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    Ok(WebhookKey { key_id: key_id.to_owned(), material: answer.key, expired_at })
}
