//! Starting a link: the customer, a connection `IN_PROGRESS` and its session, in one transaction.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::{Linking, Opened, TOKEN_PREFIX, session_job};
use crate::domain::combination::{Violation, ViolationCode, check_combination, check_given_options, lacks_company};
use crate::domain::ids::InstitutionId;
use crate::domain::placement::Placements;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::session::SessionMode;
use crate::providers::{Entry, Spec};
use crate::routing::{self, Wanted};
use crate::store::{ConnectionSettings, JobKind, NewConnection, NewSession, SessionRequest, TenantTx};

/// How long a link session lives unless asked otherwise, in seconds (F1).
pub const LINK_SECONDS: u32 = 4 * 3600;

/// Where most customers are.
const HOME: &str = "US";

/// Where most payments are set off from an account: nobody does so at home.
const PAYMENTS: &str = "GB";

/// A request to link; its fields are well-formed, whether they go together is judged here.
#[derive(Clone, Debug)]
pub struct StartRequest {
    /// The tenant's own id of the customer.
    pub external_customer_id: String,
    /// The four arrays, disjoint.
    pub placements: Placements,
    /// What holds for the connection's life.
    pub settings: ConnectionSettings,
    /// The institution, where the tenant has chosen it.
    pub institution_id: Option<InstitutionId>,
    /// What the picker searches for at first.
    pub institution_search: Option<String>,
    /// Where the customer goes afterwards.
    pub redirect_url: Option<String>,
    /// How long the session lives, in seconds.
    pub expires_in: u32,
    /// The tenant's own.
    pub metadata: Map<String, Value>,
}

impl Linking {
    /// A request as it is meant, if it can be started; comes before [`start`](Self::start).
    pub async fn judge_start(&self, request: StartRequest) -> Result<StartRequest, Problem> {
        let request = self.with_countries(request).await?;
        self.check_start(&request).await?;
        Ok(request)
    }

    /// The countries that are meant where none are named: those of the institution; else the United States, or where that product or
    /// provider is not to be had there, where it is.
    pub(super) async fn with_countries(&self, mut request: StartRequest) -> Result<StartRequest, Problem> {
        if request.settings.country_codes.is_empty() {
            let institution = match request.institution_id {
                Some(id) => self.store.institution(id).await?,
                None => None,
            };
            let pinned = request.settings.pinned_provider.and_then(|id| self.registry.get(id));
            let countries = pinned.map_or(&[HOME][..], |entry| entry.provider.spec().countries);
            let is_payment = request.placements.alone() == Some(Product::PaymentInitiation);
            let serves_payments = |entry: &Entry| entry.provider.spec().countries.contains(&PAYMENTS);
            let named = |codes: &[&str]| codes.iter().copied().map(str::to_owned).collect();
            request.settings.country_codes = match institution {
                Some(institution) if !institution.country_codes.is_empty() => institution.country_codes,
                _ if is_payment && pinned.is_none_or(serves_payments) => named(&[PAYMENTS]),
                _ if countries.contains(&HOME) => named(&[HOME]),
                _ => named(countries),
            };
        }
        Ok(request)
    }

    /// Judges a request before anything is stored (B5, B7, B14, routing): what nobody could finish is not started.
    pub(super) async fn check_start(&self, request: &StartRequest) -> Result<(), Problem> {
        let settings = &request.settings;
        let pinned = match settings.pinned_provider {
            None => None,
            Some(id) => Some(self.registry.get(id).ok_or_else(|| {
                Problem::new(Code::NoProviderAvailable, format!("{id} is not configured in this installation."))
                    .with_error(
                        "/serviceProvider",
                        "NOT_CONFIGURED",
                        "Leave serviceProvider out, or name one of GET /service-providers.",
                    )
            })?),
        };
        let asked = request.placements.iter().map(|(product, _)| product).collect();
        self.check_given_options(&asked, &settings.product_options)?;
        let wanted = Wanted::new(&request.placements, settings);
        let never_alone = pinned.map(|entry| entry.provider.spec().never_alone);
        check_combination(wanted.placements, wanted.identifiers_flow, &settings.product_options, never_alone)
            .map_err(violations)?;
        self.check_supported(wanted)?;
        match request.institution_id {
            Some(_) if !request.placements.are_of_institution() => {
                let detail =
                    "What is asked for is had of the customer, not of an institution. Leave institutionId out.";
                Err(Problem::invalid("/institutionId", "NOT_TAKEN", detail))
            }
            Some(id) => routing::choose(&self.store, &self.registry, id, wanted).await.map(drop),
            None if !request.placements.are_of_institution() => Ok(()),
            None => routing::check_choice(&self.store, &self.registry, wanted).await,
        }
    }

