//! One customer's walk through Link: how it begins, what becomes of each step, and what is told at its end.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Simulator;
use super::accounts::kind;
use super::errors::{Error, Result};
use super::gate::account_id;
use super::grant::{self, Refused};
use super::ids;
use super::link::{self, public_token};
use super::payments;
use super::product::Product;
use super::questions::Questions;
use super::state::{Ending, Event, ITEM, Item, Link, PUBLIC_TOKEN, PUBLIC_TOKEN_LIFE, PublicToken, Session};
use super::walk::Walk;
use super::webhooks;
use crate::bank::pages::{Deposits, Failure, Finished, Flow, FlowOptions, Step};
use crate::bank::{self, BankAccount, Refusal};
use crate::domain::account::{AccountSubtype, AccountType};

/// How often a customer who withholds what is needed is asked again.
const MOST_REPEATS: u32 = 2;

/// What becomes of a step.
pub enum Next {
    /// The flow goes on.
    Same,
    /// It begins anew at the institution: more is needed than was allowed.
    Again,
    /// It is over.
    End(Ending),
}

impl Session {
    /// A new session.
    pub fn new(walk: Walk, now: DateTime<Utc>) -> Self {
        // A verification has the id of its session.
        let kind = if matches!(walk, Walk::Verification(_)) { "idv_" } else { "" };
        let id = format!("{kind}{}", Uuid::new_v4());
        let mut session =
            Self { id, started_at: now, finished_at: None, walk, asked_again: 0, ending: None, events: Vec::new() };
        session.note(now, "OPEN", None);
        session
    }

    /// Notes what happened.
    pub fn note(&mut self, now: DateTime<Utc>, name: &str, error: Option<&Error>) {
        let mut metadata = json!({ "request_id": ids::request_id() });
        if let Some(key) = self.walk.institution() {
            let institution = link::institution(key);
            metadata["institution_id"] = institution["institution_id"].clone();
            metadata["institution_name"] = institution["name"].clone();
        }
        if let Some(error) = error {
            metadata["error_code"] = json!(error.code());
            metadata["error_type"] = json!(error.kind());
            metadata["error_message"] = json!(error.message());
        }
        let id = Uuid::new_v4().to_string();
        self.events.push(Event { id, at: now, name: name.to_owned(), metadata });
    }

    /// Ends the session.
    pub fn end(&mut self, now: DateTime<Utc>, ending: Ending) {
        let name = if matches!(ending, Ending::Exit { .. }) { "EXIT" } else { "HANDOFF" };
        self.note(now, name, None);
        (self.finished_at, self.ending) = (Some(now), Some(ending));
    }
}

/// Where a customer begins.
pub fn walk(link: &Link, item: Option<&Item>) -> Walk {
    match link.template {
        Some(_) => Walk::Verification(Questions::new(application(link))),
        None => Walk::AtBank(Box::new(flow(link, item, None))),
    }
}

/// The application's name as Link shows it.
fn application(link: &Link) -> String {
    let name = if link.client_name.chars().count() > 30 { "This Application" } else { &link.client_name };
    name.to_owned()
}

/// The flow of a new session, or of one that begins again at the institution that was chosen.
pub fn flow(link: &Link, item: Option<&Item>, chosen: Option<&str>) -> Flow {
    let asked = item.map_or_else(|| link.asked.all(), |item| grant::asked_in_update(item, &link.asked));
    let institution = item.map(|item| item.institution.as_str()).or(link.institution.as_deref()).or(chosen);
    let institution = institution.map(str::to_owned);
    let american = match institution.as_deref().and_then(bank::institution) {
        Some(institution) => grant::has_consent_page(institution),
        None => link.country_codes.iter().any(|code| matches!(code.as_str(), "US" | "CA")),
    };
    Flow::new(FlowOptions {
        application: application(link),
        network: "Plaid".to_owned(),
        institution,
        country_codes: link.country_codes.clone(),
        required_products: if item.is_none() { kinds(&link.asked.required) } else { Vec::new() },
        ask_products: kinds(&asked),
        consent_page: american && (item.is_none() || !link.asked.all().is_empty()),
        takes_none: false,
        account_selection: item.is_none() && link.payment.is_none() || link.account_selection,
        payment: link.payment.as_deref().map(payments::wording),
        account_subtypes: subtypes(link),
        shared_accounts: item.map(|item| item.accounts.keys().cloned().collect()).unwrap_or_default(),
        user: item.map(|item| item.login.user.clone()),
        deposits: item.filter(|item| grant::verifies_deposits(item)).map(|item| Deposits {
            login: item.login.clone(),
            attempts: grant::MOST_WRONG_AMOUNTS.saturating_sub(item.wrong_amounts),
        }),
    })
}

