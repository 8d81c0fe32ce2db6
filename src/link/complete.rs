//! Completion: what the browser, the redirect, a webhook or our own polling bring runs through here, any number of times.

use std::time::Duration;

use serde_json::Map;
use tracing::Instrument;

use super::retire::read_linked;
use super::{LEASE, Linking};
use crate::domain::ids::{ConnectionId, LaunchId, SessionId, TenantId};
use crate::domain::placement::Placements;
use crate::domain::problem::{Code, Problem, ProviderProblem};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::session::SessionOutcome;
use crate::providers::link::{AttemptEnd, LinkContinuation, LinkInput, LinkProgress};
use crate::providers::{Entry, Failure, FailureKind, Persistence, Spec};
use crate::store::{Lease, RevokedObject, Session, SessionLaunch, TenantTx, placements};

/// How often, and after which pause, a completion asks for a connection that somebody else works on. What a customer brought may come
/// but once, and is waited with longer: a reading takes its time.
const TRIES: u32 = 20;
const TRIES_WITH_NEWS: u32 = 65;
const PAUSE: Duration = Duration::from_millis(150);

/// How a session stands after a completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completion {
    /// The connection is linked or repaired.
    Done(ConnectionId),
    /// The provider has not confirmed.
    Pending(ConnectionId),
}

/// What a completion goes by.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// What the front end or the redirect brought.
    pub(super) input: LinkInput,
    /// Of which launch it tells; without one, of the session.
    pub(super) launch: Option<LaunchId>,
    /// When it comes.
    pub(super) when: When,
}

impl News {
    /// Of a session, or of one of its launches, while it lives.
    pub(super) fn in_time(input: LinkInput, launch: Option<LaunchId>) -> Self {
        Self { input, launch, when: When::InTime }
    }

    /// Whether it tells of a launch other than the one in use.
    fn is_of_another(&self, session: &Session) -> bool {
        self.launch.is_some_and(|launch| session.launch_id != Some(launch))
    }

    /// Whether a launch is to be asked for. What a front end brings is for the one in use, and never goes to another provider.
    /// Without anything brought, the earlier ones where the customer may still be are asked too.
    pub(super) fn is_of(&self, session: &Session, launch: &SessionLaunch) -> bool {
        let is_silent = matches!(self.input, LinkInput::Nothing | LinkInput::Callback(_));
        match self.launch {
            Some(id) => launch.id == id,
            None => session.launch_id == Some(launch.id) || (is_silent && launch.is_open()),
        }
    }
}

/// When a completion is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// While the session lives.
    InTime,
    /// As the last thing before it ends, which its time does not hinder.
    LastLook,
}

/// What came of waiting for the connection.
enum Turn {
    /// Nobody else works on it.
    Ours(Lease),
    /// Somebody else has settled the session.
    Settled,
    /// Somebody else works on it for too long.
    Missed,
}

impl Linking {
    /// Asks the provider how the session stands, with what the browser or the redirect brought, and stores what came of it.
    /// Runs to its end even when the caller goes away: a browser that is closed must not leave it half done.
    pub async fn complete(
        &self,
        tenant_id: TenantId,
        session_id: SessionId,
        input: LinkInput,
    ) -> Result<Completion, Problem> {
        self.complete_by(tenant_id, session_id, News::in_time(input, None)).await
    }

    /// The same by news of one launch, or at the very end of a session or after it.
    pub(super) async fn complete_by(
        &self,
        tenant_id: TenantId,
        session_id: SessionId,
        news: News,
    ) -> Result<Completion, Problem> {
        let linking = self.clone();
        let work = async move { linking.complete_once(tenant_id, session_id, news).await };
        tokio::spawn(work.in_current_span()).await.unwrap_or_else(|_| {
            Err(Problem::new(Code::InternalError, "Something went wrong here. Give support the requestId."))
        })
    }

