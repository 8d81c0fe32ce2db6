//! Accounts, their numbers and owners, and processor tokens.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json};
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use crate::domain::account::{AccountStatus, AccountSubtype, AccountType, Identifiers, Owner, ProviderData};
use crate::domain::ids::{AccountId, ConnectionId, CustomerId, InstitutionId};
use crate::domain::problem::{Code, Problem};
use crate::store::{Account, AccountFilter, AccountSecret, TenantTx};

/// What an account holds; amounts as decimal texts.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BalancesView {
    /// Held or owed now; owed is positive.
    #[schema(value_type = Option<String>)]
    current: Option<Decimal>,
    /// What can be drawn.
    #[schema(value_type = Option<String>)]
    available: Option<Decimal>,
    /// Credit limit or pre-arranged overdraft.
    #[schema(value_type = Option<String>)]
    limit: Option<Decimal>,
    /// When the institution said so.
    updated_at: Option<DateTime<Utc>>,
}

/// An account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountView {
    /// Ours, for life.
    id: AccountId,
    /// Of which connection.
    connection_id: ConnectionId,
    /// Whose.
    customer_id: CustomerId,
    /// Where.
    institution_id: Option<InstitutionId>,
    /// Its name.
    name: String,
    /// The last digits of its number.
    mask: Option<String>,
    /// Coarse type.
    #[serde(rename = "type")]
    account_type: AccountType,
    /// Fine type.
    subtype: AccountSubtype,
    /// Whether it is still there.
    status: AccountStatus,
    /// ISO 4217.
    currency: Option<String>,
    /// What it holds.
    balances: BalancesView,
}

impl From<Account> for AccountView {
    fn from(account: Account) -> Self {
        let balances = account.balances;
        Self {
            id: account.id,
            connection_id: account.connection_id,
            customer_id: account.customer_id,
            institution_id: account.institution_id,
            name: account.name,
            mask: account.mask,
            account_type: account.account_type,
            subtype: account.subtype,
            status: account.status,
            currency: account.currency,
            balances: BalancesView {
                current: balances.current,
                available: balances.available,
                limit: balances.limit,
                updated_at: balances.updated_at,
            },
        }
    }
}

/// Accounts, in the order in which they appeared.
#[utoipa::path(get, path = "/accounts", tag = "Data", params(
    ("connectionId" = Option<ConnectionId>, Query), ("customerId" = Option<CustomerId>, Query), ("status" = Option<AccountStatus>, Query),
    ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<AccountView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_accounts(caller: Caller, mut params: Params) -> Result<Json<Page<AccountView>>, Problem> {
    let filter = AccountFilter {
        connection_id: params.one("connectionId", "a connection's id")?,
        customer_id: params.one("customerId", "a customer's id")?,
        status: params.one_of("status", AccountStatus::ALL, AccountStatus::as_str)?,
    };
    let (after, limit) = params.cursor::<AccountId>("accounts")?;
    let mut tx = caller.rows.begin().await?;
    let rows = tx.accounts(&filter, after, limit + 1, None).await?;
    Ok(Json(Page::new("accounts", rows, limit, |row| row.id, AccountView::from)))
}

/// One account.
#[utoipa::path(get, path = "/accounts/{accountId}", tag = "Data", params(("accountId" = AccountId, Path)),
    responses((status = 200, body = AccountView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_account(caller: Caller, Path(account): Path<String>) -> Result<Json<AccountView>, Problem> {
    let mut tx = caller.rows.begin().await?;
    Ok(Json(tx.account(id(&account)?).await?.ok_or_else(Problem::not_found)?.into()))
}

/// Whether full numbers are there.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum IdentifiersStatus {
    /// They are there.
    Available,
    /// The product is not on the connection, or has not come (yet).
    Unavailable,
    /// The customer revoked access; they no longer work.
    Revoked,
}

/// Full numbers, each kind where the account has it.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IdentifiersView {
    /// The numbers.
    #[serde(flatten)]
    identifiers: Identifiers,
    /// Whether they are there.
    identifiers_status: IdentifiersStatus,
}

