//! `GET` and `POST /connections/{id}/repair` (rules D).

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json, null_is_default, within_or_null};
use super::params::Path;
use super::problem::ProblemDocument;
use super::products::check_once;
use super::start::{StartAnswer, account_filters, redirect_url};
use super::views::RepairView;
use crate::domain::ids::ConnectionId;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::link::{REPAIR_SECONDS, RepairRequest};

/// Whether a repair is needed, and what for.
#[utoipa::path(get, path = "/connections/{connectionId}/repair", tag = "Connections", params(("connectionId" = ConnectionId, Path)),
    responses((status = 200, body = RepairView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_repair(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<RepairView>, Problem> {
    let mut tx = caller.rows.begin().await?;
    let connection = tx.connection(id(&connection)?).await?.ok_or_else(Problem::not_found)?;
    let products = tx.products(connection.id).await?;
    let plan = app.linking.repair_plan(&connection, &products);
    Ok(Json(RepairView { required: plan.required, reasons: plan.reasons }))
}

/// What the repair is to do; every field may be left out.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct RepairBody {
    /// Let the customer change the shared accounts; in a `RELINK` they choose in any case.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
    account_selection: bool,
    /// Account subtypes by type; only with accountSelection.
    #[serde(default)]
    account_filters: Option<BTreeMap<String, Vec<String>>>,
    /// Ask for consent to these.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
    products: Vec<Product>,
    /// What products cannot start without, by product.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    product_options: Option<Map<String, Value>>,
    /// Where the customer goes afterwards.
    #[serde(default)]
    redirect_url: Option<String>,
    /// How long the session lives, 60 seconds to 14 days; default 24 hours (D12).
    #[serde(default, deserialize_with = "within_or_null::<_, _, 60, 1_209_600>")]
    #[schema(minimum = 60, maximum = 1209600)]
    expires_in: Option<u32>,
}

/// Open a repair session for the same connection; one that is open is replaced. Where the reasons have `RELINK`, its mode is `RELINK`: the
/// customer links anew under the same id.
#[utoipa::path(post, path = "/connections/{connectionId}/repair", tag = "Connections", params(("connectionId" = ConnectionId, Path)),
    request_body = RepairBody, responses((status = 201, body = StartAnswer), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn start_repair(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<RepairBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    key.local(&caller.rows, &bytes, StatusCode::CREATED, async |tx| {
        let request = judge(read?)?;
        Ok(StartAnswer::new(&app, app.linking.repair(tx, id, request).await?))
    })
    .await
}

fn judge(body: RepairBody) -> Result<RepairRequest, Problem> {
    check_once(&body.products)?;
    Ok(RepairRequest {
        account_selection: body.account_selection,
        account_filters: account_filters(body.account_filters)?,
        products: body.products,
        product_options: body.product_options.unwrap_or_default(),
        redirect_url: redirect_url(body.redirect_url)?,
        expires_in: body.expires_in.unwrap_or(REPAIR_SECONDS),
        ..RepairRequest::default()
    })
}
