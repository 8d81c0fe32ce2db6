//! What accounts hold. Each account is read with a token of its own, live at the institution.

use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime};
use serde_json::{Value, json};

use crate::domain::account::{self, AccountType};
use crate::domain::connection::Condition;
use crate::domain::product::Product;
use crate::providers::data::{
    AccountsWanted, InvestmentTransactionsPage, InvestmentTransactionsRequest, Observation, ProviderAccount,
    ProviderHolding,
};
use crate::providers::mesh::spec::SPEC;
use crate::providers::mesh::wire::{Balances, Holdings, Orders, PortfolioValue};
use crate::providers::mesh::{error, map};
use crate::providers::verbatim::{Kept, Verbatim};
use crate::providers::{Failure, FailureKind, Persistence};

use super::credential::{Account, Credential};
use super::{Api, Operation, present};

const HOLDINGS: Operation = Operation::reading("POST /api/v1/holdings/get", "/api/v1/holdings/get");
const VALUE: Operation = Operation::reading("POST /api/v1/holdings/value", "/api/v1/holdings/value");
const BALANCES: Operation = Operation::reading("POST /api/v1/balance/get", "/api/v1/balance/get");
const ORDERS: Operation = Operation::reading("POST /api/v1/transactions/list", "/api/v1/transactions/list");

/// The most that a page of orders may hold.
const PAGE: u32 = 250;

/// How the link stands. Mesh has no such question, so every account is read; what the customer has to mend there is what is observed.
pub async fn status(api: &Api<'_>, credential: &Credential) -> Result<Observation, Failure> {
    let mut observation = Observation {
        condition: Condition::HEALTHY,
        code: None,
        provider_connection_id: credential.connection.clone(),
        provider_institution_id: credential.integration.clone(),
        // Nothing is asked for in a visit: what the institution has decides.
        initialized: BTreeSet::new(),
        consented: SPEC.products.iter().copied().collect(),
        consent_expires_at: None,
        updating: None,
    };
    for account in &credential.accounts {
        match (held(api, credential, account).await, observation.code.is_some()) {
            (Err(failure), false) if failure.persistence == Persistence::NeedsUser => {
                observation.condition = failure.condition.unwrap_or(Condition::HEALTHY);
                observation.code = Some(failure.code);
            }
            (Err(failure), _) if failure.persistence != Persistence::NeedsUser => return Err(failure),
            _ => {}
        }
    }
    Ok(observation)
}

/// What an account holds. An answer of status 200 may be a failure.
pub async fn held(api: &Api<'_>, credential: &Credential, account: &Account) -> Result<Holdings, Failure> {
    let more = json!({ "includeMarketValue": true });
    let held: Holdings = api.ask_of(HOLDINGS, credential, account, more).await?;
    match held.status.as_deref() {
        Some("succeeded") => Ok(held),
        Some(word) => Err(error::of_word(word, held.error_message.as_deref().unwrap_or_default())),
        None => Err(Failure::unreadable("the status of holdings")),
    }
}

/// The accounts; what they are worth and their cash are two questions.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Credential,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    for (is_wanted, product) in [(wanted.identifiers, Product::Identifiers), (wanted.owners, Product::Owners)] {
        if is_wanted {
            return Err(Failure::unsupported(product.as_str()));
        }
    }
    let mut found = Vec::new();
    for account in &credential.accounts {
        let value: Kept<PortfolioValue> = api.ask_of(VALUE, credential, account, Value::Null).await?;
        let cash: Kept<Balances> = api.ask_of(BALANCES, credential, account, Value::Null).await?;
        let current = present(value.read.total_value, "the value of an account")?;
        found.push(ProviderAccount {
            provider_account_id: account.id.clone(),
            persistent_id: Some(account.id.clone()),
            name: account.name.clone().unwrap_or_else(|| format!("Account {}", account.id)),
            mask: None,
            account_type: AccountType::Investment,
            subtype: map::subtype(credential.category.as_deref()),
            currency: Some(map::CURRENCY.to_owned()),
            balances: account::Balances {
                current: Some(current.0),
                available: map::cash(&cash.read),
                limit: None,
                updated_at: Some(api.now()),
            },
            verification: None,
            identifiers: None,
            owners: None,
            verbatim: Verbatim::joined([("value", value.verbatim), ("balances", cash.verbatim)]),
        });
    }
    Ok(found)
}

/// Everything that is held.
pub async fn holdings(api: &Api<'_>, credential: &Credential) -> Result<Vec<ProviderHolding>, Failure> {
    let mut found = Vec::new();
    for account in &credential.accounts {
        found.extend(map::holdings(&account.id, &held(api, credential, account).await?));
    }
    Ok(found)
}

/// One page of one account's orders. The page's name is the account's place and Mesh's cursor.
pub async fn orders(
    api: &Api<'_>,
    credential: &Credential,
    request: &InvestmentTransactionsRequest,
) -> Result<InvestmentTransactionsPage, Failure> {
    let (at, cursor) = place(request.page.as_deref())?;
    let Some(account) = credential.accounts.get(at) else { return Err(no_page()) };
    // "Created after": the second before is not of this window.
    let from = request.from.and_time(NaiveTime::MIN).and_utc().timestamp() - 1;
    let more = json!({ "count": PAGE, "statuses": ["success", "partiallyFilled"], "from": from, "cursor": cursor });
    let page: Orders = api.ask_of(ORDERS, credential, account, more).await?;
    let listed = present(page.transactions, "the list of orders")?;
    // Some institutions give a cursor with the last page too.
    let more = page.cursor.filter(|next| !next.is_empty() && Some(next.as_str()) != cursor && !listed.is_empty());
    let next = match more {
        Some(cursor) => Some(format!("{at}:{cursor}")),
        None => (at + 1 < credential.accounts.len()).then(|| format!("{}:", at + 1)),
    };
    let window = |date: &NaiveDate| (request.from..=request.to).contains(date);
    let transactions = listed.iter().filter_map(|one| map::order(&account.id, one));
    Ok(InvestmentTransactionsPage { transactions: transactions.filter(|one| window(&one.date)).collect(), next })
}

fn place(page: Option<&str>) -> Result<(usize, Option<&str>), Failure> {
    let Some(page) = page else { return Ok((0, None)) };
    let (at, cursor) = page.split_once(':').ok_or_else(no_page)?;
    Ok((at.parse().map_err(|_| no_page())?, Some(cursor).filter(|cursor| !cursor.is_empty())))
}

/// The customer may have shared fewer accounts since.
fn no_page() -> Failure {
    Failure::new(FailureKind::Restart, Persistence::Temporary, "PAGE", "no page has this name: begin again")
}