fn kinds(products: &BTreeSet<Product>) -> Vec<crate::domain::product::Product> {
    products.iter().map(|product| product.kind()).collect()
}

/// The account subtypes that can be chosen: those of the filters, and with `auth` required those that have numbers (P3).
fn subtypes(link: &Link) -> Option<BTreeSet<AccountSubtype>> {
    use AccountSubtype::{CashManagement, Checking, Savings};
    let auth = link.item_id.is_none() && link.asked.required.contains(&Product::Auth);
    if !auth && link.account_filters.is_none() {
        return None;
    }
    let with_numbers = |subtype: &AccountSubtype| !auth || [Checking, Savings, CashManagement].contains(subtype);
    let filtered =
        |subtype: &AccountSubtype| link.account_filters.as_ref().is_none_or(|filters| passes(filters, *subtype));
    Some(AccountSubtype::ALL.iter().copied().filter(with_numbers).filter(filtered).collect())
}

fn passes(filters: &BTreeMap<String, Vec<String>>, subtype: AccountSubtype) -> bool {
    let (kind, subtype) = kind(AccountType::Other, subtype);
    filters.get(kind).is_some_and(|wanted| wanted.iter().any(|wanted| wanted == "all" || wanted == subtype))
}

impl Simulator {
    /// Decides what becomes of a step; what it gives is stored, twice without harm.
    pub(super) async fn follow(&self, token: &str, link: &Link, session: &Session, step: Step) -> Result<Next> {
        if !matches!(step, Step::Show | Step::Finished(_)) {
            self.count_wrong_amounts(link, session).await?;
        }
        let refused = match step {
            Step::Show => return Ok(Next::Same),
            Step::Cancelled => return Ok(Next::End(exit(session, left_with(&session.walk).as_ref()))),
            Step::Failed(failure) => Refused::Ended(error(&failure)),
            Step::Finished(_) if link.payment.is_some() => {
                self.authorise(link).await?;
                return Ok(Next::End(Ending::Done));
            }
            Step::Finished(finished) => match self.conclude(token, link, session, &finished).await? {
                Ok(ending) => return Ok(Next::End(ending)),
                Err(refused) => refused,
            },
        };
        Ok(match refused {
            Refused::Again(_) if session.asked_again < MOST_REPEATS => Next::Again,
            Refused::Again(error) | Refused::Ended(error) => Next::End(exit(session, Some(&error))),
        })
    }

    /// Wrong amounts of deposits count for the Item, however the session ends.
    async fn count_wrong_amounts(&self, link: &Link, session: &Session) -> Result<()> {
        let wrong = session.walk.wrong_amounts();
        if let Some(item_id) = link.item_id.as_ref().filter(|_| wrong > 0) {
            self.update_item(item_id, |item| grant::count_wrong_amounts(item, wrong)).await?;
        }
        Ok(())
    }

    async fn conclude(
        &self,
        token: &str,
        link: &Link,
        session: &Session,
        finished: &Finished,
    ) -> Result<std::result::Result<Ending, Refused>> {
        let books = self.shared.bank.books(&finished.login.user).await?;
        let institution = books.institution();
        let mut accounts = books.accounts();
        accounts.retain(|account| finished.accounts.contains(&account.key));
        let item_id = match &link.item_id {
            Some(item_id) => {
                if let Err(refused) = grant::check_update(link, institution, &finished.granted) {
                    return Ok(Err(refused));
                }
                self.update_item(item_id, |item| grant::renew(item, link, institution, finished)).await?.id
            }
            None => {
                let granted = match grant::grant(&link.asked, institution, &accounts, &finished.granted) {
                    Ok(granted) => granted,
                    Err(refused) => return Ok(Err(refused)),
                };
                // The same id if the last form comes twice.
                let id = ids::id(&["item", token, &session.id]);
                let item = grant::new_item(id, link, institution, finished, granted);
                self.shared.documents.put_new(ITEM, &item.id, &item).await?;
                item.id
            }
        };
        self.give_public_token(&item_id, &public_token(token, session)).await?;
        let accounts = accounts.iter().map(|account| shared_account(&item_id, account)).collect();
        Ok(Ok(Ending::Success { item_id, accounts }))
    }

