//! Adding products to a connection (rules A): judged from stored facts alone, never by a call upstream (A8).

use std::collections::BTreeMap;

use serde_json::{Map, json};

use super::start::violations;
use super::{Linking, sync_job};
use crate::domain::addition::{Accepted, InstitutionFacts, Outcome, Refusal, Situation, judge};
use crate::domain::combination::{check_beside, check_options};
use crate::domain::connection::Status;
use crate::domain::event::EventType;
use crate::domain::ids::{ConnectionId, InstitutionId, RefreshId};
use crate::domain::placement::Placement;
use crate::domain::problem::{Code, FieldProblem, Problem};
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::service_provider::ServiceProvider;
use crate::routing;
use crate::store::{Connection, ConnectionProduct, NewRefresh, TenantTx, placements};

/// Asks for products.
#[derive(Clone, Debug)]
pub struct ProductsRequest {
    /// Which; at least one.
    pub products: Vec<Product>,
    /// Judge only (A11).
    pub dry_run: bool,
    /// How far back the added products are read, in days, where they have a history (B15).
    pub history_days: Option<u16>,
    /// What a product cannot start without (B14).
    pub product_options: Map<String, serde_json::Value>,
}

/// What became of one product.
#[derive(Clone, Debug)]
pub struct Addition {
    /// Which.
    pub product: Product,
    /// What became of it.
    pub outcome: Outcome,
    /// A sentence for developers.
    pub detail: String,
}

/// What became of a request.
#[derive(Clone, Debug)]
pub struct Additions {
    /// One for each product that was asked for.
    pub results: Vec<Addition>,
    /// The run that fetches them, where something is fetched.
    pub refresh_id: Option<RefreshId>,
}

/// Checks products that are asked for after the start: whether they may stand beside what a connection has (B7), and whether what they
/// cannot start without is given, now or at start (B14).
pub(super) fn check_beside_present(
    connection: &Connection,
    rows: &[ConnectionProduct],
    asked: &[Product],
    product_options: &Map<String, serde_json::Value>,
) -> Result<(), Problem> {
    check_pairs(connection, rows, asked, product_options)?;
    let options = connection.settings.product_options_with(product_options);
    let wrong = check_options(&asked.iter().copied().collect(), &options);
    if wrong.is_empty() { Ok(()) } else { Err(violations(wrong)) }
}

/// Whether they may stand beside what the connection has (B7).
fn check_pairs(
    connection: &Connection,
    rows: &[ConnectionProduct],
    asked: &[Product],
    product_options: &Map<String, serde_json::Value>,
) -> Result<(), Problem> {
    let options = connection.settings.product_options_with(product_options);
    check_beside(&placements(rows), asked, connection.settings.identifiers_flow, &options).map_err(violations)
}

impl Linking {
    /// Adds products, or says of each one that cannot be added why (A10). All or nothing.
    pub async fn add_products(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        request: &ProductsRequest,
    ) -> Result<Additions, Problem> {
        // The row lock makes two requests follow one another (A13).
        let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
        if connection.condition.status.is_terminal() {
            return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
        }
        let asked = request.products.iter().copied().collect();
        self.check_given_options(&asked, &request.product_options)?;
        let rows = tx.products(id).await?;
        let judged = self.judge_additions(tx, &connection, &rows, &request.products).await?;
        let accepted = judged.map_err(|refusals| refused("Nothing was added", refusals))?;
        check_beside_present(&connection, &rows, &request.products, &request.product_options)?;
        if !request.dry_run && !request.product_options.is_empty() {
            tx.add_product_options(id, &request.product_options).await?;
        }
        let is_new = |one: &Accepted| one.outcome != Outcome::AlreadyPresent && one.product.has_history();
        if let Some(days) = request.history_days.filter(|_| !request.dry_run && accepted.iter().any(is_new)) {
            tx.set_history_days(id, days).await?;
        }
        let refresh_id =
            if request.dry_run { None } else { self.store_additions(tx, &connection, &rows, &accepted).await? };
        let results = accepted
            .into_iter()
            .map(|accepted| Addition { product: accepted.product, outcome: accepted.outcome, detail: accepted.detail })
            .collect();
        Ok(Additions { results, refresh_id })
    }

    /// How products would get onto a connection that lacks them, judged as if they were asked for now (A11, B7); nothing is changed.
    pub async fn judge_now(
        &self,
        tx: &mut TenantTx,
        connection: &Connection,
        rows: &[ConnectionProduct],
        asked: &[Product],
    ) -> Result<Result<Vec<Accepted>, Vec<Refusal>>, Problem> {
        let judged = self.judge_additions(tx, connection, rows, asked).await?;
        if judged.is_ok() {
            check_pairs(connection, rows, asked, &Map::new())?;
        }
        Ok(judged)
    }

