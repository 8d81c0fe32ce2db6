//! `POST /connections/{id}/products` (rules A).

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
use super::params::Path;
use super::problem::ProblemDocument;
use super::views::{ConnectionView, connection_view};
use crate::domain::addition::Outcome;
use crate::domain::ids::{ConnectionId, RefreshId};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
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

/// Refuses a product that is named twice.
pub(super) fn check_once(products: &[Product]) -> Result<(), Problem> {
    let mut seen = std::collections::BTreeSet::new();
    match products.iter().position(|&product| !seen.insert(product)) {
        None => Ok(()),
        Some(index) => Err(Problem::invalid(format!("/products/{index}"), "DUPLICATE", "This product is named twice.")),
    }
}