    /// Makes a public token good for an Item, unless it is or was.
    pub(super) async fn give_public_token(&self, item_id: &str, token: &str) -> Result<()> {
        let expires_at = self.shared.clock.now() + PUBLIC_TOKEN_LIFE;
        let document = PublicToken { item_id: item_id.to_owned(), expires_at, used: false };
        self.shared.documents.put_new(PUBLIC_TOKEN, &ids::fingerprint(token), &document).await?;
        Ok(())
    }

    /// Tells the end of a session by webhooks.
    pub(super) async fn tell_end(&self, token: &str, link: &Link, session: &Session) -> Result<()> {
        let item_id = match &session.ending {
            Some(Ending::Success { item_id, .. }) => Some(item_id),
            _ => None,
        };
        // In update mode the address of the token has no effect (U3).
        let url = match &link.item_id {
            None => link.webhook.clone(),
            Some(updated) => {
                let item: Option<Item> = self.shared.documents.get(ITEM, updated).await?;
                item.and_then(|item| item.webhook)
            }
        };
        if let Some(url) = url {
            for body in ending_webhooks(token, link, session) {
                let message = self.shared.signer.signed(&url, &body).await?;
                self.shared.outbox.post(vec![message]);
            }
        }
        if let Some(item_id) = item_id {
            self.tell(item_id).await?;
        }
        if matches!(session.ending, Some(Ending::Done)) {
            self.tell_object(link, session).await?;
        }
        Ok(())
    }
}

fn ending_webhooks(token: &str, link: &Link, session: &Session) -> Vec<Value> {
    let public_token = public_token(token, session);
    let success = matches!(session.ending, Some(Ending::Success { .. }));
    let done = matches!(session.ending, Some(Ending::Done));
    let mut bodies = Vec::new();
    if success && link.item_id.is_none() {
        let fields = json!({ "public_token": public_token });
        bodies.push(webhooks::link("ITEM_ADD_RESULT", token, &session.id, fields));
    }
    let finished = if success {
        json!({ "status": "SUCCESS", "public_token": public_token, "public_tokens": [public_token] })
    } else {
        json!({ "status": if done { "SUCCESS" } else { "EXITED" }, "public_tokens": [] })
    };
    bodies.push(webhooks::link("SESSION_FINISHED", token, &session.id, finished));
    let events: Vec<Value> = session.events.iter().map(link::event).collect();
    bodies.push(webhooks::link("EVENTS", token, &session.id, json!({ "events": events })));
    bodies
}

/// An account as the end of a session tells it.
fn shared_account(item_id: &str, account: &BankAccount) -> Value {
    let (kind, subtype) = kind(account.account_type, account.subtype);
    json!({
        "id": account_id(item_id, &account.key), "name": account.name, "mask": account.mask,
        "type": kind, "subtype": subtype, "verification_status": null, "class_type": null,
    })
}

/// The end of a session without an Item.
pub fn exit(session: &Session, error: Option<&Error>) -> Ending {
    let oauth = session.walk.institution().and_then(bank::institution).is_some_and(|institution| institution.oauth);
    let status = match error.map(Error::code) {
        Some("PRODUCTS_NOT_SUPPORTED") => "institution_not_supported",
        Some("NO_ACCOUNTS" | "NO_AUTH_ACCOUNTS" | "NO_INVESTMENT_ACCOUNTS" | "NO_LIABILITY_ACCOUNTS") => {
            "requires_account_selection"
        }
        Some("INVALID_MFA") => "requires_code",
        _ if oauth => "requires_oauth",
        _ => "requires_credentials",
    };
    Ending::Exit { error: error.map(Error::embedded), status: status.to_owned() }
}

/// Plaid's error for what was still wrong when the customer left.
fn left_with(walk: &Walk) -> Option<Error> {
    match walk.left_with()? {
        Refusal::WrongCredentials => Some(Error::new("INVALID_CREDENTIALS")),
        Refusal::WrongAnswer => Some(Error::new("INVALID_MFA")),
        _ => None,
    }
}

/// Plaid's error for a flow that cannot succeed.
fn error(failure: &Failure) -> Error {
    Error::new(match failure {
        Failure::NoAccounts => "NO_ACCOUNTS",
        Failure::DifferentLogin => "INVALID_UPDATED_USERNAME",
        Failure::Locked => "ITEM_LOCKED",
        Failure::InstitutionDown => "INSTITUTION_DOWN",
        Failure::PermissionDenied => "ACCESS_NOT_GRANTED",
        Failure::TooManyAttempts => "INVALID_CREDENTIALS",
        Failure::DepositsNotVerified => "TOO_MANY_VERIFICATION_ATTEMPTS",
        Failure::Code(code) => code,
    })
}
