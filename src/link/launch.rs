//! Launching the provider: what the front end needs to get the customer there.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::{LEASE, Linking, relink, session_job};
use crate::domain::combination::IdentifiersFlow;
use crate::domain::connection::StatusReason;
use crate::domain::ids::{ConnectionId, InstitutionId, SessionId, TenantId};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::{Product, ProductReason};
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::domain::session::{SessionMode, SessionOutcome};
use crate::providers::data::Psu;
use crate::providers::link::{Launch, LinkBegun, LinkPurpose, LinkRequest};
use crate::providers::{Entry, Failure, FailureKind};
use crate::routing::{self, Wanted};
use crate::store::{Connection, JobKind, NewLaunch, Session, SessionLaunch, TenantTx, placements, states};

/// A provider's session with less than this left is made anew.
const FRESH_FOR: TimeDelta = TimeDelta::seconds(60);

/// When the provider is first asked by ourselves whether the customer has finished.
const FIRST_POLL: TimeDelta = TimeDelta::seconds(15);

/// How often, and after which pause, a provider is asked that is still at work on the connection: the customer is at the door, and
/// an update mostly takes seconds.
const TRIES: u32 = 12;
const PAUSE: Duration = Duration::from_secs(1);

/// What the customer has chosen.
#[derive(Clone, Debug, Default)]
pub struct LaunchRequest {
    /// The institution; not needed where the tenant chose it, or in a repair.
    pub institution_id: Option<InstitutionId>,
    /// A provider other than the one that routing would choose.
    pub service_provider: Option<ServiceProvider>,
    /// The end user who is at it, where the request says who that is (E3).
    pub psu: Option<Psu>,
}

/// How the front end gets the customer to the provider.
#[derive(Clone, Debug)]
pub struct Launched {
    /// The connection.
    pub connection_id: ConnectionId,
    /// Through whom.
    pub service_provider: ServiceProvider,
    /// How.
    pub launch: Launch,
    /// Until when the launch can be used.
    pub expires_at: DateTime<Utc>,
}

/// Where a session leads: the provider and, in a first link, the institution.
pub(super) struct Target {
    pub(super) entry: Entry,
    pub(super) institution_id: Option<InstitutionId>,
    pub(super) provider_institution_id: Option<String>,
    pub(super) institution_products: Vec<Product>,
}

impl Linking {
    /// Opens the provider's session, or hands out the one that is open. Creates nothing that is billed.
    pub async fn launch(
        &self,
        tenant_id: TenantId,
        session_id: SessionId,
        request: LaunchRequest,
    ) -> Result<Launched, Problem> {
        let mut tx = self.tenant(tenant_id).begin().await?;
        let (session, connection) = self.open_session(&mut tx, session_id).await?;
        if connection.condition.status.is_terminal() {
            return Err(Problem::new(Code::ConnectionTerminal, connection.condition.sentence()));
        }
        // One database connection at a time: choosing takes its own.
        tx.commit().await?;
        let target = match session.mode {
            SessionMode::Connect => self.chosen_target(&session, &connection, &request).await?,
            _ if request.institution_id.is_some_and(|chosen| Some(chosen) != connection.institution_id) => {
                let detail = "A repair is at the connection's own institution. Leave institutionId out.";
                return Err(Problem::invalid("/institutionId", "SETTLED", detail));
            }
            SessionMode::Relink => self.relink_target(&connection).await?,
            _ => self.repair_target(&connection)?,
        };
        let mut tx = self.tenant(tenant_id).begin().await?;
        if let Some(launched) = self.still_open(&mut tx, &session, &target).await? {
            tx.commit().await?;
            return Ok(launched);
        }
        let purpose = self.purpose(&mut tx, &session, &connection).await?;
        tx.commit().await?;

        let state = Self::random_token("st_")?;
        let sent = match &purpose {
            LinkPurpose::Connect(placements) => placements.iter().map(|(product, _)| product).collect(),
            LinkPurpose::Repair { .. } => Vec::new(),
        };
        let webhook_path = target.entry.webhook_path(&self.clock).await;
        let webhook_path = webhook_path.map_err(|failure| target.entry.problem(failure))?;
        let wanted = self.link_request(&session, &connection, &target, purpose, (&state, &webhook_path));
        let wanted = LinkRequest { psu: request.psu, ..wanted };
        let begun = match self.begin(&target.entry, &wanted).await {
            Ok(begun) => begun,
            Err(failure) => return Err(self.refuse_launch(tenant_id, &session, &target, failure).await?),
        };
        self.keep(tenant_id, &session, target, (state, sent), begun).await
    }

    async fn begin(&self, entry: &Entry, wanted: &LinkRequest) -> Result<LinkBegun, Failure> {
        for _ in 1..TRIES {
            match entry.provider.begin_link(&entry.in_request(&self.clock), wanted).await {
                Err(failure) if failure.kind == FailureKind::NotReady => tokio::time::sleep(PAUSE).await,
                begun => return begun,
            }
        }
        entry.provider.begin_link(&entry.in_request(&self.clock), wanted).await
    }