    async fn complete_once(
        &self,
        tenant_id: TenantId,
        session_id: SessionId,
        news: News,
    ) -> Result<Completion, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let session = tx.session(session_id).await?.ok_or_else(Self::unknown_token)?;
        self.keep_brought(&mut tx, &session, &news).await?;
        tx.commit().await?;
        let connection_id = session.connection_id;
        let brings = news.input.brings();
        let lease = match self.wait_for_turn(session, &news).await? {
            Turn::Ours(lease) => lease,
            Turn::Settled => return self.settled(tenant_id, connection_id).await,
            Turn::Missed => {
                if brings {
                    self.ask_again(tenant_id, session_id, None).await?;
                }
                return Ok(Completion::Pending(connection_id));
            }
        };
        let rows = self.tenant(tenant_id);
        let work = self.complete_under(tenant_id, session_id, &news, lease);
        tokio::pin!(work);
        let answer = tokio::select! {
            answer = &mut work => answer,
            // What the provider hands over must not be dropped on the way: it finds out by itself when it writes.
            () = rows.keep_lease(lease, LEASE) => work.await,
        };
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.release_lease(lease).await?;
        tx.commit().await?;
        if let (true, Err(problem)) = (brings, &answer)
            && problem.code.status() >= 500
        {
            self.ask_again(tenant_id, session_id, problem.retry_after).await?;
        }
        answer
    }

    fn check_when(&self, session: &Session, when: When) -> Result<(), Problem> {
        if when == When::LastLook && session.outcome == SessionOutcome::Open {
            Ok(())
        } else {
            self.check_open(session)
        }
    }

    /// Waits for the connection, and no longer than until somebody else has settled the session: whoever links a connection goes on
    /// to read it, which a customer at the door need not wait for.
    async fn wait_for_turn(&self, mut session: Session, news: &News) -> Result<Turn, Problem> {
        let rows = self.tenant(session.tenant_id);
        let brings = news.input.brings();
        for _ in 0..if brings { TRIES_WITH_NEWS } else { TRIES } {
            if session.outcome == SessionOutcome::Completed && !news.is_of_another(&session) {
                return Ok(Turn::Settled);
            }
            let mut tx = rows.begin().await?;
            let lease = tx.acquire_lease(session.connection_id, LEASE).await?;
            session = tx.session(session.id).await?.ok_or_else(Self::unknown_token)?;
            tx.commit().await?;
            if let Some(lease) = lease {
                return Ok(Turn::Ours(lease));
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Turn::Missed)
    }

    /// The answer to whoever comes to a session that is completed.
    async fn settled(&self, tenant_id: TenantId, connection_id: ConnectionId) -> Result<Completion, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let condition = tx.connection(connection_id).await?.ok_or_else(Problem::not_found)?.condition;
        tx.commit().await?;
        match condition.status.is_terminal() {
            true => Err(Problem::new(Code::ConnectionTerminal, condition.sentence())),
            false => Ok(Completion::Done(connection_id)),
        }
    }

    async fn complete_under(
        &self,
        tenant_id: TenantId,
        session_id: SessionId,
        news: &News,
        lease: Lease,
    ) -> Result<Completion, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        // Somebody may have finished it while we waited.
        let session = tx.session(session_id).await?.ok_or_else(Self::unknown_token)?;
        let launches = tx.launches(session_id).await?;
        let refusal = tx.refusal(session_id).await?;
        tx.commit().await?;
        if session.outcome == SessionOutcome::Completed {
            self.retire(tenant_id, &session, news).await?;
            return Ok(Completion::Done(session.connection_id));
        }
        if let Err(over) = self.check_when(&session, news.when) {
            self.retire(tenant_id, &session, news).await?;
            return Err(over);
        }

        // What was handed over before is settled first: a crash may have come between.
        let kept = launches.iter().find_map(|launch| Some((launch, launch.linked.as_ref().and_then(read_linked)?)));
        if let Some((launch, linked)) = kept {
            let entry = self.registry.require(Some(launch.service_provider))?;
            return self.finish_link(tenant_id, &session.of(launch), entry, linked, lease).await;
        }
        let mut answer = None;
        for launch in launches.iter().filter(|launch| news.is_of(&session, launch)) {
            let Some(provider_session) = launch.provider_session.clone() else { continue };
            let input = news.input_for(launch);
            let asked = self.ask(tenant_id, &session.of(launch), (provider_session, input), lease).await;
            match (asked, refusal.clone()) {
                (Ok(Completion::Done(id)), _) => return Ok(Completion::Done(id)),
                // Not every provider can say twice that an attempt is over; ours of this launch is remembered.
                (Ok(_), Some(refusal)) if session.launch_id == Some(launch.id) => answer.get_or_insert(Err(refusal)),
                (asked, _) => answer.get_or_insert(asked),
            };
        }
        answer.unwrap_or_else(|| match (&news.input, refusal) {
            (_, Some(refusal)) => Err(refusal),
            (LinkInput::Nothing | LinkInput::Callback(_), None) => Ok(Completion::Pending(session.connection_id)),
            _ => Err(Problem::new(
                Code::UserActionRequired,
                "No institution has been chosen yet. Call POST /connect/link-token first.",
            )),
        })
    }

    /// Asks for one launch, as whose the session is given.
    async fn ask(
        &self,
        tenant_id: TenantId,
        session: &Session,
        (provider_session, input): (Secret, LinkInput),
        lease: Lease,
    ) -> Result<Completion, Problem> {
        let entry = self.registry.require(session.service_provider)?.clone();
        let mut tx = self.tenant(tenant_id).begin().await?;
        // A fresh link has nothing to do with the credential that it replaces (G1).
        let credential = if session.mode.links() { None } else { tx.credential(session.connection_id).await? };
        let product_options = Self::product_options(&mut tx, session).await?;
        tx.commit().await?;
        let is_repair = credential.is_some();
        let brought = match input {
            LinkInput::PublicToken(_) => Some("/publicToken"),
            LinkInput::Result(_) => Some("/result"),
            LinkInput::Nothing | LinkInput::Callback(_) => None,
        };
        let brings = input.brings();
        let answered = async || if brings { self.forget_brought(session).await } else { Ok(()) };
        let products = session.sent.clone();
        let continuation = LinkContinuation { provider_session, credential, products, product_options, input };
        let progress = entry.provider.continue_link(&entry.in_request(&self.clock), &continuation).await;
        let progress = match progress {
            Err(failure) => {
                if failure.persistence != Persistence::Temporary {
                    answered().await?;
                }
                return Err(refused_input(&entry, brought, failure));
            }
            Ok(progress) => progress,
        };
        match progress {
            LinkProgress::Pending => {
                answered().await?;
                Ok(Completion::Pending(session.connection_id))
            }
            LinkProgress::Ended(end) => Err(self.end_attempt(tenant_id, session, lease, end).await?),
            LinkProgress::Linked(linked) if !is_repair => {
                self.keep_linked(tenant_id, session, &entry, &linked).await?;
                self.finish_link(tenant_id, session, &entry, linked, lease).await
            }
            LinkProgress::Linked(linked) => {
                answered().await?;
                self.finish_repair(tenant_id, session, &entry, linked.provider_session_id, lease).await
            }
            LinkProgress::Repaired { credential, provider_session_id } => {
                if let Some(credential) = credential {
                    self.keep_renewed(tenant_id, session, &credential, lease).await?;
                }
                answered().await?;
                self.finish_repair(tenant_id, session, &entry, provider_session_id, lease).await
            }
        }
    }

    /// What products could not start without, of a session whose connection is not at hand.
    pub(super) async fn product_options(
        tx: &mut TenantTx,
        session: &Session,
    ) -> Result<Map<String, serde_json::Value>, Problem> {
        let connection = tx.connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        Ok(connection.settings.product_options_with(&session.request.product_options))
    }

    /// Keeps what takes the credential's place. Of a connection that was deleted meanwhile it is the last that the provider knows:
    /// it is revoked.
    async fn keep_renewed(
        &self,
        tenant_id: TenantId,
        session: &Session,
        credential: &Secret,
        lease: Lease,
    ) -> Result<(), Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let connection = tx.lock_connection(session.connection_id).await?.ok_or_else(Problem::not_found)?;
        if let (true, Some(provider)) = (connection.condition.status.is_terminal(), session.service_provider) {
            let object = connection.provider_connection_id.unwrap_or_default();
            let now = self.clock.now();
            tx.queue_revocation(RevokedObject::Connection, provider, &object, credential, "CONNECTION_OVER", now)
                .await?;
        } else {
            tx.hold_lease(lease, LEASE).await?;
            tx.renew_credential(connection.id, credential).await?;
        }
        Ok(tx.commit().await?)
    }

    /// The attempt is over without a result; the session stays open for another (F1, D9, B16).
    async fn end_attempt(
        &self,
        tenant_id: TenantId,
        session: &Session,
        lease: Lease,
        end: AttemptEnd,
    ) -> Result<Problem, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.hold_lease(lease, LEASE).await?;
        if let Some(launch) = session.launch_id {
            match end.code == AttemptEnd::LINK_LOST {
                true => tx.use_up_launch(launch).await?,
                false => tx.end_launch(launch).await?,
            }
        }
        let spec = self.registry.require(session.service_provider)?.provider.spec();
        let problem = attempt_problem(&end, &placements(&tx.products(session.connection_id).await?), spec);
        // Whoever asks again is told the same, but it happened once.
        if session.outcome_code.as_deref() != Some(end.code.as_str()) {
            let step = if end.is_cancelled() { "ATTEMPT_CANCELLED" } else { "ATTEMPT_FAILED" };
            tx.record_step(session.id, step, Some(&end.code), self.clock.now()).await?;
        }
        // The end of an earlier launch says nothing of the one in use.
        if tx.session(session.id).await?.is_some_and(|stored| stored.launch_id == session.launch_id) {
            tx.note_attempt(session.id, &end.code, end.provider_session_id.as_deref(), Some(&problem)).await?;
            self.abandon_selection(&mut tx, session).await?;
            self.look_at_deposits(&mut tx, session).await?;
        }
        tx.commit().await?;
        Ok(problem)
    }
}

