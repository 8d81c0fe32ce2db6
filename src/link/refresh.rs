//! Refresh (rules E): whether it may be now, and its beginning: by a caller, by the end user, by the schedule.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::repair::{REPAIR_SECONDS, RepairRequest};
use super::{Linking, check_has_login, sync_job};
use crate::domain::connection::{RepairReason, Status, StatusReason};
use crate::domain::ids::{ConnectionId, RefreshId};
use crate::domain::placement::Placement;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::providers::data::{Psu, RefreshRequest};
use crate::providers::spec::NewAccounts;
use crate::providers::{Entry, FailureKind};
use crate::store::{Connection, ForcedBy, NewRefresh, Refresh, RefreshStatus, TenantStore, TenantTx, placements};

/// In which so many unattended accesses are allowed (E3).
const DAY: TimeDelta = TimeDelta::hours(24);

/// What a caller wants refreshed.
#[derive(Clone, Debug, Default)]
pub struct WantedRefresh {
    /// Only these; default all that the connection fetches.
    pub products: Option<Vec<Product>>,
    /// Also bring accounts that were not there at the first import (E5).
    pub import_new_accounts: bool,
    /// Ask the provider to keep the login (E6).
    pub store_secrets: bool,
    /// The end user who asked for it, where one did (E3).
    pub psu: Option<Psu>,
}

/// A refresh that may begin, or one that runs already.
enum Judged {
    Running(RefreshId),
    New {
        connection: Box<Connection>,
        products: Vec<Product>,
    },
    /// The customer is needed first, in the provider's form (E5, E6).
    Form,
}

impl Linking {
    /// Whether the provider has to be asked within the request: it takes what must not be stored (E3), or it may want the customer
    /// first, in a session that the answer holds (E5, E6).
    pub async fn asks_at_once(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        wanted: &WantedRefresh,
    ) -> Result<bool, Problem> {
        if wanted.psu.is_none() && !wanted.store_secrets && !wanted.import_new_accounts {
            return Ok(false);
        }
        let mut tx = rows.begin().await?;
        let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
        let entry = connection.service_provider.and_then(|provider| self.registry.get(provider));
        let Some(spec) = entry.map(|entry| entry.provider.spec()) else { return Ok(false) };
        let imports = wanted.import_new_accounts && spec.new_accounts != NewAccounts::Offered;
        Ok(wanted.psu.is_some() && spec.takes_psu || wanted.store_secrets && spec.keeps_logins || imports)
    }

    /// Begins a refresh: the provider is asked by the reading that it enqueues. While one runs, the same is answered (E1).
    pub async fn refresh(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        wanted: &WantedRefresh,
    ) -> Result<RefreshId, Problem> {
        match self.judge_refresh(tx, id, wanted).await? {
            Judged::Running(refresh_id) => Ok(refresh_id),
            Judged::New { products, .. } => self.begin_refresh(tx, id, &products, wanted, false).await,
            Judged::Form => Err(self.with_form(tx, id, wanted).await?),
        }
    }

    /// Begins a refresh that the provider is asked for now, so that what it refuses is answered: it is told who the end user is, or
    /// may want the customer.
    pub async fn refresh_attended(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        wanted: &WantedRefresh,
    ) -> Result<RefreshId, Problem> {
        let mut tx = rows.begin().await?;
        let (connection, products) = match self.judge_refresh(&mut tx, id, wanted).await? {
            Judged::Running(refresh_id) => return Ok(refresh_id),
            Judged::New { connection, products } => (connection, products),
            Judged::Form => {
                let problem = self.with_form(&mut tx, id, wanted).await?;
                tx.commit().await?;
                return Err(problem);
            }
        };
        let credential = tx.credential(id).await?.ok_or_else(Problem::not_found)?;
        tx.commit().await?;
        let entry = self.registry.require(connection.service_provider)?;
        let request = RefreshRequest {
            products: &products,
            import_new_accounts: wanted.import_new_accounts,
            scheduled: false,
            psu: wanted.psu.as_ref(),
            product_options: Some(&connection.settings.product_options),
        };
        if let Err(failure) = entry.provider.refresh(&entry.in_request(&self.clock), &credential, &request).await {
            return Err(match failure.kind {
                // The consent takes no new accounts (E5).
                FailureKind::Consent if wanted.import_new_accounts => {
                    let mut tx = rows.begin().await?;
                    let problem = self.with_form(&mut tx, id, wanted).await?;
                    tx.commit().await?;
                    problem
                }
                FailureKind::UserAction => self.needs_customer(&mut rows.begin().await?, &connection).await?,
                FailureKind::RateLimit => too_often(entry).retry_after(failure.retry_after.unwrap_or(SOON)),
                _ => entry.problem(failure),
            });
        }
        let mut tx = rows.begin().await?;
        // Somebody else may have begun one meanwhile; the provider runs one at a time.
        let refresh_id = match running(tx.last_forced_refresh(id).await?.as_ref()) {
            Some(refresh_id) => refresh_id,
            None => self.begin_refresh(&mut tx, id, &products, wanted, true).await?,
        };
        tx.commit().await?;
        Ok(refresh_id)
    }