    /// The provider does not open a session. Where it says that the old link is lost, so does the connection from now on (G1).
    async fn refuse_launch(
        &self,
        tenant_id: TenantId,
        session: &Session,
        target: &Target,
        failure: Failure,
    ) -> Result<Problem, Problem> {
        let lost = failure.condition.filter(|condition| condition.reason == Some(StatusReason::RelinkNeeded));
        let code = failure.code.clone();
        let problem = target.entry.problem(failure);
        let (Some(condition), false) = (lost, session.mode.links()) else { return Ok(problem) };
        let now = self.clock.now();
        let mut tx = self.tenant(tenant_id).begin().await?;
        tx.change_condition(session.connection_id, condition, Some(&code), "REPAIR_REFUSED", now).await?;
        tx.finish_session(session.id, SessionOutcome::Failed, Some("RELINK_NEEDED"), None, now).await?;
        tx.commit().await?;
        Ok(Problem { provider: problem.provider, ..relink::relink_needed(session) })
    }

    async fn chosen_target(
        &self,
        session: &Session,
        connection: &Connection,
        request: &LaunchRequest,
    ) -> Result<Target, Problem> {
        if !connection.requested.are_of_institution() {
            return self.target_without_institution(connection, request);
        }
        if let (Some(pinned), Some(named)) = (connection.settings.pinned_provider, request.service_provider)
            && pinned != named
        {
            let detail = format!("This session is for {pinned}, with which it was started. Leave serviceProvider out.");
            return Err(Problem::invalid("/serviceProvider", "SETTLED", detail));
        }
        let settled = session.request.institution_id;
        if settled.is_some() && request.institution_id.is_some_and(|chosen| Some(chosen) != settled) {
            let detail = "This session is for the institution that it was started with. Leave institutionId out.";
            return Err(Problem::invalid("/institutionId", "SETTLED", detail));
        }
        let institution_id = settled.or(request.institution_id).ok_or_else(|| {
            Problem::invalid(
                "/institutionId",
                "REQUIRED",
                "institutionId is missing. Let the customer choose from GET /connect/institutions.",
            )
        })?;
        let wanted = wanted(connection, request);
        let choice = routing::choose(&self.store, &self.registry, institution_id, wanted).await?;
        Ok(Target {
            entry: choice.entry,
            institution_id: Some(institution_id),
            provider_institution_id: Some(choice.at_provider.provider_institution_id),
            institution_products: choice.at_provider.products.into_iter().collect(),
        })
    }

    /// What is of no institution is had of the first provider that has it; a front end with one picker for all may name one.
    fn target_without_institution(&self, connection: &Connection, request: &LaunchRequest) -> Result<Target, Problem> {
        let wanted = wanted(connection, request);
        let entry = routing::choose_provider(&self.registry, wanted)?;
        let institution_products = Vec::new();
        Ok(Target { entry, institution_id: None, provider_institution_id: None, institution_products })
    }

    pub(super) fn repair_target(&self, connection: &Connection) -> Result<Target, Problem> {
        let entry = self.registry.require(connection.service_provider)?.clone();
        Ok(Target {
            entry,
            institution_id: connection.institution_id,
            provider_institution_id: connection.provider_institution_id.clone(),
            institution_products: Vec::new(),
        })
    }

    async fn still_open(
        &self,
        tx: &mut TenantTx,
        session: &Session,
        target: &Target,
    ) -> Result<Option<Launched>, Problem> {
        if target.entry.provider.spec().launches_once {
            return Ok(None);
        }
        let fresh = self.clock.now() + FRESH_FOR;
        let launches = tx.launches(session.id).await?;
        let there = |one: &SessionLaunch| {
            (one.service_provider, one.institution_id) == (target.entry.id(), target.institution_id)
        };
        let same = launches
            .iter()
            .filter(|one| there(one))
            .find_map(|one| Some((one, one.expires_at.filter(|end| *end >= fresh)?)));
        let Some((launch, expires_at)) = same else { return Ok(None) };
        let Some(shown) = launch.launch.as_ref().and_then(|text| serde_json::from_str(text.expose()).ok()) else {
            return Ok(None);
        };
        if session.launch_id != Some(launch.id) {
            tx.use_launch(session.id, launch.id).await?;
        }
        Ok(Some(Launched {
            connection_id: session.connection_id,
            service_provider: launch.service_provider,
            launch: shown,
            expires_at,
        }))
    }

    async fn purpose(
        &self,
        tx: &mut TenantTx,
        session: &Session,
        connection: &Connection,
    ) -> Result<LinkPurpose, Problem> {
        if session.mode.links() {
            // What was added before the provider's session exists goes into it (A12).
            let products = tx.products(connection.id).await?;
            return Ok(LinkPurpose::Connect(relink::wanted(session, connection, &products)));
        }
        let credential = tx
            .credential(connection.id)
            .await?
            .ok_or_else(|| Problem::new(Code::ConnectionNotLinked, "The connection has no login to repair."))?;
        let rows = tx.products(connection.id).await?;
        let states = states(&rows);
        let asked = || session.request.products.iter().chain(&session.request.waiting).copied();
        let is = |product: &Product, because| states.get(product).is_some_and(|(_, reason)| *reason == Some(because));
        let denied = |product: &Product| is(product, ProductReason::PermissionDenied);
        let lacking = |product: &Product| is(product, ProductReason::InstitutionUnsupported);
        Ok(LinkPurpose::Repair {
            credential,
            account_selection: session.request.account_selection,
            store_login: session.request.store_login,
            new_accounts: session.request.new_accounts || connection.new_accounts_available,
            fetched: placements(&rows).fetched().into_iter().filter(|product| !lacking(product)).collect(),
            consent: asked().filter(|product| !denied(product)).collect(),
            permissions: asked().filter(denied).collect(),
        })
    }