/// What a caller is told of an attempt that is over.
fn attempt_problem(end: &AttemptEnd, asked: &Placements, spec: &Spec) -> Problem {
    let next = "The session is still open: call POST /connect/link-token to try again.";
    if end.code == Code::RequiredProductNotGranted.as_str() {
        // The institution says that something was withheld, not what.
        let needed =
            [("/products", &asked.products), ("/requiredIfSupportedProducts", &asked.required_if_supported_products)];
        let needed = needed.into_iter().flat_map(|(pointer, products)| products.iter().map(move |one| (pointer, *one)));
        let needed: Vec<(&str, Product)> = needed.filter(|(_, product)| !spec.never_alone.contains(product)).collect();
        let names: Vec<&str> = needed.iter().map(|(_, product)| product.as_str()).collect();
        let detail = format!("The customer did not allow all that the link needs of {}. {next}", names.join(", "));
        let problem = Problem::new(Code::RequiredProductNotGranted, detail).with("attempt", end.code.clone());
        return needed.iter().fold(problem, |problem, (pointer, product)| {
            let others = if needed.len() > 1 { ", or another of these," } else { "" };
            problem.with_error(*pointer, "NOT_GRANTED", format!("{product}{others} was not allowed."))
        });
    }
    if end.code == Code::DuplicateConnection.as_str() {
        let detail = "The customer has linked this login already. Use that connection, or repair it; for another login, call POST /connect/link-token.";
        return Problem::new(Code::DuplicateConnection, detail).with("attempt", end.code.clone());
    }
    let detail = match (end.is_own(), end.code.as_str()) {
        (true, AttemptEnd::CANCELLED) => "The customer left before finishing.".to_owned(),
        (true, AttemptEnd::LINK_LOST) => {
            "The customer has linked, but what the provider handed over was lost on the way.".to_owned()
        }
        (true, AttemptEnd::NO_ACCOUNTS) => "The customer shared no account that the link could use.".to_owned(),
        (true, AttemptEnd::DIFFERENT_LOGIN) => "The customer used another login than the connection's.".to_owned(),
        (true, _) => "The customer took too long at the provider.".to_owned(),
        (false, code) => format!("{} says that the attempt failed: {code}.", spec.name),
    };
    let problem = Problem::new(Code::UserActionRequired, format!("{detail} {next}")).with("attempt", end.code.clone());
    let theirs = || {
        Box::new(ProviderProblem {
            service_provider: spec.id,
            code: end.code.clone(),
            message: "The attempt to link or to repair failed.".to_owned(),
            request_id: end.provider_session_id.clone(),
        })
    };
    Problem { provider: (!end.is_own()).then(theirs), ..problem }
}

/// A token or result that the provider does not take is the caller's mistake, not the provider's failure.
fn refused_input(entry: &Entry, brought: Option<&str>, failure: Failure) -> Problem {
    let kind = failure.kind;
    let problem = entry.problem(failure);
    match brought {
        Some(pointer) if matches!(kind, FailureKind::Invalid | FailureKind::NotFound | FailureKind::Bug) => {
            let detail =
                "The service provider does not take it: it is malformed, used, expired, or of another session.";
            Problem { provider: problem.provider, ..Problem::invalid(pointer, "REFUSED", detail) }
        }
        _ => problem,
    }
}