    /// Begins the schedule's own refresh where it is due and allowed (E7, E10), within the transaction that has the connection read.
    pub async fn refresh_by_schedule(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        targets: &BTreeMap<Product, i64>,
    ) -> Result<(), Problem> {
        let Some(connection) = tx.connection(id).await? else { return Ok(()) };
        let Some(entry) = connection.service_provider.and_then(|provider| self.registry.get(provider)) else {
            return Ok(());
        };
        let spec = entry.provider.spec();
        let Some(hours) = spec.forced_every_hours.filter(|_| !entry.refreshes_itself) else { return Ok(()) };
        let now = self.clock.now();
        // Reads are spread, so that the next comes a little before its time.
        let pause = TimeDelta::hours(i64::from(hours)) - TimeDelta::hours(1);
        let is_due = match tx.last_forced_refresh(id).await? {
            Some(last) => last.status != RefreshStatus::InProgress && last.created_at + pause <= now,
            None => connection.created_at + pause <= now,
        };
        let is_interactive = connection.condition.reason == Some(StatusReason::InteractiveRefresh);
        if !is_due || is_interactive || self.next_unattended(tx, entry, id).await?.is_some() {
            return Ok(());
        }
        let refresh = NewRefresh {
            connection_id: id,
            targets: targets.clone(),
            forced_by: Some(ForcedBy::Schedule),
            requested: false,
            import_new_accounts: false,
        };
        tx.insert_refresh(&refresh, now).await?;
        Ok(())
    }

    async fn begin_refresh(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        products: &[Product],
        wanted: &WantedRefresh,
        requested: bool,
    ) -> Result<RefreshId, Problem> {
        let now = self.clock.now();
        let refresh = NewRefresh {
            connection_id: id,
            targets: tx.want_products(id, products).await?,
            forced_by: Some(if wanted.psu.is_some() { ForcedBy::User } else { ForcedBy::BackEnd }),
            requested,
            import_new_accounts: wanted.import_new_accounts,
        };
        tx.enqueue(&sync_job(tx.tenant_id, id, now)).await?;
        Ok(tx.insert_refresh(&refresh, now).await?)
    }

    async fn judge_refresh(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        wanted: &WantedRefresh,
    ) -> Result<Judged, Problem> {
        let connection = tx.lock_connection(id).await?.ok_or_else(Problem::not_found)?;
        connection.condition.check_linked()?;
        check_has_login(&connection)?;
        let entry = self.registry.require(connection.service_provider)?;
        let spec = entry.provider.spec();
        if wanted.store_secrets && !spec.keeps_logins {
            let detail = format!("{} does not keep logins on request: leave storeSecrets out.", spec.name);
            return Err(Problem::new(Code::UnsupportedByProvider, detail));
        }
        if wanted.store_secrets || wanted.import_new_accounts && spec.new_accounts == NewAccounts::ByConsent {
            return Ok(Judged::Form);
        }
        self.check_status(tx, &connection).await?;
        let offered = spec.new_accounts == NewAccounts::Offered && connection.new_accounts_available;
        if wanted.import_new_accounts && offered {
            // The provider shares new accounts only after the customer has chosen them (E5).
            let choose = if spec.account_selection { " with accountSelection: true" } else { "" };
            let detail = format!("The customer has accounts that are not shared yet. Open a repair{choose}.");
            return Err(user_action(&detail, &[RepairReason::NewAccounts], id));
        }
        let last = tx.last_forced_refresh(id).await?;
        if let Some(refresh_id) = running(last.as_ref()) {
            return Ok(Judged::Running(refresh_id));
        }
        let products = products(tx, id, wanted.products.as_deref()).await?;
        let now = self.clock.now();
        if let Some(left) = pause_left(entry, last.as_ref(), now) {
            return Err(too_often(entry).retry_after(left.to_std().unwrap_or_default()));
        }
        if wanted.psu.is_none()
            && let Some(next) = self.next_unattended(tx, entry, id).await?
        {
            let detail = "The institution lets itself be read without the end user only so often in 24 hours. Wait as Retry-After says, or send PSU-IP-Address, PSU-Device-OS and PSU-User-Agent of an end user who asked for it.";
            return Err(Problem::new(Code::RefreshLimit, detail).retry_after((next - now).to_std().unwrap_or_default()));
        }
        Ok(Judged::New { connection: Box::new(connection), products })
    }