    fn link_request(
        &self,
        session: &Session,
        connection: &Connection,
        target: &Target,
        purpose: LinkPurpose,
        (state, webhook_path): (&Secret, &str),
    ) -> LinkRequest {
        let provider = target.entry.id();
        let callback = format!("{}/connect/callback/{provider}", self.public_url);
        let left = (session.expires_at - self.clock.now()).num_seconds().clamp(60, 4 * 3600);
        let settings = &connection.settings;
        let product_options = connection.settings.product_options_with(&session.request.product_options);
        LinkRequest {
            session_id: session.id.to_string(),
            customer_ref: connection.customer_id.to_string(),
            purpose,
            institution: target.provider_institution_id.clone(),
            institution_products: target.institution_products.clone(),
            country_codes: settings.country_codes.clone(),
            language: settings.language.clone(),
            return_url: format!("{callback}?state={}", state.expose()),
            oauth_redirect_url: Some(callback),
            webhook_url: Some(format!("{}{webhook_path}", self.public_url)),
            history_days: settings.history_days.unwrap_or_else(|| target.entry.provider.ordinary_history_days()),
            account_filters: session.request.account_filters.clone().or_else(|| settings.account_filters.clone()),
            product_options,
            match_all_accounts: settings.match_all_accounts,
            same_day_microdeposits: settings.identifiers_flow == Some(IdentifiersFlow::SameDayMicrodeposits),
            lifetime_seconds: u32::try_from(left).unwrap_or(60),
            psu: None,
        }
    }

    /// Stores the provider's session; from now on we ask by ourselves too whether the customer has finished (F9).
    async fn keep(
        &self,
        tenant_id: TenantId,
        session: &Session,
        target: Target,
        (state, sent): (Secret, Vec<Product>),
        begun: LinkBegun,
    ) -> Result<Launched, Problem> {
        let now = self.clock.now();
        let provider = target.entry.id();
        let launch = serde_json::to_string(&begun.launch).map_err(|_| {
            Problem::new(Code::InternalError, "The launch could not be stored. Give support the requestId.")
        })?;
        let stored = NewLaunch {
            service_provider: provider,
            institution_id: target.institution_id,
            provider_session: begun.provider_session,
            issued: begun.issued,
            launch: Secret::new(launch),
            state,
            expires_at: begun.expires_at,
            sent,
            request_id: begun.request_id,
        };
        let mut tx = self.tenant(tenant_id).begin().await?;
        // The connection's row before everything that hangs on it, as everybody does.
        tx.lock_row(session.connection_id).await?;
        let lease = tx.acquire_lease(session.connection_id, LEASE).await?;
        self.open_session(&mut tx, session.id).await?;
        if tx.insert_launch(session.id, &stored).await?.is_none() {
            // Whoever has that session may be at it: nobody else is to be sent there, and nothing of this is kept.
            return Err(repeated(&target.entry));
        }
        let institution = target.institution_id.map(|id| id.to_string());
        tx.record_step(session.id, "LAUNCHED", institution.as_deref(), now).await?;
        tx.enqueue(&session_job(JobKind::PollSession, tenant_id, session.id, now + FIRST_POLL)).await?;
        if let Some(lease) = lease {
            tx.release_lease(lease).await?;
        }
        tx.commit().await?;
        Ok(Launched {
            connection_id: session.connection_id,
            service_provider: provider,
            launch: begun.launch,
            expires_at: begun.expires_at,
        })
    }
}

/// What the session is to link; a front end may name the provider where the start call named none.
fn wanted<'a>(connection: &'a Connection, request: &LaunchRequest) -> Wanted<'a> {
    let wanted = Wanted::new(&connection.requested, &connection.settings);
    Wanted { pinned: wanted.pinned.or(request.service_provider), ..wanted }
}

/// The provider gave what it had given for another session.
fn repeated(entry: &Entry) -> Problem {
    let name = entry.provider.spec().name;
    tracing::warn!(provider = %entry.id(), "a provider gave the same session twice");
    let detail = format!("{name} gave a session that it had given before, which is not used. Try again for a new one.");
    Problem::new(Code::ProviderError, detail)
}

/// What a repair is for, as the mode of its session: what was asked for wins over what is merely broken.
pub(super) fn repair_mode(account_selection: bool, asks_consent: bool) -> SessionMode {
    if asks_consent {
        SessionMode::Consent
    } else if account_selection {
        SessionMode::Accounts
    } else {
        SessionMode::Login
    }
}
