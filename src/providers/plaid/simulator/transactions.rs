//! `/transactions/sync` and `/transactions/refresh`.

use serde_json::{Value, json};

use super::accounts;
use super::call::{Answer, Call, reply};
use super::cursor::{Cursor, Stream};
use super::errors::{Error, Result};
use super::gate::{DEFAULT_DAYS, Open, account_id};
use super::product::Product;
use super::updates::{self, Update, custom_id, transaction_id};
use crate::bank::{BankTransaction, Channel, History};
use crate::domain::transaction::TransactionStatus;

/// What a page is asked for with.
struct Ask {
    cursor: String,
    count: usize,
    original_description: bool,
    days: u32,
    account_id: Option<String>,
}

impl Ask {
    fn read(call: &Call) -> Result<(String, Self)> {
        let fields = call.fields(&["access_token"], &["cursor", "count", "options"])?;
        let known = [
            "include_original_description",
            "include_personal_finance_category",
            "include_logo_and_counterparty_beta",
            "personal_finance_category_version",
            "days_requested",
            "account_id",
        ];
        let options = fields.object("options", &[], &known)?.unwrap_or_default();
        options.one_of("personal_finance_category_version", &["v1", "v2"])?;
        let ask = Self {
            cursor: fields.text("cursor")?.unwrap_or_default().to_owned(),
            count: fields.integer("count", 1..=500)?.unwrap_or(100) as usize,
            original_description: options.boolean("include_original_description")?.unwrap_or_default(),
            days: options.integer("days_requested", 1..=730)?.unwrap_or(DEFAULT_DAYS),
            account_id: options.text("account_id")?.map(str::to_owned),
        };
        if ask.cursor.len() > 256 {
            return Err(Error::invalid_field("cursor must have at most 256 characters"));
        }
        Ok((fields.need("access_token")?.to_owned(), ask))
    }
}

/// `/transactions/sync`
pub async fn sync(call: Call) -> Answer {
    let (token, ask) = Ask::read(&call)?;
    let simulator = &call.simulator;
    let open = simulator.open(&call, &token).await?;
    let mut open = simulator.initialise(open, Product::Transactions, ask.days).await?;
    if let Some(id) = &ask.account_id
        && !open.accounts.iter().any(|account| account_id(&open.item.id, &account.key) == *id)
    {
        return Err(Error::new("INVALID_ACCOUNT_ID"));
    }
    if !open.item.synced {
        open.item = simulator.update_item(&open.item.id, |item| item.synced = true).await?;
        let page = page(&open, &ask)?;
        simulator.tell(&open.item.id).await?;
        return reply(page);
    }
    reply(page(&open, &ask)?)
}

fn page(open: &Open, ask: &Ask) -> Result<Value> {
    let item_id = &open.item.id;
    let stream = Stream::new(item_id, ask.account_id.as_deref());
    let now = updates::current(open);
    let progress = updates::progress(open);
    let accounts: Vec<Value> =
        open.suited(Product::Transactions).map(|account| accounts::account(open, account)).collect();
    let mut page = json!({
        "transactions_update_status": status(progress), "accounts": accounts,
        "added": [], "modified": [], "removed": [], "next_cursor": "", "has_more": false,
    });
    if progress == History::NotReady {
        return Ok(page);
    }
    let cursor = match ask.cursor.as_str() {
        "now" => Cursor { seen: Some(now), run: None },
        text => Cursor::read(text, &stream)?,
    };
    let (mut target, delivered) = cursor.run.unwrap_or((now, 0));
    if target.disturbed_by(&now) {
        return Err(Error::new("TRANSACTIONS_SYNC_MUTATION_DURING_PAGINATION"));
    }
    if let Some(seen) = cursor.seen {
        target.moment = target.moment.max(seen.moment);
    }
    let all = updates::between(open, cursor.seen, target, ask.account_id.as_deref());
    for update in all.iter().skip(delivered).take(ask.count) {
        let (list, row) = row(open, update, ask.original_description);
        if let Some(list) = page[list].as_array_mut() {
            list.push(row);
        }
    }
    let delivered = delivered.saturating_add(ask.count);
    let has_more = delivered < all.len();
    let next = if has_more {
        Cursor { seen: cursor.seen, run: Some((target, delivered)) }
    } else {
        Cursor { seen: Some(target), run: None }
    };
    page["has_more"] = json!(has_more);
    page["next_cursor"] = json!(next.write(&stream));
    Ok(page)
}

