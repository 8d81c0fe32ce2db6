//! `POST /connections/{id}/products` and `DELETE …/products/{product}` (rules A).

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::idempotency::IdempotencyKey;
use super::json::{Body, null_is_default, within_or_null};
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use super::views::{ConnectionView, connection_view};
use crate::domain::addition::Outcome;
use crate::domain::ids::{ConnectionId, RefreshId};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::removal::{BillingAfter, RemovedData};
use crate::link::ProductsRequest;

/// Which products to add.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"products": ["INVESTMENT_HOLDINGS"], "dryRun": true}))]
pub struct ProductsBody {
    /// At least one, each once.
    products: Vec<Product>,
    /// Judge only; nothing changes.
    #[serde(default, deserialize_with = "null_is_default")]
    #[schema(nullable)]
    dry_run: bool,
    /// How far back, 1 to 730 days, where the provider can still be told.
    #[serde(default, deserialize_with = "within_or_null::<_, _, 1, 730>")]
    #[schema(minimum = 1, maximum = 730)]
    history_days: Option<u16>,
    /// What products cannot start without, by product.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    product_options: Option<Map<String, Value>>,
}

/// What became of the request.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductsAnswer {
    /// The connection now.
    connection: ConnectionView,
    /// One for each product that was asked for.
    results: Vec<ProductResult>,
    /// The run that fetches them; null where nothing is fetched.
    refresh_id: Option<RefreshId>,
}

/// What became of one product.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProductResult {
    /// Which.
    product: Product,
    /// What became of it.
    outcome: Outcome,
    /// A sentence for developers.
    detail: String,
}

/// Add products to a connection without the customer, as the provider's row of the support matrix allows. All or nothing.
#[utoipa::path(post, path = "/connections/{connectionId}/products", tag = "Connections", params(("connectionId" = ConnectionId, Path)),
    request_body = ProductsBody, responses((status = 200, body = ProductsAnswer), (status = 400, body = ProblemDocument),
        (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub(super) async fn add_products(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
    key: IdempotencyKey,
    Body { read, bytes }: Body<ProductsBody>,
) -> Result<Response, Problem> {
    let id: ConnectionId = id(&connection)?;
    key.local(&caller.rows, &bytes, StatusCode::OK, async |tx| {
        let request = judge(read?)?;
        let additions = app.linking.add_products(tx, id, &request).await?;
        Ok(ProductsAnswer {
            connection: connection_view(tx, &app.linking, id).await?,
            results: additions
                .results
                .into_iter()
                .map(|addition| ProductResult {
                    product: addition.product,
                    outcome: addition.outcome,
                    detail: addition.detail,
                })
                .collect(),
            refresh_id: additions.refresh_id,
        })
    })
    .await
}

fn judge(body: ProductsBody) -> Result<ProductsRequest, Problem> {
    if body.products.is_empty() {
        return Err(Problem::invalid("/products", "REQUIRED", "products needs at least one product."));
    }
    check_once(&body.products)?;
    Ok(ProductsRequest {
        products: body.products,
        dry_run: body.dry_run,
        history_days: body.history_days,
        product_options: body.product_options.unwrap_or_default(),
    })
}

/// What became of a product that was removed.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemovedProductAnswer {
    /// The connection now.
    connection: ConnectionView,
    /// Which.
    product: Product,
    /// What became of what was fetched for it.
    data: RemovedData,
    /// What becomes of the provider's bill for it.
    billing: BillingAfter,
}

/// Remove a product from a connection: it is fetched no longer, and leaves its array; `requested` stays as it was. What was fetched is
/// kept (`data=KEEP`, the default) or erased at once (`data=ERASE`). Added again later, it is judged as any other. The last one in
/// `products` cannot be removed.
#[utoipa::path(delete, path = "/connections/{connectionId}/products/{product}", tag = "Connections",
    params(("connectionId" = ConnectionId, Path), ("product" = Product, Path), ("data" = Option<RemovedData>, Query)),
    responses((status = 200, body = RemovedProductAnswer), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub(super) async fn remove_product(
    State(app): State<App>,
    caller: Caller,
    Path((connection, product)): Path<(String, String)>,
    mut params: Params,
    key: IdempotencyKey,
) -> Result<Response, Problem> {
    let (connection_id, product): (ConnectionId, Product) = (id(&connection)?, id(&product)?);
    let data = params.one_of("data", RemovedData::ALL, RemovedData::as_str)?.unwrap_or(RemovedData::Keep);
    // What is asked for stands in the address: the same key with another wish is another request.
    key.local(&caller.rows, data.as_str().as_bytes(), StatusCode::OK, async |tx| {
        let billing = app.linking.remove_product(tx, connection_id, product, data).await?;
        let connection = connection_view(tx, &app.linking, connection_id).await?;
        Ok(RemovedProductAnswer { connection, product, data, billing })
    })
    .await
}

/// Refuses a product that is named twice.
pub(super) fn check_once(products: &[Product]) -> Result<(), Problem> {
    let mut seen = std::collections::BTreeSet::new();
    match products.iter().position(|&product| !seen.insert(product)) {
        None => Ok(()),
        Some(index) => Err(Problem::invalid(format!("/products/{index}"), "DUPLICATE", "This product is named twice.")),
    }
}
