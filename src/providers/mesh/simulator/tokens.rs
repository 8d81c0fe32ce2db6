//! Tokens: made at the end of a visit, renewed, judged and given back.

use chrono::TimeDelta;
use serde_json::{Value, json};

use super::Simulator;
use super::call::{Answer, Call, Error, number, ok};
use super::institutions::BROKER_TYPE;
use super::state::{ACCOUNT, GRANT, Grant, TOKEN, Token, Visit, account_id};
use crate::bank::ids::{fingerprint, random_token};
use crate::bank::pages::Finished;
use crate::bank::{Access, BankAccount, Books};

/// How long tokens live.
const ACCESS: TimeDelta = TimeDelta::hours(24);
const RENEWAL: TimeDelta = TimeDelta::days(30);

/// An account to which a token has led.
pub struct Opened {
    /// The books.
    pub books: Books,
    /// The account.
    pub account: BankAccount,
    /// What the institution says to the login.
    pub access: Access,
}

impl Simulator {
    /// What Link gives the page around it; its tokens are made now.
    pub async fn connect(&self, visit: &Visit, finished: &Finished) -> Result<Value, Error> {
        let environment = self.environment();
        let (login, id) = (finished.login.clone(), Grant::id(&visit.user, &finished.login));
        let before: Option<Grant> = environment.documents.get(GRANT, &id).await?;
        let accounts = finished.accounts.iter().cloned().collect();
        let grant = Grant { user: visit.user.clone(), login, accounts, is_ended: false, needs_login: false };
        environment.documents.put(GRANT, &id, &grant).await?;
        let books = environment.bank.books(&grant.login.user).await?;
        let mut listed = Vec::new();
        for key in &finished.accounts {
            environment.documents.put(ACCOUNT, &account_id(&id, key), &id).await?;
            let known = before.as_ref().is_some_and(|grant| grant.accounts.contains(key));
            let mut tokens = self.new_tokens(&id, &books, key).await?;
            tokens["account"]["isReconnected"] = json!(known);
            listed.push(tokens);
        }
        let name = &books.institution().name;
        Ok(json!({
            "accountTokens": listed, "brokerType": BROKER_TYPE, "brokerName": name,
            "expiresInSeconds": ACCESS.num_seconds(), "refreshTokenExpiresInSeconds": RENEWAL.num_seconds(),
        }))
    }

    async fn new_tokens(&self, grant: &str, books: &Books, key: &str) -> Result<Value, Error> {
        let (access, renewal) = (random_token(), random_token());
        let now = self.environment().clock.now();
        for (token, renews, life) in [(&access, false, ACCESS), (&renewal, true, RENEWAL)] {
            let stored = Token { grant: grant.to_owned(), account: key.to_owned(), renews, expires_at: now + life };
            self.environment().documents.put(TOKEN, &fingerprint(token), &stored).await?;
        }
        let account = books.account(key).ok_or(Error::Failed)?;
        let cash = books.balances(key, books.now()).and_then(|balances| balances.available).unwrap_or_default();
        let account = json!({
            "meshAccountId": account_id(grant, key), "accountId": account.key, "accountName": account.name,
            "fund": number(cash), "cash": number(cash),
        });
        Ok(json!({ "account": account, "accessToken": access, "refreshToken": renewal }))
    }

    /// The account that the token of a call is of.
    pub async fn open(&self, call: &Call) -> Result<Opened, Error> {
        call.check_type()?;
        let (_, token) = self.token(call.text("authToken")?, false).await?;
        let grant = self.grant(&token).await?;
        let books = self.environment().bank.books(&grant.login.user).await?;
        let account = books.account(&token.account).ok_or(Error::NotFound("There is no such account"))?;
        let access = grant.access(&books);
        Ok(Opened { books, account, access })
    }

    async fn token(&self, text: &str, renews: bool) -> Result<(String, Token), Error> {
        let id = fingerprint(text);
        let found: Option<Token> = self.environment().documents.get(TOKEN, &id).await?;
        let is_good = |token: &Token| token.renews == renews && self.environment().clock.now() < token.expires_at;
        found.filter(is_good).map(|token| (id, token)).ok_or(Error::Unauthorized)
    }

    /// The login of a token, as long as the account is connected and the institution takes its tokens.
    async fn grant(&self, token: &Token) -> Result<Grant, Error> {
        let found: Option<Grant> = self.environment().documents.get(GRANT, &token.grant).await?;
        let found = found.filter(|grant| grant.accounts.contains(&token.account));
        let grant = found.ok_or(Error::NotFound("The account is not connected"))?;
        if grant.is_ended { Err(Error::Unauthorized) } else { Ok(grant) }
    }
}

/// `POST /api/v1/token/refresh`: a token that renews does so once.
pub async fn refresh(call: Call) -> Answer {
    const REFUSED: Error = Error::BadRequest("Unauthorized token");
    call.check_type()?;
    let simulator = &call.simulator;
    let refused = |error| if matches!(error, Error::Failed) { error } else { REFUSED };
    let (id, token) = simulator.token(call.text("refreshToken")?, true).await.map_err(refused)?;
    let grant = simulator.grant(&token).await.map_err(refused)?;
    let books = simulator.environment().bank.books(&grant.login.user).await?;
    match grant.access(&books) {
        Access::Good => {}
        Access::InstitutionDown => return Err(Error::Failed),
        _ => return Err(REFUSED),
    }
    if !simulator.environment().documents.delete(TOKEN, &id).await? {
        return Err(REFUSED);
    }
    let tokens = simulator.new_tokens(&token.grant, &books, &token.account).await?;
    ok(json!({
        "status": "succeeded", "brokerAccountTokens": [tokens],
        "expiresInSeconds": ACCESS.num_seconds(), "refreshTokenExpiresInSeconds": RENEWAL.num_seconds(),
    }))
}

/// `DELETE /api/v1/account`
pub async fn remove(call: Call) -> Answer {
    call.check_type()?;
    let (_, token) = call.simulator.token(call.text("authToken")?, false).await?;
    let forget = |grant: &mut Grant| Ok::<_, Error>(grant.accounts.remove(&token.account));
    match call.simulator.environment().documents.update(GRANT, &token.grant, forget).await? {
        Some(Ok(true)) => ok(Value::Null),
        _ => Err(Error::NotFound("The account is not connected")),
    }
}