fn status(progress: History) -> &'static str {
    match progress {
        History::NotReady => "NOT_READY",
        History::Recent => "INITIAL_UPDATE_COMPLETE",
        History::Complete => "HISTORICAL_UPDATE_COMPLETE",
    }
}

/// The list in which an update stands, and its row there.
fn row(open: &Open, update: &Update<'_>, original_description: bool) -> (&'static str, Value) {
    let item_id = &open.item.id;
    match update {
        Update::Added(transaction) => ("added", transaction_row(item_id, transaction, original_description)),
        Update::Modified(transaction) => ("modified", transaction_row(item_id, transaction, original_description)),
        Update::Removed(id, account) => {
            let id = transaction_id(item_id, id);
            ("removed", json!({ "transaction_id": id, "account_id": account_id(item_id, account) }))
        }
        Update::Custom(number, custom) => {
            let mut row = common(&custom.description, None, "GENERAL_MERCHANDISE");
            row["account_id"] = json!(account_id(item_id, &custom.account));
            row["transaction_id"] = json!(custom_id(item_id, *number));
            row["amount"] = custom.amount.clone();
            row["iso_currency_code"] = json!(custom.currency);
            row["date"] = json!(custom.posted);
            row["authorized_date"] = json!(custom.transacted);
            ("added", row)
        }
    }
}

fn transaction_row(item_id: &str, transaction: &BankTransaction, original_description: bool) -> Value {
    let merchant = transaction.merchant.as_deref();
    let made_on = transaction.made_at.date_naive();
    let mut row = common(&transaction.description, merchant, transaction.category.as_str());
    row["account_id"] = json!(account_id(item_id, &transaction.account));
    row["transaction_id"] = json!(transaction_id(item_id, &transaction.id));
    row["pending_transaction_id"] = json!(transaction.pending_id.as_deref().map(|id| transaction_id(item_id, id)));
    row["amount"] = accounts::number(transaction.amount);
    row["iso_currency_code"] = json!(transaction.currency);
    row["pending"] = json!(transaction.status == TransactionStatus::Pending);
    row["date"] = json!(transaction.posted_on.unwrap_or(made_on));
    row["authorized_date"] = json!(made_on);
    row["authorized_datetime"] = json!(accounts::time(transaction.made_at));
    row["payment_channel"] = json!(match transaction.channel {
        Channel::InStore => "in store",
        Channel::Online => "online",
        Channel::Other => "other",
    });
    row["transaction_type"] = json!(match transaction.channel {
        Channel::InStore => "place",
        Channel::Online => "digital",
        Channel::Other => "special",
    });
    if original_description {
        row["original_description"] = json!(transaction.description);
    }
    row
}

/// A posted row of which everything is empty that is not given.
fn common(name: &str, merchant: Option<&str>, category: &str) -> Value {
    let counterparty = |name: &str| json!({ "name": name, "entity_id": null, "type": "merchant", "website": null, "logo_url": null, "confidence_level": "HIGH" });
    json!({
        "name": name,
        "merchant_name": merchant,
        "counterparties": merchant.map(counterparty).into_iter().collect::<Vec<_>>(),
        "personal_finance_category": {
            "primary": category, "detailed": format!("{category}_OTHER_{category}"), "confidence_level": "HIGH",
        },
        "pending": false,
        "pending_transaction_id": null,
        "unofficial_currency_code": null,
        "check_number": null,
        "account_owner": null,
        "datetime": null,
        "authorized_datetime": null,
        "payment_channel": "other",
        "transaction_type": "special",
        "transaction_code": null,
        "logo_url": null,
        "website": null,
        "merchant_entity_id": null,
        "location": {
            "address": null, "city": null, "region": null, "postal_code": null, "country": null,
            "lat": null, "lon": null, "store_number": null,
        },
        "payment_meta": {
            "reference_number": null, "ppd_id": null, "payee": null, "by_order_of": null, "payer": null,
            "payment_method": null, "payment_processor": null, "reason": null,
        },
    })
}

/// `/transactions/refresh`: what is new comes by webhook.
pub async fn refresh(call: Call) -> Answer {
    let fields = call.fields(&["access_token"], &[])?;
    let simulator = &call.simulator;
    let open = simulator.open(&call, fields.need("access_token")?).await?;
    if !open.item.products.contains(&Product::Transactions) {
        return Err(Error::new("PRODUCT_NOT_ENABLED"));
    }
    let open = simulator.initialise(open, Product::Transactions, DEFAULT_DAYS).await?;
    simulator.tell(&open.item.id).await?;
    reply(json!({}))
}
