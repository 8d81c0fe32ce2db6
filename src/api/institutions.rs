//! The institution catalogue.

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Serialize;

use super::App;
use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::page::Page;
use super::params::{Params, Path};
use super::problem::ProblemDocument;
use crate::domain::codes::is_country;
use crate::domain::ids::InstitutionId;
use crate::domain::institution::InstitutionHealth;
use crate::domain::problem::Problem;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::store::{Institution, InstitutionFilter};

/// What a provider has of an institution.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstitutionAtProviderView {
    /// Which provider.
    service_provider: ServiceProvider,
    /// Its id there.
    provider_institution_id: String,
    /// What can be had at link time.
    products: BTreeSet<Product>,
    /// Whether the customer logs in at the institution's own page.
    oauth: bool,
    /// How well it works.
    health: InstitutionHealth,
}

/// An institution.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstitutionView {
    /// Ours.
    id: InstitutionId,
    /// Its name.
    name: String,
    /// Other names.
    aliases: Vec<String>,
    /// Home page.
    url: Option<String>,
    /// Logo.
    logo_url: Option<String>,
    /// ISO 3166 alpha-2.
    country_codes: Vec<String>,
    /// What each provider has of it.
    providers: Vec<InstitutionAtProviderView>,
}

impl From<Institution> for InstitutionView {
    fn from(row: Institution) -> Self {
        let providers = row.providers.into_iter().map(|at| InstitutionAtProviderView {
            service_provider: at.service_provider,
            provider_institution_id: at.provider_institution_id,
            products: at.products,
            oauth: at.oauth,
            health: at.health,
        });
        Self {
            id: row.id,
            name: row.name,
            aliases: row.aliases,
            url: row.url,
            logo_url: row.logo_url,
            country_codes: row.country_codes,
            providers: providers.collect(),
        }
    }
}

/// A country as two capital letters.
struct Country(String);

impl std::str::FromStr for Country {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if is_country(text) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// Institutions by name, those that fit the query best first.
#[utoipa::path(get, path = "/institutions", tag = "Institutions and providers", params(
    ("query" = Option<String>, Query, description = "The name or a part of it; case, accents, punctuation and a small typo do not matter"),
    ("product" = Option<Vec<Product>>, Query, explode, description = "May be repeated: all of them at one provider"),
    ("countryCode" = Option<Vec<String>>, Query, explode, description = "May be repeated: any of them"),
    ("serviceProvider" = Option<ServiceProvider>, Query), ("limit" = Option<i64>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = Page<InstitutionView>), (status = 400, body = ProblemDocument), (status = 401, body = ProblemDocument)))]
pub(super) async fn list_institutions(
    State(app): State<App>,
    _: Caller,
    mut params: Params,
) -> Result<Json<Page<InstitutionView>>, Problem> {
    let query: Option<String> = params.one("query", "a text")?;
    let filter = InstitutionFilter {
        query: query.filter(|query| !query.trim().is_empty()),
        products: params.any_of("product", Product::ALL, Product::as_str)?,
        country_codes: params
            .many::<Country>("countryCode", "two capital letters of ISO 3166-1, like US")?
            .into_iter()
            .map(|code| code.0)
            .collect(),
        service_providers: params
            .one_of("serviceProvider", ServiceProvider::ALL, ServiceProvider::as_str)?
            .map(|one| vec![one]),
        only: None,
    };
    let (after, limit) = params.cursor::<InstitutionId>("institutions")?;
    let rows = app.store().institutions(&filter, after, limit + 1).await?;
    Ok(Json(Page::new("institutions", rows, limit, |row| row.id, InstitutionView::from)))
}

/// One institution.
#[utoipa::path(get, path = "/institutions/{institutionId}", tag = "Institutions and providers", params(("institutionId" = InstitutionId, Path)),
    responses((status = 200, body = InstitutionView), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub(super) async fn get_institution(
    State(app): State<App>,
    _: Caller,
    Path(institution): Path<String>,
) -> Result<Json<InstitutionView>, Problem> {
    Ok(Json(app.store().institution(id(&institution)?).await?.ok_or_else(Problem::not_found)?.into()))
}