    /// Judges the options that a request brings by what it asks for and by today's date (B14).
    pub(super) fn check_given_options(
        &self,
        asked: &BTreeSet<Product>,
        options: &Map<String, Value>,
    ) -> Result<(), Problem> {
        let wrong = check_given_options(asked, options, self.clock.now().date_naive());
        if wrong.is_empty() { Ok(()) } else { Err(violations(wrong)) }
    }

    /// Some provider (the pinned one, if one is named) must serve one of the countries and have every required product.
    fn check_supported(&self, wanted: Wanted<'_>) -> Result<(), Problem> {
        let countries = wanted.country_codes.join(", ");
        let serving: Vec<&Spec> = wanted.serving(&self.registry).map(|entry| entry.provider.spec()).collect();
        if serving.is_empty() {
            let detail = match wanted.pinned {
                Some(pinned) => {
                    format!(
                        "{pinned} does not serve {countries}. Send countryCodes that it serves, or leave serviceProvider out."
                    )
                }
                None => format!("No service provider of this installation serves {countries}."),
            };
            return Err(no_provider("/countryCodes", "COUNTRY", detail));
        }
        let has = |product| serving.iter().any(|spec| spec.products.contains(&product));
        let missing: Vec<_> = wanted.placements.products.iter().copied().filter(|&product| !has(product)).collect();
        if !missing.is_empty() {
            return Err(self.unsupported(&missing, wanted));
        }
        self.check_flow(wanted, &serving)?;
        if serving.iter().all(|spec| lacks_company(wanted.placements, spec.never_alone)) {
            let detail = "No service provider can link these products alone (rule B5). Add a product beside them.";
            return Err(no_provider("/products", "PRODUCT_COMBINATION", detail.to_owned()));
        }
        if wanted.candidates(&self.registry).is_empty() {
            let detail = format!(
                "No single service provider that serves {countries} has everything in products. Ask for fewer there, or in links of their own."
            );
            return Err(no_provider("/products", "PRODUCT_COMBINATION", detail));
        }
        Ok(())
    }

    /// Whether account numbers can be had in the way that is asked for (B7).
    fn check_flow(&self, wanted: Wanted<'_>, serving: &[&Spec]) -> Result<(), Problem> {
        let Some(flow) = wanted.identifiers_flow else { return Ok(()) };
        if serving.iter().any(|spec| spec.identifiers_flows.contains(&flow)) {
            return Ok(());
        }
        let others = self.having(|spec| spec.identifiers_flows.contains(&flow));
        let (code, detail) = match wanted.pinned {
            Some(id) => (
                Code::UnsupportedByProvider,
                format!("{id} does not have {flow}. Leave identifiersFlow out, or link through {others}."),
            ),
            None => (
                Code::NoProviderAvailable,
                format!(
                    "No service provider of this installation has {flow} in {}. Leave identifiersFlow out.",
                    wanted.country_codes.join(", ")
                ),
            ),
        };
        Err(Problem::new(code, detail.clone()).with_error("/identifiersFlow", code.as_str(), detail))
    }

