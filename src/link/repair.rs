//! Repair (rules D): what it would be for, and opening its session.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Map, Value};

use super::additions::{check_beside_present, institution_facts, refused};
use super::launch::repair_mode;
use super::{Linking, Opened, check_has_login};
use crate::config::Mode;
use crate::domain::addition::{InstitutionFacts, beyond_repair};
use crate::domain::connection::{RepairReason, Status};
use crate::domain::grant::covers;
use crate::domain::ids::ConnectionId;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::{Product, ProductReason, ProductState};
use crate::domain::repair::{RepairFacts, reasons, required};
use crate::domain::session::SessionMode;
use crate::domain::support_matrix::elsewhere;
use crate::providers::Spec;
use crate::store::{Connection, ConnectionProduct, NewSession, SessionRequest, TenantTx, placements, states};

/// How long a repair session lives unless asked otherwise, in seconds (D12).
pub const REPAIR_SECONDS: u32 = 24 * 3600;

/// Asks for a repair; every field may be left out.
#[derive(Clone, Debug, Default)]
pub struct RepairRequest {
    /// Let the customer change the shared accounts (D5).
    pub account_selection: bool,
    /// Account subtypes by type; only with `account_selection` (B13).
    pub account_filters: Option<BTreeMap<String, Vec<String>>>,
    /// Have the provider keep the customer's login (E6).
    pub store_login: bool,
    /// Let accounts in that were not there at the first import (E5).
    pub new_accounts: bool,
    /// Ask for consent to these (D6).
    pub products: Vec<Product>,
    /// What a product cannot start without (B14).
    pub product_options: Map<String, Value>,
    /// Where the customer goes afterwards.
    pub redirect_url: Option<String>,
    /// How long the session lives, in seconds.
    pub expires_in: u32,
}

/// Whether and why a repair is needed (D2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepairPlan {
    /// Something does not work, or soon will not, without the customer.
    pub required: bool,
    /// What a repair would be for.
    pub reasons: Vec<RepairReason>,
}

impl Linking {
    /// Whether and why a connection needs a repair.
    pub fn repair_plan(&self, connection: &Connection, rows: &[ConnectionProduct]) -> RepairPlan {
        let states = states(rows);
        let reasons = reasons(&RepairFacts {
            condition: connection.condition,
            permission_revoked: self.permission_revoked(connection),
            consent_expires_at: connection.consent_expires_at,
            now: self.clock.now(),
            new_accounts_available: connection.new_accounts_available,
            states: &states,
        });
        RepairPlan { required: required(&reasons, connection.condition), reasons }
    }

    /// Whether the customer took the permission back at the provider, as that says (D2, F6).
    pub fn permission_revoked(&self, connection: &Connection) -> bool {
        let entry = connection.service_provider.and_then(|provider| self.registry.get(provider));
        connection.condition.status.needs_customer()
            && entry
                .zip(connection.status_code.as_deref())
                .is_some_and(|(entry, code)| entry.provider.spec().is_revocation(code))
    }

    /// Opens a repair session for the same connection; one that is open is replaced (D1, D12).
    pub async fn repair(&self, tx: &mut TenantTx, id: ConnectionId, request: RepairRequest) -> Result<Opened, Problem> {
        let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
        let facts = institution_facts(tx, connection.service_provider, connection.institution_id).await?;
        let mode = self.judge_repair(&connection, facts.as_ref(), &tx.products(id).await?, &request)?;
        let now = self.clock.now();
        self.replace_open_sessions(tx, id).await?;
        let rows = tx.products(id).await?;
        let waiting = rows.iter().filter(|row| waits_for_consent(row)).map(|row| row.product).collect();
        let session = NewSession {
            connection_id: id,
            mode,
            request: SessionRequest {
                institution_id: connection.institution_id,
                account_selection: request.account_selection,
                account_filters: request.account_filters,
                store_login: request.store_login,
                new_accounts: request.new_accounts,
                products: request.products,
                waiting,
                product_options: request.product_options,
                ..SessionRequest::default()
            },
            redirect_url: request.redirect_url,
            expires_at: now + TimeDelta::seconds(i64::from(request.expires_in)),
        };
        self.open(tx, session).await
    }

    fn judge_repair(
        &self,
        connection: &Connection,
        facts: Option<&InstitutionFacts>,
        rows: &[ConnectionProduct],
        request: &RepairRequest,
    ) -> Result<SessionMode, Problem> {
        match connection.condition.status {
            Status::InProgress => {
                return Err(Problem::new(
                    Code::ConnectionNotLinked,
                    "The customer has not linked yet, so there is nothing to repair: send them to widgetUrl.",
                ));
            }
            status if status.is_terminal() => {
                return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
            }
            _ => check_has_login(connection)?,
        }
        if request.account_filters.is_some() && !request.account_selection {
            return Err(Problem::invalid(
                "/accountFilters",
                "NEEDS_ACCOUNT_SELECTION",
                "accountFilters go only with accountSelection: true.",
            ));
        }
        let entry = self.registry.require(connection.service_provider)?;
        let spec = entry.provider.spec();
        let relinks = self.repair_plan(connection, rows).reasons.contains(&RepairReason::Relink);
        // In a fresh link the accounts are chosen in any case.
        if request.account_selection && !spec.account_selection && !relinks {
            return Err(Problem::new(
                Code::AccountSelectionUnsupported,
                format!("{} has no account selection in a repair.", spec.name),
            ));
        }
        let waiting = rows.iter().filter(|row| waits_for_consent(row)).map(|row| row.product);
        let asked = request.products.iter().copied().chain(waiting).collect();
        self.check_given_options(&asked, &request.product_options)?;
        check_products(spec, connection, facts, rows, request)?;
        if relinks {
            return Ok(SessionMode::Relink);
        }
        let asks_consent = !request.products.is_empty() || rows.iter().any(waits_for_consent);
        if asks_consent && entry.mode == Mode::Live && !entry.provider.has_consent_text() {
            return Err(Problem::new(
                Code::ConsentTextMissing,
                format!(
                    "The consent screen has no text: set providers.{}.consent_customization to a customization of the provider's dashboard.",
                    spec.id.as_str().to_lowercase()
                ),
            ));
        }
        Ok(repair_mode(request.account_selection, asks_consent))
    }
}

/// What a repair can ask consent for (A6, C4, B7, B14).
fn check_products(
    spec: &Spec,
    connection: &Connection,
    facts: Option<&InstitutionFacts>,
    rows: &[ConnectionProduct],
    request: &RepairRequest,
) -> Result<(), Problem> {
    if let Some(product) = request.products.iter().find(|product| !spec.products.contains(product)) {
        let detail = format!("{} does not have {product}: {}.", spec.name, elsewhere(*product));
        return Err(Problem::new(Code::UnsupportedByProvider, detail));
    }
    let fetched = placements(rows).fetched();
    let consented = |product| spec.consent_scopes && covers(&connection.consented, product);
    let refusals = beyond_repair(spec.id, facts, &fetched, consented, &request.products);
    if !refusals.is_empty() {
        return Err(refused("No repair was opened", refusals));
    }
    check_beside_present(connection, rows, &request.products, &request.product_options)
}

fn waits_for_consent(row: &ConnectionProduct) -> bool {
    row.state == ProductState::ConsentRequired || row.reason == Some(ProductReason::PermissionDenied)
}