    /// When the next unattended access is allowed, if none is now (E3).
    async fn next_unattended(
        &self,
        tx: &mut TenantTx,
        entry: &Entry,
        id: ConnectionId,
    ) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(allowed) = entry.provider.spec().unattended_a_day else { return Ok(None) };
        let accesses = tx.unattended_since(id, self.clock.now() - DAY).await?;
        let has_to_leave = accesses.len().checked_sub(usize::from(allowed));
        Ok(has_to_leave.and_then(|index| accesses.get(index)).map(|at| *at + DAY))
    }

    /// Where the last answer said that the customer must act, nothing is tried upstream (E2).
    async fn check_status(&self, tx: &mut TenantTx, connection: &Connection) -> Result<(), Problem> {
        let condition = connection.condition;
        match condition.status {
            status if status.needs_customer() || condition.reason == Some(StatusReason::InteractiveRefresh) => {
                Err(self.needs_customer(tx, connection).await?)
            }
            _ => Ok(()),
        }
    }

    /// Opens a session in which the customer gives what the refresh needs (E5, E6); what the caller is told.
    async fn with_form(&self, tx: &mut TenantTx, id: ConnectionId, wanted: &WantedRefresh) -> Result<Problem, Problem> {
        let request = RepairRequest {
            store_login: wanted.store_secrets,
            new_accounts: wanted.import_new_accounts,
            expires_in: REPAIR_SECONDS,
            ..RepairRequest::default()
        };
        let opened = self.repair(tx, id, request).await?;
        let reason = if wanted.import_new_accounts { RepairReason::NewAccounts } else { RepairReason::Login };
        let detail = "The service provider wants the customer for this: send them to the widgetUrl of session.";
        Ok(user_action(detail, &[reason], id).with("session", opened.to_json(&self.public_url)))
    }

    /// What a caller is told where only the customer can help, with the reasons and where to post.
    pub async fn needs_customer(&self, tx: &mut TenantTx, connection: &Connection) -> Result<Problem, Problem> {
        let plan = self.repair_plan(connection, &tx.products(connection.id).await?);
        let reasons = if plan.reasons.is_empty() { vec![RepairReason::Login] } else { plan.reasons };
        let sentence = match connection.condition.status {
            Status::Active | Status::PartiallyActive => {
                "The institution wants the customer for this: open a repair session.".to_owned()
            }
            _ => connection.condition.sentence().to_string(),
        };
        Ok(user_action(&sentence, &reasons, connection.id))
    }
}

/// When a provider that refuses without saying until when is asked again.
const SOON: std::time::Duration = std::time::Duration::from_secs(60);

fn user_action(detail: &str, reasons: &[RepairReason], id: ConnectionId) -> Problem {
    Problem::new(Code::UserActionRequired, detail.to_owned())
        .with("reasons", serde_json::to_value(reasons).unwrap_or_default())
        .with("repair", format!("/connections/{id}/repair"))
}

fn too_often(entry: &Entry) -> Problem {
    let spec = entry.provider.spec();
    let minutes = spec.refresh_pause_seconds.div_ceil(60);
    let (number, unit) = if minutes.is_multiple_of(60) { (minutes / 60, "hour") } else { (minutes, "minute") };
    let pause = if number == 1 { format!("one {unit}") } else { format!("{number} {unit}s") };
    let detail = format!("{} refreshes a connection once in {pause}. Try again as Retry-After says.", spec.name);
    Problem::new(Code::RefreshLimit, detail)
}

/// What is left of the provider's own pause between two forced refreshes (E8).
fn pause_left(entry: &Entry, last: Option<&Refresh>, now: DateTime<Utc>) -> Option<TimeDelta> {
    let pause = TimeDelta::seconds(i64::from(entry.provider.spec().refresh_pause_seconds));
    last.map(|last| last.created_at + pause - now).filter(|left| *left > TimeDelta::zero())
}

/// The last forced refresh, if it still runs.
fn running(last: Option<&Refresh>) -> Option<RefreshId> {
    last.filter(|last| last.status == RefreshStatus::InProgress).map(|last| last.id)
}

async fn products(tx: &mut TenantTx, id: ConnectionId, asked: Option<&[Product]>) -> Result<Vec<Product>, Problem> {
    let placed = placements(&tx.products(id).await?);
    let Some(asked) = asked else { return Ok(placed.fetched().into_iter().collect()) };
    if asked.is_empty() {
        return Err(Problem::invalid(
            "/products",
            "REQUIRED",
            "products needs at least one product; leave it out for all.",
        ));
    }
    for (index, &product) in asked.iter().enumerate() {
        if !placed.of(product).is_some_and(Placement::is_fetched) {
            return Err(Problem::invalid(
                format!("/products/{index}"),
                "NOT_ON_CONNECTION",
                format!("The connection does not fetch {product}. Add it by POST /connections/{{id}}/products."),
            ));
        }
    }
    Ok(asked.to_vec())
}
