//! The life of tokens: renewed, and given back.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::providers::mesh::error;
use crate::providers::mesh::wire::{AccountTokens, Connected, Delayed, Refreshed};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::{Account, Credential, Lives};
use super::{Api, Operation};

const REFRESH: Operation = Operation::once("POST /api/v1/token/refresh", "/api/v1/token/refresh");
const REMOVE: Operation = Operation::delete("DELETE /api/v1/account", "/api/v1/account");

/// Renews what is due. What was renewed before one failed is kept, for old tokens may be spent; that one is tried again at the next use.
pub async fn renew(api: &Api<'_>, credential: &Credential) -> Result<Credential, Failure> {
    let mut renewed = credential.clone();
    for at in 0..credential.accounts.len() {
        // One answer may bring the tokens of all.
        if !renewed.accounts[at].is_due(api.now()) {
            continue;
        }
        match refresh(api, &credential.broker_type, &renewed.accounts[at]).await {
            Ok(answer) => take(api, &mut renewed, at, answer)?,
            Err(failure) if renewed == *credential => return Err(failure),
            Err(_) => return Ok(renewed),
        }
    }
    Ok(renewed)
}

async fn refresh(api: &Api<'_>, broker_type: &str, account: &Account) -> Result<Refreshed, Failure> {
    // Some institutions want the old access token beside it.
    let body = json!({ "refreshToken": account.refresh, "type": broker_type, "accessToken": account.access });
    renewal(api, &body).await
}

async fn renewal(api: &Api<'_>, body: &Value) -> Result<Refreshed, Failure> {
    let answer: Refreshed = api.ask(REFRESH, Some(body)).await.map_err(|failure| match failure.kind {
        // Nothing else in the request could be wrong.
        FailureKind::Invalid | FailureKind::NotFound => error::token_refused(),
        _ => failure,
    })?;
    match answer.status.as_deref() {
        Some("succeeded") => Ok(answer),
        Some("failed") => Err(error::token_refused()),
        Some(word) => Err(error::of_word(word, "the institution asks the customer when a token is renewed")),
        None => Err(Failure::unreadable("the status of a renewal")),
    }
}

/// Puts new tokens in their places: by account, or where but one comes without, in the place of the one that was sent.
fn take(api: &Api<'_>, credential: &mut Credential, asked: usize, answer: Refreshed) -> Result<(), Failure> {
    let lives = Lives { access: answer.expires_in_seconds, refresh: answer.refresh_token_expires_in_seconds };
    let mut listed = answer.broker_account_tokens.unwrap_or_default();
    if listed.is_empty() {
        let (access_token, refresh_token) = (answer.access_token, answer.refresh_token);
        listed.push(AccountTokens { account: None, access_token, refresh_token, token_id: None });
    }
    let alone = listed.len() == 1;
    let mut taken = BTreeSet::new();
    for tokens in &listed {
        let id = tokens.account.as_ref().and_then(|account| account.account_id.as_deref());
        let place = match id {
            Some(id) => credential.accounts.iter().position(|account| account.id == id),
            None => alone.then_some(asked),
        };
        if let Some(place) = place
            && credential.accounts[place].take(tokens, lives, api.now())
        {
            taken.insert(place);
        }
    }
    if taken.contains(&asked) { Ok(()) } else { Err(Failure::unreadable("a renewal without the account's token")) }
}

/// Gives every account's tokens back, which erases its data at Mesh. What Mesh does not know any more is given back already.
pub async fn remove(api: &Api<'_>, credential: &Credential) -> Result<(), Failure> {
    for (at, account) in credential.accounts.iter().enumerate() {
        match api.tell_of(REMOVE, credential, account).await {
            Err(failure) if failure.kind == FailureKind::UserAction => remove_renewed(api, credential, at).await?,
            Err(failure) if failure.kind != FailureKind::NotFound => return Err(failure),
            _ => {}
        }
    }
    Ok(())
}

/// A token that has ended cannot be given back, but a new one in its place can. It is used here alone, so it need not be kept.
async fn remove_renewed(api: &Api<'_>, credential: &Credential, at: usize) -> Result<(), Failure> {
    if credential.accounts[at].refresh.is_none() {
        return Ok(());
    }
    let answer = match refresh(api, &credential.broker_type, &credential.accounts[at]).await {
        Err(failure) if failure.persistence == Persistence::NeedsUser => return Ok(()),
        answer => answer?,
    };
    let mut renewed = credential.clone();
    take(api, &mut renewed, at, answer)?;
    match api.tell_of(REMOVE, &renewed, &renewed.accounts[at]).await {
        Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::UserAction) => Ok(()),
        removed => removed,
    }
}

/// The accounts of an institution that gives access later than Link's end.
pub async fn delayed(api: &Api<'_>, delayed: Delayed) -> Result<Connected, Failure> {
    let body = json!({ "refreshToken": delayed.refresh_token.expose(), "type": delayed.broker_type });
    let answer = renewal(api, &body).await?;
    Ok(Connected {
        account_tokens: answer.broker_account_tokens.unwrap_or_default(),
        broker_type: delayed.broker_type,
        broker_name: delayed.broker_name,
        expires_in_seconds: answer.expires_in_seconds,
        refresh_token_expires_in_seconds: answer.refresh_token_expires_in_seconds,
    })
}
