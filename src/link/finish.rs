//! The end of a session that succeeded: what was granted is settled and stored with its events, in one transaction.

use std::collections::BTreeSet;

use super::{LEASE, Linking, relink, sync_job};
use crate::domain::account::{AccountFilters, AccountSubtype, AccountType, Verification, passes};
use crate::domain::combination::IdentifiersFlow;
use crate::domain::connection::Condition;
use crate::domain::event::EventType;
use crate::domain::grant::{Observed, Refused, Settlement, settle, settle_late, waits_for};
use crate::domain::ids::TenantId;
use crate::domain::placement::{Placement, Placements};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::{Product, ProductState};
use crate::domain::repair::{Repaired, capture};
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::providers::data::{AccountsWanted, Observation};
use crate::providers::link::Linked;
use crate::providers::{Entry, Persistence};
use crate::records::fresh_credential;
use crate::routing;
use crate::store::{self, Connection, ConnectionProduct, Institution, Lease, Session, TenantTx, placements, states};

use super::Completion;

/// What was seen at the provider after the link.
struct Seen {
    observation: Observation,
    /// `None` where the institution could not be read.
    accounts: Option<Vec<(AccountType, AccountSubtype)>>,
    verification: Option<Verification>,
    institution: Option<Institution>,
}

impl Linking {
    /// Settles a fresh link (B2, B12, G1), or removes it at the provider where it is no good.
    pub(super) async fn finish_link(
        &self,
        tenant_id: TenantId,
        session: &Session,
        entry: &Entry,
        linked: Linked,
        lease: Lease,
    ) -> Result<Completion, Problem> {
        let seen = self.look(entry, &linked).await?;
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.hold_lease(lease, LEASE).await?;
        let connection = tx.lock_connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        if connection.condition.status.is_terminal() {
            drop(tx);
            self.revoke(tenant_id, session, entry, &linked, "CONNECTION_OVER").await?;
            return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
        }
        let rows = tx.products(connection.id).await?;
        let mut requested = Placements::default();
        let asked = relink::wanted(session, &connection, &rows);
        asked
            .iter()
            .filter(|(product, _)| session.sent.contains(product))
            .for_each(|(product, at)| requested.put(product, at));
        let is_late = |row: &&ConnectionProduct| row.placement.is_some() && !session.sent.contains(&row.product);
        let late: Vec<Product> = rows.iter().filter(is_late).map(|row| row.product).collect();
        let facts = seen.institution.as_ref().and_then(|institution| {
            institution.providers.iter().find(|at| at.service_provider == entry.id()).map(routing::facts)
        });
        let (accounts, left_out) =
            wanted_accounts(seen.accounts.as_deref(), connection.settings.account_filters.as_ref());
        let observed = Observed {
            initialized: &seen.observation.initialized,
            consented: &seen.observation.consented,
            accounts: &accounts,
            left_out: &left_out,
            verification: seen.verification,
            by_deposits: connection.settings.identifiers_flow == Some(IdentifiersFlow::SameDayMicrodeposits)
                && seen.verification.is_some(),
            institution: facts.as_ref(),
            consent_scoped: entry.provider.spec().consent_scopes,
            withheld: &linked.withheld,
        };
        match settle(&requested, &observed) {
            Ok(mut settlement) => {
                for product in late {
                    let (state, reason) = settle_late(entry.id(), product, &observed);
                    settlement.placements.put(product, Placement::Optional);
                    settlement.states.insert(product, (state, reason));
                    // Whoever added it was told that it is fetched once the link is complete (A7).
                    tx.change_product(connection.id, product, state, reason, self.clock.now()).await?;
                }
                self.store_link(tx, session, entry, &connection, linked, seen, settlement).await
            }
            Err(refused) => {
                drop(tx);
                self.refuse_link(tenant_id, session, entry, &linked, refused).await
            }
        }
    }

    async fn look(&self, entry: &Entry, linked: &Linked) -> Result<Seen, Problem> {
        let cx = entry.in_request(&self.clock);
        let observation =
            entry.provider.status(&cx, &linked.credential).await.map_err(|failure| entry.problem(failure))?;
        let cx = entry.in_request(&self.clock);
        let mut verification = None;
        let accounts = match entry.provider.accounts(&cx, &linked.credential, AccountsWanted::default()).await {
            Ok(accounts) => {
                verification = waits_for(accounts.iter().map(|one| (one.account_type, one.subtype, one.verification)));
                Some(accounts.iter().map(|account| (account.account_type, account.subtype)).collect())
            }
            Err(failure) if failure.persistence == Persistence::Temporary => None,
            Err(failure) => return Err(entry.problem(failure)),
        };
        let institution = match &observation.provider_institution_id {
            Some(id) => self.store.find_institution(entry.id(), id).await?,
            None => None,
        };
        Ok(Seen { observation, accounts, verification, institution })
    }