    /// The providers of this installation of which that is so, in words.
    fn having(&self, is_so: impl Fn(&Spec) -> bool) -> String {
        let names: Vec<&str> = self
            .registry
            .iter()
            .filter(|entry| is_so(entry.provider.spec()))
            .map(|entry| entry.id().as_str())
            .collect();
        if names.is_empty() { "another service provider".to_owned() } else { names.join(" or ") }
    }

    fn unsupported(&self, missing: &[Product], wanted: Wanted<'_>) -> Problem {
        let names: Vec<&str> = missing.iter().map(|product| product.as_str()).collect();
        let others = self.having(|spec| missing.iter().all(|product| spec.products.contains(product)));
        let (code, detail) = match wanted.pinned {
            Some(id) => (
                Code::UnsupportedByProvider,
                format!(
                    "{id} does not have {}. Leave serviceProvider out, or link through {others}.",
                    names.join(", ")
                ),
            ),
            None => (
                Code::NoProviderAvailable,
                format!(
                    "No service provider of this installation has {} in {}.",
                    names.join(", "),
                    wanted.country_codes.join(", ")
                ),
            ),
        };
        names.iter().fold(Problem::new(code, detail), |problem, name| {
            problem.with_error("/products", code.as_str(), format!("{name} cannot be asked for here."))
        })
    }

    /// Stores customer, connection and session. [`judge_start`](Self::judge_start) comes first.
    pub async fn start(&self, tx: &mut TenantTx, request: StartRequest) -> Result<Opened, Problem> {
        let now = self.clock.now();
        let customer_id = tx.ensure_customer(&request.external_customer_id).await?;
        let new = NewConnection {
            customer_id,
            requested: request.placements,
            settings: request.settings,
            metadata: request.metadata,
        };
        let connection_id = tx.insert_connection(&new, now).await?;
        for (product, placement) in new.requested.iter() {
            let state = if placement.is_fetched() {
                crate::domain::product::ProductState::Pending
            } else {
                crate::domain::product::ProductState::ConsentRequired
            };
            tx.put_product(connection_id, product, Some(placement), state, None).await?;
        }
        let session = NewSession {
            connection_id,
            mode: SessionMode::Connect,
            request: SessionRequest {
                institution_id: request.institution_id,
                institution_search: request.institution_search,
                ..SessionRequest::default()
            },
            redirect_url: request.redirect_url,
            expires_at: now + TimeDelta::seconds(i64::from(request.expires_in)),
        };
        self.open(tx, session).await
    }

    /// Stores a session and the job that ends it.
    pub(super) async fn open(&self, tx: &mut TenantTx, session: NewSession) -> Result<Opened, Problem> {
        let connect_token = Self::random_token(TOKEN_PREFIX)?;
        let session_id = tx.insert_session(&session, &connect_token, self.clock.now()).await?;
        tx.enqueue(&session_job(JobKind::ExpireSession, tx.tenant_id, session_id, session.expires_at)).await?;
        let connection = tx.connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        Ok(Opened { connection, mode: session.mode, connect_token, expires_at: session.expires_at })
    }
}

fn no_provider(pointer: &str, code: &str, detail: String) -> Problem {
    Problem::new(Code::NoProviderAvailable, detail.clone()).with_error(pointer, code, detail)
}

/// What a caller is told of violated rules.
pub(super) fn violations(violations: Vec<Violation>) -> Problem {
    let code = match violations.first().map(|violation| violation.code) {
        Some(ViolationCode::ProductCombination) => Code::ProductCombination,
        Some(ViolationCode::ProductOptionsRequired) => Code::ProductOptionsRequired,
        Some(ViolationCode::Unsupported) => Code::UnsupportedByProvider,
        _ => Code::InvalidRequest,
    };
    let detail = violations.first().map(|violation| violation.detail.clone()).unwrap_or_default();
    violations.into_iter().fold(Problem::new(code, detail), |problem, violation| {
        problem.with_error(violation.pointer, violation.code.as_str(), violation.detail)
    })
}
