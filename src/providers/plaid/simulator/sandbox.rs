//! Plaid's own `/sandbox/*`.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::json;

use super::Simulator;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::gate::{DEFAULT_DAYS, account_id};
use super::grant::{self, Refused};
use super::ids;
use super::institutions;
use super::product::Product;
use super::state::{Asked, CustomTransaction, Deposits, ITEM, Item, Link, Verification};
use super::webhooks;
use crate::bank::pages::Finished;
use crate::bank::{BankInstitution, Login, LoginOutcome, MFA_ANSWER, Refusal};

/// Transactions that an Item takes through `/sandbox/transactions/create`, all in all.
const MOST_CUSTOM: usize = 1000;

/// `/sandbox/public_token/create`: an Item without Link, and so without a page on which consent is limited.
pub async fn create_public_token(call: Call) -> Answer {
    let fields = call.fields(&["institution_id", "initial_products"], &["options", "user_token", "user_id"])?;
    let known =
        ["webhook", "override_username", "override_password", "transactions", "statements", "income_verification"];
    let options = fields.object("options", &[], &known)?.unwrap_or_default();
    let simulator = &call.simulator;
    let required = Product::read_all(&fields, "initial_products")?;
    if required.is_empty() || required.contains(&Product::Balance) {
        return Err(Error::invalid_field("initial_products must be a non-empty array of products other than balance"));
    }
    let link = link(simulator, required, &options)?;
    let item = simulator.new_item(&link, fields.need("institution_id")?, &options).await?;
    let token = ids::random_token("public");
    simulator.give_public_token(&item.id, &token).await?;
    simulator.tell(&item.id).await?;
    reply(json!({ "public_token": token }))
}

/// `/sandbox/processor_token/create`: an Item with the first product that processors ask for, and a token for one of its accounts.
pub async fn create_processor_token(call: Call) -> Answer {
    let fields = call.fields(&["institution_id"], &["options"])?;
    let options = fields.object("options", &[], &["override_username", "override_password"])?.unwrap_or_default();
    let link = link(&call.simulator, [Product::Auth].into(), &options)?;
    call.simulator.new_item(&link, fields.need("institution_id")?, &options).await?;
    reply(json!({ "processor_token": ids::random_token("processor") }))
}

/// The link that would have led there.
fn link(simulator: &Simulator, required: BTreeSet<Product>, options: &Fields) -> Result<Link> {
    let transactions = options.object("transactions", &[], &["start_date", "end_date", "days_requested"])?;
    let days = transactions.unwrap_or_default().integer("days_requested", 1..=730)?;
    let now = simulator.shared.clock.now();
    Ok(Link {
        created_at: now,
        expires_at: now,
        client_name: String::new(),
        language: "en".to_owned(),
        country_codes: Vec::new(),
        webhook: options.url("webhook")?.map(String::from),
        redirect_uri: None,
        institution: None,
        asked: Asked { required, deposits: Some(Deposits::Automated), ..Asked::default() },
        account_filters: None,
        days_requested: days.unwrap_or(DEFAULT_DAYS),
        user: None,
        client_user_id: None,
        income_days: None,
        statements: None,
        payment: None,
        template: None,
        item_id: None,
        account_selection: false,
        hosted: false,
        completion_redirect_uri: None,
        sessions: Vec::new(),
    })
}

impl Simulator {
    /// Makes the Item that such a link would have led to at that institution, as the user of the options.
    async fn new_item(&self, link: &Link, institution_id: &str, options: &Fields) -> Result<Item> {
        let institution = institutions::find(institution_id).ok_or_else(|| Error::new("INVALID_INSTITUTION"))?;
        let username = options.text("override_username")?.unwrap_or("user_good");
        let password = options.text("override_password")?.unwrap_or("pass_good");
        let login = self.log_in(institution, username, password).await?;
        let item = self.item_without_link(link, institution, login).await?;
        self.shared.documents.put(ITEM, &item.id, &item).await?;
        Ok(item)
    }

    async fn log_in(&self, institution: &BankInstitution, username: &str, password: &str) -> Result<Login> {
        let outcome = match self.shared.bank.log_in(&institution.key, username, password).await? {
            LoginOutcome::Mfa { user, .. } => self.shared.bank.answer_mfa(&user, MFA_ANSWER).await?,
            outcome => outcome,
        };
        match outcome {
            LoginOutcome::Success(login) => Ok(login),
            LoginOutcome::Mfa { .. } => Err(Error::new("INVALID_MFA")),
            LoginOutcome::Refused(refusal) => Err(Error::new(match &refusal {
                Refusal::WrongCredentials => "INVALID_CREDENTIALS",
                Refusal::WrongAnswer => "INVALID_MFA",
                Refusal::Locked => "ITEM_LOCKED",
                Refusal::InstitutionDown => "INSTITUTION_DOWN",
                Refusal::Code(code) => code,
            })),
        }
    }