/// Full account numbers. Needs the role `write`; every reading is audited.
#[utoipa::path(get, path = "/accounts/{accountId}/identifiers", tag = "Data", params(("accountId" = AccountId, Path)),
    responses((status = 200, body = IdentifiersView), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_identifiers(
    State(app): State<App>,
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<IdentifiersView>, Problem> {
    let mut tx = sensitive(&caller).await?;
    let account = tx.account(id(&account)?).await?.ok_or_else(Problem::not_found)?;
    let stored: Option<Identifiers> =
        tx.account_secret(account.id, AccountSecret::Identifiers, &caller.actor()).await?;
    let connection = tx.connection(account.connection_id).await?.ok_or_else(Problem::not_found)?;
    tx.commit().await?;
    // Tokenised numbers stop working with the access (F6), and with the link that gave them.
    let revoked = app.linking.permission_revoked(&connection) || account.provider_account_id.is_none();
    let (identifiers, identifiers_status) = match stored {
        Some(_) if revoked => (Identifiers::default(), IdentifiersStatus::Revoked),
        Some(identifiers) => (identifiers, IdentifiersStatus::Available),
        None => (Identifiers::default(), IdentifiersStatus::Unavailable),
    };
    Ok(Json(IdentifiersView { identifiers, identifiers_status }))
}

/// The people behind an account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OwnersView {
    /// The owners; empty where the product is not on the connection, or has not come.
    owners: Vec<Owner>,
}

/// Owners. Needs the role `write`; every reading is audited.
#[utoipa::path(get, path = "/accounts/{accountId}/owners", tag = "Data", params(("accountId" = AccountId, Path)),
    responses((status = 200, body = OwnersView), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_owners(caller: Caller, Path(account): Path<String>) -> Result<Json<OwnersView>, Problem> {
    let mut tx = sensitive(&caller).await?;
    let account = tx.account(id(&account)?).await?.ok_or_else(Problem::not_found)?;
    let owners: Option<Vec<Owner>> = tx.account_secret(account.id, AccountSecret::Owners, &caller.actor()).await?;
    tx.commit().await?;
    Ok(Json(OwnersView { owners: owners.unwrap_or_default() }))
}

/// What the provider itself says of an account.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderDataView {
    /// In its own words and shape, as it was last read; `null` where nothing was kept. Secrets and full numbers are masked.
    provider_data: Option<ProviderData>,
}

/// The provider's own last answer about an account, for support and for fields that Linkspan does not normalise. Its shape is the
/// provider's and may change with it.
#[utoipa::path(get, path = "/accounts/{accountId}/provider-data", tag = "Data", params(("accountId" = AccountId, Path)),
    responses((status = 200, body = ProviderDataView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_provider_data(
    caller: Caller,
    Path(account): Path<String>,
) -> Result<Json<ProviderDataView>, Problem> {
    let mut tx = caller.rows.begin().await?;
    let account = tx.account(id(&account)?).await?.ok_or_else(Problem::not_found)?;
    let provider_data = tx.account_secret(account.id, AccountSecret::ProviderData, &caller.actor()).await?;
    tx.commit().await?;
    Ok(Json(ProviderDataView { provider_data }))
}

/// Numbers and people are a permission of their own: a key that may only read does not have it.
async fn sensitive(caller: &Caller) -> Result<TenantTx, Problem> {
    check_sensitive(caller)?;
    Ok(caller.rows.begin().await?)
}

/// Refuses a key that may not read numbers and people.
pub(super) fn check_sensitive(caller: &Caller) -> Result<(), Problem> {
    if caller.role < crate::store::Role::Write {
        return Err(Problem::new(
            Code::Forbidden,
            "This key may not read account numbers and owners. Use one with the role write or admin.",
        ));
    }
    Ok(())
}

/// For which processor.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"processor": "DWOLLA"}))]
pub struct ProcessorTokenBody {
    /// The processor's name in capitals, with underscores.
    processor: String,
}

/// A token for that account at the processor.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProcessorTokenAnswer {
    /// Hand it to the processor; it is not kept here.
    token: String,
}

/// A token for an account at a payment processor, where the service provider has that.
#[utoipa::path(post, path = "/accounts/{accountId}/processor-tokens", tag = "Data", params(("accountId" = AccountId, Path)),
    request_body = ProcessorTokenBody, responses((status = 201, body = ProcessorTokenAnswer), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn create_processor_token(
    State(app): State<App>,
    caller: Caller,
    Path(account): Path<String>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<ProcessorTokenBody>,
) -> Result<Response, Problem> {
    let account_id: AccountId = id(&account)?;
    let effect = async {
        let processor = processor(read?)?;
        let mut tx = caller.rows.begin().await?;
        let account = tx.account(account_id).await?.ok_or_else(Problem::not_found)?;
        if account.status != AccountStatus::Open {
            return Err(Problem::new(
                Code::UserActionRequired,
                "The customer no longer shares this account. Open a repair with accountSelection: true.",
            ));
        }
        let connection = tx.connection(account.connection_id).await?.ok_or_else(Problem::not_found)?;
        let credential = tx.credential(connection.id).await?;
        tx.commit().await?;
        let entry = app.registry().require(connection.service_provider)?;
        if !entry.provider.spec().processor_tokens {
            return Err(Problem::new(
                Code::UnsupportedByProvider,
                format!("{} has no processor tokens.", entry.provider.spec().name),
            ));
        }
        let (Some(credential), Some(provider_account_id)) = (credential, account.provider_account_id) else {
            return Err(Problem::new(Code::ConnectionNotLinked, connection.condition.sentence()));
        };
        let cx = entry.in_request(app.clock());
        let token = entry.provider.processor_token(&cx, &credential, &provider_account_id, &processor).await;
        let token = token.map_err(|failure| entry.problem(failure))?;
        Ok((StatusCode::CREATED, ProcessorTokenAnswer { token: token.expose().to_owned() }))
    };
    key.outward(&caller.rows, "tenant", &bytes, effect).await
}

fn processor(ProcessorTokenBody { processor }: ProcessorTokenBody) -> Result<String, Problem> {
    let is_name = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if (1..=64).contains(&processor.len()) && processor.bytes().all(is_name) {
        return Ok(processor);
    }
    Err(Problem::invalid(
        "/processor",
        "INVALID_VALUE",
        "processor is a name of 1 to 64 capitals, digits and underscores, like DWOLLA.",
    ))
}