    #[allow(clippy::too_many_arguments, reason = "one transaction stores all of it")]
    async fn store_link(
        &self,
        mut tx: TenantTx,
        session: &Session,
        entry: &Entry,
        connection: &Connection,
        linked: Linked,
        seen: Seen,
        settlement: Settlement,
    ) -> Result<Completion, Problem> {
        let now = self.clock.now();
        let id = connection.id;
        let is_anew = session.mode == SessionMode::Relink;
        if is_anew {
            self.leave_link(&mut tx, connection, entry, &linked).await?;
        }
        match tx.set_credential(id, entry.id(), &linked.provider_connection_id, &linked.credential).await {
            Err(store::Error::Conflict(constraint)) if constraint == store::PROVIDER_CONNECTION_ONCE => {
                drop(tx);
                return self.refuse_known(session, entry, &linked, connection.tenant_id).await;
            }
            stored => stored?,
        }
        let institution = seen.institution.as_ref().map(|institution| institution.id).or(session.institution_id);
        tx.set_institution(id, institution, seen.observation.provider_institution_id.as_deref()).await?;
        tx.set_consent(id, &seen.observation.consented, seen.observation.consent_expires_at).await?;
        for (product, (state, reason)) in settlement.states {
            if is_anew {
                tx.change_product(id, product, state, reason, now).await?;
            }
            tx.put_product(id, product, settlement.placements.of(product), state, reason).await?;
        }
        let cause = if is_anew { "RELINKED" } else { "LINKED" };
        tx.change_condition(id, Condition::HEALTHY, None, cause, now).await?;
        if is_anew {
            self.settle_relink(&mut tx, session, connection, entry, &seen.observation).await?;
        }
        let rows = tx.products(id).await?;
        let is_due = |row: &&ConnectionProduct| {
            row.placement.is_some_and(Placement::is_fetched) && row.state != ProductState::Unavailable
        };
        let due: Vec<Product> = rows.iter().filter(is_due).map(|row| row.product).collect();
        tx.want_products(id, &due).await?;
        tx.finish_session(session.id, SessionOutcome::Completed, None, linked.provider_session_id.as_deref(), now)
            .await?;
        tx.enqueue(&sync_job(tx.tenant_id, id, now)).await?;
        tx.commit().await?;
        Ok(Completion::Done(id))
    }

    /// The provider handed over an object that another connection holds (one that was restored there, say). It is not revoked, for the
    /// other connection works by it.
    async fn refuse_known(
        &self,
        session: &Session,
        entry: &Entry,
        linked: &Linked,
        tenant_id: TenantId,
    ) -> Result<Completion, Problem> {
        let name = entry.provider.spec().name;
        let holder = self.store.find_connection(entry.id(), &linked.provider_connection_id).await?;
        let mut tx = self.tenant(tenant_id).begin().await?;
        let customer = tx.connection(session.connection_id).await?.map(|connection| connection.customer_id);
        let theirs = match holder {
            Some((tenant, id)) if tenant == tenant_id => tx.connection(id).await?,
            _ => None,
        };
        let theirs = theirs.filter(|one| Some(one.customer_id) == customer);
        tracing::warn!(session_id = %session.id, provider = %entry.id(), "the provider handed over what is linked already");
        let advice = "Nothing was changed; use that connection, or send the customer through the session once more.";
        let problem = match theirs {
            // Theirs is the customer's own (G4).
            Some(theirs) => Problem::new(
                Code::DuplicateConnection,
                format!("The customer has linked this login already, as connectionId says. {advice}"),
            )
            .with("connectionId", theirs.id.to_string()),
            None => Problem::new(
                Code::ProviderError,
                format!("{name} answered with a login that another connection holds already. {advice}"),
            ),
        };
        if let Some(launch) = session.launch_id {
            tx.use_up_launch(launch).await?;
        }
        let provider_session_id = linked.provider_session_id.as_deref();
        tx.note_attempt(session.id, "LINKED_ALREADY", provider_session_id, Some(&problem)).await?;
        tx.record_step(session.id, "ATTEMPT_FAILED", Some("LINKED_ALREADY"), self.clock.now()).await?;
        tx.commit().await?;
        Err(problem)
    }

    async fn refuse_link(
        &self,
        tenant_id: TenantId,
        session: &Session,
        entry: &Entry,
        linked: &Linked,
        refused: Refused,
    ) -> Result<Completion, Problem> {
        let (code, problem) = match refused {
            Refused::NoAccounts => (
                "NO_ACCOUNTS",
                Problem::new(
                    Code::UserActionRequired,
                    "The login shares no account. The session is still open: the customer may choose again.",
                )
                .with("attempt", "NO_ACCOUNTS"),
            ),
            Refused::RequiredNotGranted(products) => {
                let names: Vec<&str> = products.iter().map(|product| product.as_str()).collect();
                let detail = format!(
                    "The customer's accounts did not give {}. Nothing was kept; the session is still open: the customer may choose again.",
                    names.join(", ")
                );
                let problem =
                    names.iter().fold(Problem::new(Code::RequiredProductNotGranted, detail), |problem, name| {
                        problem.with_error(
                            "/products",
                            "NOT_GRANTED",
                            format!("{name} was not granted for any shared account."),
                        )
                    });
                ("REQUIRED_PRODUCT_NOT_GRANTED", problem)
            }
        };
        self.revoke(tenant_id, session, entry, linked, code).await?;
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.note_attempt(session.id, code, linked.provider_session_id.as_deref(), Some(&problem)).await?;
        tx.commit().await?;
        Err(problem)
    }

