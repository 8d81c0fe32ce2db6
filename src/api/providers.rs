//! The service providers of this installation and the support matrix.

use std::collections::BTreeMap;

use axum::extract::State;
use serde::Serialize;
use serde_json::Map;

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::params::Path;
use super::problem::ProblemDocument;
use crate::config::Mode;
use crate::domain::combination::IdentifiersFlow;
use crate::domain::institution::InstitutionHealth;
use crate::domain::placement::{Placement, Placements};
use crate::domain::plan::{Asked, Billing, Consent, FirstCharge, Latency, Offer, Preparation, ProductAt};
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::support_matrix::{self, Cell};
use crate::providers::Entry;
use crate::providers::spec::LaunchKind;

/// A cell of the support matrix (rule A3).
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CellView {
    /// `YES`, `NO`, `IF_ANY` (of `anyOf`), `IF_INSTITUTION`.
    addable: &'static str,
    /// One of these must be there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    any_of: Vec<Product>,
}

impl From<Cell> for CellView {
    fn from(cell: Cell) -> Self {
        let (addable, any_of) = match cell {
            Cell::Yes => ("YES", Vec::new()),
            Cell::No => ("NO", Vec::new()),
            Cell::IfAny(products) => ("IF_ANY", products.to_vec()),
            Cell::IfInstitution => ("IF_INSTITUTION", Vec::new()),
        };
        Self { addable, any_of }
    }
}

/// A row of the support matrix.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatrixRow {
    /// Which provider.
    service_provider: ServiceProvider,
    /// What can be added later without the customer, by product.
    products: BTreeMap<Product, CellView>,
}

/// The support matrix.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MatrixView {
    /// One row for each provider.
    data: Vec<MatrixRow>,
}

fn row(provider: ServiceProvider) -> BTreeMap<Product, CellView> {
    support_matrix::COLUMNS.iter().map(|&product| (product, support_matrix::cell(provider, product).into())).collect()
}

/// Which products can be added to a connection later without the customer (rule A3).
#[utoipa::path(get, path = "/support-matrix", tag = "Institutions and providers",
    responses((status = 200, body = MatrixView), (status = 401, body = ProblemDocument)))]
pub(super) async fn get_support_matrix(_: Caller) -> Json<MatrixView> {
    let data = ServiceProvider::ALL
        .iter()
        .map(|&provider| MatrixRow { service_provider: provider, products: row(provider) })
        .collect();
    Json(MatrixView { data })
}

/// What a provider of this installation can do.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceProviderView {
    /// Which.
    service_provider: ServiceProvider,
    /// Its name.
    name: &'static str,
    /// `SANDBOX` or `LIVE`.
    mode: &'static str,
    /// How well its API answers here.
    health: InstitutionHealth,
    /// What can be asked for at link time.
    products: Vec<Product>,
    /// Its row of the support matrix.
    support_matrix: BTreeMap<Product, CellView>,
    /// ISO 3166 alpha-2.
    country_codes: Vec<&'static str>,
    /// The ways to account numbers that can be asked for by name.
    identifiers_flows: &'static [IdentifiersFlow],
    /// How the customer gets there.
    launch: LaunchKind,
    /// Whether a repair can change the shared accounts.
    account_selection: bool,
    /// Whether processor tokens can be had.
    processor_tokens: bool,
    /// Whether it tells that the customer took the permission back. Elsewhere that looks like a consent or login that has ended: the
    /// repair is for `CONSENT_EXPIRED` or `LOGIN`, and numbers are not withheld.
    tells_revocation: bool,
    /// Its limits.
    limits: ProviderLimits,
    /// When each product is billed and prepared, by the array in which it stands: what `POST /connect/plan` goes by.
    terms: Vec<TermsView>,
}

/// A product in one of the four arrays (rules B9, B10).
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TermsView {
    /// Which.
    product: Product,
    /// In which array.
    placement: Placement,
    /// When it is billed.
    billing: Billing,
    /// When the first charge for it falls, by what is read when. Null where there is none, or the contract says.
    first_charge: Option<FirstCharge>,
    /// When it is prepared.
    preparation: Preparation,
    /// How long its first data takes.
    latency: Latency,
    /// Where the customer agrees to it.
    consent: Consent,
}

/// The terms of every product that can be asked for, in every array.
fn terms(offer: &Offer) -> Vec<TermsView> {
    let cells =
        offer.products.iter().flat_map(|&product| Placement::ALL.iter().map(move |&placement| (product, placement)));
    let terms = cells.map(|(product, placement)| {
        let (mut placements, product_options) = (Placements::default(), Map::new());
        placements.put(product, placement);
        let alone = Asked {
            placements: &placements,
            identifiers_flow: None,
            product_options: &product_options,
            original_call_rule: false,
        };
        let ProductAt { billing, first_charge, preparation, latency, consent, .. } =
            offer.of(product, placement, alone);
        TermsView { product, placement, billing, first_charge, preparation, latency, consent }
    });
    terms.collect()
}

/// What a provider limits.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProviderLimits {
    /// How far back transactions go.
    history_days: u16,
    /// The shortest time between two refreshes of a connection.
    refresh_pause_seconds: u32,
    /// Hours between scheduled reads.
    read_every_hours: u16,
}

impl From<&Entry> for ServiceProviderView {
    fn from(entry: &Entry) -> Self {
        let spec = entry.provider.spec();
        Self {
            service_provider: spec.id,
            name: spec.name,
            mode: if entry.mode == Mode::Live { "LIVE" } else { "SANDBOX" },
            health: if entry.upstream.breaker_open() { InstitutionHealth::Down } else { InstitutionHealth::Healthy },
            products: spec.products.to_vec(),
            support_matrix: row(spec.id),
            country_codes: spec.countries.to_vec(),
            identifiers_flows: spec.identifiers_flows,
            launch: spec.launch,
            account_selection: spec.account_selection,
            processor_tokens: spec.processor_tokens,
            tells_revocation: !spec.revocation_codes.is_empty(),
            limits: ProviderLimits {
                history_days: spec.history_days,
                refresh_pause_seconds: spec.refresh_pause_seconds,
                read_every_hours: spec.read_every_hours,
            },
            terms: terms(&spec.offer()),
        }
    }
}

/// The providers of an installation.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServiceProvidersView {
    /// Each that is configured.
    data: Vec<ServiceProviderView>,
}

/// The service providers of this installation.
#[utoipa::path(get, path = "/service-providers", tag = "Institutions and providers",
    responses((status = 200, body = ServiceProvidersView), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_service_providers(State(app): State<App>, _: Caller) -> Json<ServiceProvidersView> {
    Json(ServiceProvidersView { data: app.registry().iter().map(Into::into).collect() })
}

/// One service provider.
#[utoipa::path(get, path = "/service-providers/{serviceProvider}", tag = "Institutions and providers", params(("serviceProvider" = ServiceProvider, Path)),
    responses((status = 200, body = ServiceProviderView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_service_provider(
    State(app): State<App>,
    _: Caller,
    Path(provider): Path<String>,
) -> Result<Json<ServiceProviderView>, Problem> {
    let entry = app.registry().get(id(&provider)?).ok_or_else(Problem::not_found)?;
    Ok(Json(entry.into()))
}
