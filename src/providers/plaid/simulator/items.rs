//! `/item/*`, and tokens for processors.

use serde_json::{Value, json};

use super::Simulator;
use super::accounts::time;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::gate::{Open, account_id, consented, item_error, outage};
use super::ids;
use super::institutions;
use super::product::{Product, names, scopes};
use super::state::{ACCESS_TOKEN, AccessToken, ITEM, Item, PUBLIC_TOKEN, PublicToken, Verification};
use super::webhooks;
use crate::bank;

/// Who a processor token can be for.
const PROCESSORS: &[&str] = &[
    "dwolla",
    "galileo",
    "modern_treasury",
    "ocrolus",
    "vesta",
    "drivewealth",
    "vopay",
    "achq",
    "check",
    "checkbook",
    "circle",
    "sila_money",
    "rize",
    "svb_api",
    "unit",
    "wyre",
    "lithic",
    "alpaca",
    "astra",
    "moov",
    "treasury_prime",
    "marqeta",
    "checkout",
    "solid",
    "highnote",
    "gemini",
    "apex_clearing",
    "gusto",
    "adyen",
    "atomic",
    "i2c",
    "wepay",
    "riskified",
    "utb",
    "adp_roll",
    "fortress_trust",
    "bond",
    "bakkt",
    "teal",
    "zero_hash",
    "taba_pay",
    "knot",
    "sardine",
    "alloy",
    "finix",
    "nuvei",
    "layer",
    "boom",
    "paynote",
    "stake",
    "wedbush",
    "esusu",
    "ansa",
    "scribeup",
    "straddle",
    "loanpro",
    "bloom_credit",
    "sfox",
    "brale",
    "parafin",
];

/// An Item as every operation shows it.
pub fn item(item: &Item, error: Option<&Error>) -> Value {
    let institution = bank::institution(&item.institution);
    let has = |product: &&Product| institution.is_some_and(|institution| product.at(institution));
    let available = Product::ALL
        .iter()
        .filter(has)
        .filter(|product| !item.billed.contains(product) && item.may_come_to_use(**product));
    let at_once = item.products.contains(&Product::Auth) && item.verification.is_none();
    let by_deposit = |verification: Verification| match verification.is_by_hand() {
        true => "SAME_DAY_MICRODEPOSITS",
        false => "AUTOMATED_MICRODEPOSITS",
    };
    let auth_method = item.verification.map(by_deposit).or(at_once.then_some("INSTANT_AUTH"));
    json!({
        "item_id": item.id,
        "institution_id": institutions::id(&item.institution),
        "institution_name": institution.map(|institution| &institution.name),
        "webhook": item.webhook,
        "auth_method": auth_method,
        "error": error.map(Error::embedded),
        "available_products": names(available),
        "billed_products": names(&item.billed),
        "products": names(&item.products),
        "consent_expiration_time": item.consent_expires_at.map(time),
        "update_type": "background",
    })
}

impl Simulator {
    /// A new access token for an Item.
    async fn give_access(&self, item_id: &str) -> Result<String> {
        let token = ids::random_token("access");
        let document = AccessToken { item_id: item_id.to_owned() };
        self.shared.documents.put(ACCESS_TOKEN, &ids::fingerprint(&token), &document).await?;
        Ok(token)
    }
}

/// `/item/public_token/exchange`: once, within 30 minutes.
pub async fn exchange(call: Call) -> Answer {
    let fields = call.fields(&["public_token"], &[])?;
    let simulator = &call.simulator;
    let now = simulator.shared.clock.now();
    let take = |token: &mut PublicToken| {
        if token.used {
            return Err(Error::new("INVALID_PUBLIC_TOKEN").saying("the public token has already been exchanged"));
        }
        if token.expires_at <= now {
            let message = "provided public token is expired. Public tokens expire 30 minutes after creation at which point they can no longer be exchanged";
            return Err(Error::new("INVALID_PUBLIC_TOKEN").saying(message));
        }
        token.used = true;
        Ok(token.item_id.clone())
    };
    let fingerprint = ids::fingerprint(fields.need("public_token")?);
    let taken = simulator.shared.documents.update(PUBLIC_TOKEN, &fingerprint, take).await?;
    let item_id = taken.ok_or_else(|| Error::new("INVALID_PUBLIC_TOKEN"))??;
    let exists: Option<Item> = simulator.shared.documents.get(ITEM, &item_id).await?;
    let item = exists.ok_or_else(|| Error::new("ITEM_NOT_FOUND"))?;
    reply(json!({ "access_token": simulator.give_access(&item.id).await?, "item_id": item.id }))
}