    async fn item_without_link(&self, link: &Link, institution: &BankInstitution, login: Login) -> Result<Item> {
        let accounts = self.shared.bank.books(&login.user).await?.accounts();
        let keys = accounts.iter().map(|account| account.key.clone()).collect();
        let all = link.asked.required.iter().map(|product| product.kind()).collect();
        let finished = Finished { login, accounts: keys, granted: all };
        let granted = grant::grant(&link.asked, institution, &accounts, &finished.granted);
        let granted = granted.map_err(|refused| match refused {
            Refused::Again(error) | Refused::Ended(error) => error,
        })?;
        let id = ids::id(&["item", &ids::random_token("item")]);
        let item = grant::new_item(id, link, institution, &finished, granted);
        Ok(Item { consented: None, permitted: None, ..item })
    }
}

/// `/sandbox/item/reset_login`
pub async fn reset_login(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    let item = call.simulator.item(&call, fields.need("access_token")?).await?;
    call.simulator.reset_login(&item.id).await?;
    reply(json!({ "reset_login": true }))
}

/// `/sandbox/item/fire_webhook`
pub async fn fire_webhook(call: Call) -> Answer {
    let kinds = ["AUTH", "HOLDINGS", "INVESTMENTS_TRANSACTIONS", "ITEM", "LIABILITIES", "TRANSACTIONS", "ASSETS"];
    let fields = call.fields(&["access_token", "webhook_code"], &["webhook_type"])?;
    let kind = fields.one_of("webhook_type", &kinds)?;
    let code = fields.need("webhook_code")?;
    let item = call.simulator.item(&call, fields.need("access_token")?).await?;
    call.simulator.fire(item, kind, code).await?;
    reply(json!({ "webhook_fired": true }))
}

/// `/sandbox/item/set_verification_status`: what comes of the small deposits.
pub async fn set_verification_status(call: Call) -> Answer {
    let fields = call.fields(&["access_token", "account_id", "verification_status"], &[])?;
    let status = fields.one_of("verification_status", &["automatically_verified", "verification_expired"])?;
    let in_time = status == Some("automatically_verified");
    let simulator = &call.simulator;
    let open = simulator.open(&call, fields.need("access_token")?).await?;
    let wanted = fields.need("account_id")?;
    if !open.suited(Product::Auth).any(|account| account_id(&open.item.id, &account.key) == wanted) {
        return Err(Error::new("INVALID_ACCOUNT_ID"));
    }
    let status = if in_time { Verification::Done } else { Verification::Expired };
    let item = simulator.update_item(&open.item.id, |item| item.verification = Some(status)).await?;
    simulator.send(&item, webhooks::verified(&item.id, wanted, in_time)).await?;
    reply(json!({}))
}

/// `/sandbox/transactions/create`: at most ten, at most 14 days back, in the first depository account. Plaid allows it for one test user alone;
/// here it is for all, since each of them can be had many times over.
pub async fn create_transactions(call: Call) -> Answer {
    let fields = call.fields(&["access_token", "transactions"], &[])?;
    let required = ["date_transacted", "date_posted", "amount", "description"];
    let rows = fields.objects("transactions", &required, &["iso_currency_code"])?;
    let simulator = &call.simulator;
    let open = simulator.open(&call, fields.need("access_token")?).await?;
    if rows.is_empty() || rows.len() > 10 {
        return Err(Error::invalid_field("The request must contain between 1 and 10 transactions."));
    }
    let account = open.suited(Product::Auth).next().ok_or_else(|| Error::new("NO_ACCOUNTS"))?;
    let today = simulator.shared.clock.now().date_naive();
    let read = |row: &Fields| {
        let day = |name: &str| Ok::<_, Error>(row.date(name)?.unwrap_or(today));
        let (transacted, posted) = (day("date_transacted")?, day("date_posted")?);
        if transacted > posted || posted > today || transacted < today - TimeDelta::days(14) {
            return Err(Error::invalid_field(
                "Transaction and posted dates must be within the last 14 days. The posted date cannot be before the transaction date.",
            ));
        }
        Ok(CustomTransaction {
            account: account.key.clone(),
            transacted,
            posted,
            amount: serde_json::from_str(&row.number("amount")?.unwrap_or_default()).unwrap_or_default(),
            description: row.need("description")?.chars().take(200).collect(),
            currency: row.text("iso_currency_code")?.unwrap_or(account.currency).to_owned(),
        })
    };
    let made: Vec<CustomTransaction> = rows.iter().map(read).collect::<Result<_>>()?;
    if open.item.custom.len() + made.len() > MOST_CUSTOM {
        return Err(Error::invalid_field("The Item has too many transactions of this kind."));
    }
    simulator.update_item(&open.item.id, |item| item.custom.extend(made)).await?;
    simulator.tell(&open.item.id).await?;
    reply(json!({}))
}