    /// Settles a repair (D4–D6): healthy again, what waited for consent is fetched, and everything missed comes with the next run.
    pub(super) async fn finish_repair(
        &self,
        tenant_id: TenantId,
        session: &Session,
        entry: &Entry,
        provider_session_id: Option<String>,
        lease: Lease,
    ) -> Result<Completion, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let credential = tx.credential(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        tx.commit().await?;
        let rows = self.tenant(tenant_id);
        let credential = fresh_credential(&rows, entry, &self.clock, (lease, LEASE), credential).await?;
        let credential = credential.map_err(|failure| entry.problem(failure))?;
        let observation = entry.provider.status(&entry.in_request(&self.clock), &credential).await;
        let observation = observation.map_err(|failure| entry.problem(failure))?;
        if observation.condition.status.needs_customer() {
            return Ok(Completion::Pending(session.connection_id));
        }
        let now = self.clock.now();
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.hold_lease(lease, LEASE).await?;
        let connection = tx.lock_connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        if connection.condition.status.is_terminal() {
            return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
        }
        let id = connection.id;
        tx.set_consent(id, &observation.consented, observation.consent_expires_at).await?;
        tx.set_provider_connection_id(id, &observation.provider_connection_id).await?;
        if session.request.account_selection {
            // The customer has chosen; else they are offered until they come.
            tx.set_new_accounts(id, false).await?;
        }
        tx.compare_accounts(id).await?;
        tx.forget_failures(id).await?;
        tx.change_condition(id, observation.condition, observation.code.as_deref(), "REPAIRED", now).await?;
        self.capture(&mut tx, session, &connection, entry, &observation.consented).await?;
        let fetched: Vec<Product> = placements(&tx.products(id).await?).fetched().into_iter().collect();
        tx.want_products(id, &fetched).await?;
        tx.emit(
            id,
            EventType::ConnectionRepaired,
            serde_json::json!({ "mode": session.mode, "sessionId": session.id }),
            now,
        )
        .await?;
        tx.finish_session(session.id, SessionOutcome::Completed, None, provider_session_id.as_deref(), now).await?;
        tx.enqueue(&sync_job(tenant_id, id, now)).await?;
        tx.commit().await?;
        Ok(Completion::Done(id))
    }

    /// Moves what the repair brought to where it belongs (A8, D6).
    pub(super) async fn capture(
        &self,
        tx: &mut TenantTx,
        session: &Session,
        connection: &Connection,
        entry: &Entry,
        consented_now: &BTreeSet<Product>,
    ) -> Result<(), Problem> {
        let rows = tx.products(connection.id).await?;
        let now_placed = placements(&rows);
        let states = states(&rows);
        let captured = capture(&Repaired {
            provider: entry.id(),
            placements: &now_placed,
            requested: &connection.requested,
            states: &states,
            asked: &session.request.products,
            consented_now,
            consent_scoped: entry.provider.spec().consent_scopes,
        });
        if captured.pending.is_empty() && captured.consented.is_empty() {
            return Ok(());
        }
        // What they could not be asked for without, they are not read again without either (B14).
        tx.add_product_options(connection.id, &session.request.product_options).await?;
        for &product in &captured.pending {
            let placement =
                now_placed.of(product).filter(|placement| placement.is_fetched()).unwrap_or(Placement::Optional);
            tx.place_product(connection.id, product, placement, (ProductState::Pending, None), self.clock.now())
                .await?;
        }
        for &product in &captured.consented {
            tx.place_product(
                connection.id,
                product,
                Placement::AdditionalConsented,
                (ProductState::Consented, None),
                self.clock.now(),
            )
            .await?;
        }
        let data = serde_json::json!({ "optionalProducts": captured.pending, "additionalConsentedProducts": captured.consented, "cause": "REPAIRED" });
        tx.emit(connection.id, EventType::ConnectionProductsChanged, data, self.clock.now()).await?;
        Ok(())
    }
}

/// What an account is, coarse and fine.
type AccountKind = (AccountType, AccountSubtype);

/// The accounts that the link is for, and those that the filters leave out, which are not linked (B13, B16). Where the institution could not be read,
/// the link stands all the same: what the accounts suit shows with the first reading (F1).
fn wanted_accounts(
    seen: Option<&[AccountKind]>,
    filters: Option<&AccountFilters>,
) -> (Vec<AccountKind>, Vec<AccountKind>) {
    match seen {
        Some(seen) => seen.iter().partition(|&&(kind, subtype)| passes(filters, kind, subtype)),
        None => (AccountType::ALL.iter().map(|&any| (any, AccountSubtype::Unidentified)).collect(), Vec::new()),
    }
}