/// `/item/get`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    let simulator = &call.simulator;
    let found = simulator.item(&call, fields.need("access_token")?).await?;
    let books = simulator.shared.bank.books(&found.login.user).await?;
    let now = simulator.shared.clock.now();
    let error = item_error(&found, &books, now);
    let mut body = item(&found, error.as_ref());
    body["created_at"] = json!(time(found.created_at));
    if let Some(consented) = consented(&found) {
        body["consented_products"] = names(&consented);
        body["consented_data_scopes"] = json!(scopes(found.consented.as_ref().unwrap_or(&consented)));
        body["consented_use_cases"] = json!(["Track and manage your finances"]);
    }
    let works = error.is_none() && outage(&found, &books).is_none();
    let updated = |product: Product| {
        let (success, failure) = if works { (Some(now), None) } else { (Some(found.login.at), Some(now)) };
        let times = json!({ "last_successful_update": success.map(time), "last_failed_update": failure.map(time) });
        found.products.contains(&product).then_some(times)
    };
    let sent = found.last_webhook.as_ref().map(|(at, code)| json!({ "sent_at": time(*at), "code_sent": code }));
    let status = json!({
        "transactions": updated(Product::Transactions), "investments": updated(Product::Investments), "last_webhook": sent,
    });
    reply(json!({ "item": body, "status": status }))
}

/// `/item/remove`
pub async fn remove(call: Call) -> Answer {
    let reasons = [
        "FRAUD_FIRST_PARTY",
        "FRAUD_FALSE_IDENTITY",
        "FRAUD_ABUSE",
        "FRAUD_OTHER",
        "CONNECTION_IS_NON_FUNCTIONAL",
        "OTHER",
    ];
    let fields = call.fields(&["access_token"], &["reason_code", "reason_note"])?;
    fields.one_of("reason_code", &reasons)?;
    if fields.text("reason_note")?.is_some_and(|note| note.chars().count() > 512) {
        return Err(Error::invalid_field("reason_note must have at most 512 characters"));
    }
    let item = call.simulator.item(&call, fields.need("access_token")?).await?;
    call.simulator.shared.documents.delete(ITEM, &item.id).await?;
    reply(json!({}))
}

/// `/item/webhook/update`
pub async fn update_webhook(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &["webhook"])?;
    let simulator = &call.simulator;
    let url = if fields.text("webhook")? == Some("") { None } else { fields.url("webhook")?.map(String::from) };
    let found = simulator.item(&call, fields.need("access_token")?).await?;
    let found = simulator.update_item(&found.id, |item| item.webhook.clone_from(&url)).await?;
    if let Some(url) = &url {
        simulator.send(&found, webhooks::acknowledged(&found.id, url)).await?;
    }
    let books = simulator.shared.bank.books(&found.login.user).await?;
    let error = item_error(&found, &books, simulator.shared.clock.now());
    reply(json!({ "item": item(&found, error.as_ref()) }))
}

/// `/item/access_token/invalidate`
pub async fn invalidate_access_token(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    let simulator = &call.simulator;
    let old = fields.need("access_token")?;
    let item = simulator.item(&call, old).await?;
    let new = simulator.give_access(&item.id).await?;
    simulator.shared.documents.delete(ACCESS_TOKEN, &ids::fingerprint(old)).await?;
    reply(json!({ "new_access_token": new }))
}

/// `/processor/token/create`
pub async fn create_processor_token(call: Call) -> Answer {
    let fields = call.fields(&["access_token", "account_id", "processor"], &[])?;
    fields.one_of("processor", PROCESSORS)?;
    let open = call.simulator.open(&call, fields.need("access_token")?).await?;
    shares(&open, fields.need("account_id")?)?;
    reply(json!({ "processor_token": ids::random_token("processor") }))
}

/// `/processor/stripe/bank_account_token/create`: for accounts that have numbers.
pub async fn create_stripe_token(call: Call) -> Answer {
    let fields = call.fields(&["access_token", "account_id"], &[])?;
    let open = call.simulator.open_with(&call, fields.need("access_token")?, Product::Auth).await?;
    let wanted = fields.need("account_id")?;
    shares(&open, wanted)?;
    if !open.suited(Product::Auth).any(|account| account_id(&open.item.id, &account.key) == wanted) {
        return Err(Error::new("NO_AUTH_ACCOUNTS"));
    }
    let token = ids::random_token("stripe").replace('-', "");
    reply(json!({ "stripe_bank_account_token": format!("btok_{token}") }))
}

/// Whether the Item shares that account.
fn shares(open: &Open, wanted: &str) -> Result<()> {
    let shared = open.accounts.iter().any(|account| account_id(&open.item.id, &account.key) == wanted);
    if shared { Ok(()) } else { Err(Error::new("INVALID_ACCOUNT_ID")) }
}
