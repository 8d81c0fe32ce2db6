//! `POST /connect/plan`: what a link would be, before it is started (rules B8 to B11).

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;

use super::App;
use super::auth::Caller;
use super::idempotency::IdempotencyKey;
use super::json::{Body, Json};
use super::problem::ProblemDocument;
use super::start::{StartBody, read_start};
use crate::domain::placement::Placement;
use crate::domain::plan::{Advice, PlannedProduct, ProductAt};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::link::LinkPlan;
use crate::store::InstitutionCount;

/// What a link would be. Nothing was created for it, and no provider was asked.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlanView {
    /// Whether the start call would take it.
    startable: bool,
    /// What it would answer, where it would not.
    refusal: Option<ProblemDocument>,
    /// The institutions that remain: those of the countries (or the one that was named) that have every required product. Null where
    /// the customer chooses none, for what is asked for is had of nobody but them.
    institutions: Option<CountView>,
    /// Each product, strongest arrays first.
    products: Vec<PlannedProductView>,
    /// What would be cheaper, faster or let more customers through. Each is of the arrays as they were asked for: after following one, ask
    /// for the plan again, for two may be alternatives.
    advice: Vec<Advice>,
}

/// How many institutions there are.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CountView {
    /// At any provider, each once.
    total: u64,
    /// At each provider that has some.
    by_service_provider: BTreeMap<ServiceProvider, u64>,
}

impl From<InstitutionCount> for CountView {
    fn from(count: InstitutionCount) -> Self {
        Self { total: count.total, by_service_provider: count.by_provider }
    }
}

/// A product of the plan.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedProductView {
    /// Which.
    product: Product,
    /// The array in which it stands.
    placement: Placement,
    /// Whether institutions without it are left out.
    filters_institutions: bool,
    /// The institutions that have it, at providers that could do the whole. Null for what is had of no institution.
    institutions: Option<CountView>,
    /// What it is at each provider that has it, of those that could do the whole (at the institution, where one was named).
    service_providers: Vec<ProductAt>,
}

impl PlanView {
    fn new(plan: LinkPlan) -> Self {
        let LinkPlan { refusal, institutions, products, mut having, advice } = plan;
        let product = |planned: PlannedProduct| PlannedProductView {
            product: planned.product,
            placement: planned.placement,
            filters_institutions: planned.placement == Placement::Required && planned.product.is_of_institution(),
            institutions: having.remove(&planned.product).map(Into::into),
            service_providers: planned.at,
        };
        Self {
            startable: refusal.is_none(),
            refusal: refusal.map(Into::into),
            institutions: institutions.map(Into::into),
            products: products.into_iter().map(product).collect(),
            advice,
        }
    }
}

/// What a start call with the same body would be: per product its terms, the institutions that remain, and advice.
#[utoipa::path(post, path = "/connect/plan", tag = "Linking", request_body = StartBody, responses(
    (status = 200, body = PlanView),
    (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument), (status = 413, body = ProblemDocument),
    (status = 415, body = ProblemDocument), (status = 429, body = ProblemDocument), (status = 503, body = ProblemDocument)))]
pub(super) async fn plan_link(
    State(app): State<App>,
    _: Caller,
    // The same request is answered the same way with or without one: nothing is done.
    _: IdempotencyKey,
    Body { read, .. }: Body<StartBody>,
) -> Result<Json<PlanView>, Problem> {
    Ok(Json(PlanView::new(app.linking.plan(read_start(read?)?).await?)))
}