    async fn judge_additions(
        &self,
        tx: &mut TenantTx,
        connection: &Connection,
        rows: &[ConnectionProduct],
        asked: &[Product],
    ) -> Result<Result<Vec<Accepted>, Vec<Refusal>>, Problem> {
        let now_placed = placements(rows);
        let states: BTreeMap<Product, ProductState> = rows.iter().map(|row| (row.product, row.state)).collect();
        let launched = tx.latest_launch(connection.id).await?;
        let session_created = connection.has_credential || launched.is_some();
        // Where it leads while the customer is away (A12).
        let (going_to, chosen) = launched.unzip();
        let provider = connection.service_provider.or(going_to);
        let facts = institution_facts(tx, provider, connection.institution_id.or(chosen.flatten())).await?;
        let spec = provider.and_then(|id| self.registry.get(id)).map(|entry| entry.provider.spec());
        let situation = Situation {
            provider,
            status: connection.condition.status,
            session_created,
            placements: &now_placed,
            original: &connection.requested,
            states: &states,
            institution: facts.as_ref(),
            consented: &connection.consented,
            offered: spec.map_or(Product::ALL, |spec| spec.products),
            consent_scoped: spec.is_some_and(|spec| spec.consent_scopes),
            original_call_rule: self.original_call_rule,
        };
        Ok(judge(&situation, asked))
    }

    async fn store_additions(
        &self,
        tx: &mut TenantTx,
        connection: &Connection,
        rows: &[ConnectionProduct],
        accepted: &[Accepted],
    ) -> Result<Option<RefreshId>, Problem> {
        let now = self.clock.now();
        let id = connection.id;
        let before = placements(rows);
        let changed: Vec<&Accepted> =
            accepted.iter().filter(|accepted| accepted.outcome != Outcome::AlreadyPresent).collect();
        for accepted in &changed {
            let placement =
                before.of(accepted.product).filter(|placement| placement.is_fetched()).unwrap_or(Placement::Optional);
            // A permission that was withheld is asked for in another way than a consent that is missing (D6).
            let withheld = rows
                .iter()
                .any(|row| row.product == accepted.product && row.reason == Some(ProductReason::PermissionDenied));
            let reason = match accepted.reason {
                Some(ProductReason::ConsentMissing) if withheld => Some(ProductReason::PermissionDenied),
                reason => reason,
            };
            tx.place_product(id, accepted.product, placement, (accepted.state, reason), now).await?;
        }
        if changed.is_empty() {
            return Ok(None);
        }
        let names: Vec<Product> = changed.iter().map(|accepted| accepted.product).collect();
        tx.emit(
            id,
            EventType::ConnectionProductsChanged,
            json!({ "optionalProducts": names, "cause": "PRODUCTS_ADDED" }),
            now,
        )
        .await?;
        let to_fetch: Vec<Product> =
            changed.iter().filter(|accepted| accepted.fetch).map(|accepted| accepted.product).collect();
        if to_fetch.is_empty() || connection.condition.status == Status::InProgress {
            return Ok(None);
        }
        let refresh = NewRefresh {
            connection_id: id,
            targets: tx.want_products(id, &to_fetch).await?,
            forced_by: None,
            requested: false,
            import_new_accounts: false,
        };
        let refresh_id = tx.insert_refresh(&refresh, now).await?;
        tx.enqueue(&sync_job(tx.tenant_id, id, now)).await?;
        Ok(Some(refresh_id))
    }
}

/// What is known of an institution at a provider; on the transaction's own connection, for a second one would be waited for while this
/// one is held.
pub(super) async fn institution_facts(
    tx: &mut TenantTx,
    provider: Option<ServiceProvider>,
    institution: Option<InstitutionId>,
) -> Result<Option<InstitutionFacts>, Problem> {
    let at_provider = match (provider, institution) {
        (Some(provider), Some(institution)) => tx.institution_at(provider, institution).await?,
        _ => None,
    };
    Ok(at_provider.as_ref().map(routing::facts))
}

/// What a caller is told of products that cannot be had (A10); `outcome` is what was not done therefore.
pub(super) fn refused(outcome: &str, refusals: Vec<Refusal>) -> Problem {
    let names: Vec<&str> = refusals.iter().map(|refusal| refusal.product.as_str()).collect();
    let detail =
        format!("{outcome}, because these cannot be had so: {}. Each error says why and what helps.", names.join(", "));
    let mut problem = Problem::new(Code::ProductsNotAddable, detail);
    for refusal in refusals {
        let mut more = Map::new();
        more.insert("product".into(), json!(refusal.product));
        more.insert("remedy".into(), json!(refusal.remedy));
        if !refusal.any_of.is_empty() {
            more.insert("anyOf".into(), json!(refusal.any_of));
        }
        if let Some(body) = refusal.repair_body {
            more.insert("repair".into(), body);
        }
        problem.errors.push(FieldProblem {
            pointer: format!("/products/{}", refusal.index),
            code: refusal.code.as_str().to_owned(),
            detail: refusal.detail,
            more,
        });
    }
    problem
}
