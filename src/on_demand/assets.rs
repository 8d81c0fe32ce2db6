//! Asset reports: ordered by a job, asked for until they are there, kept sealed; the PDF is handed through.

use std::collections::HashMap;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

use super::OnDemand;
use crate::domain::asset_report::{AssetReport, AssetReportState};
use crate::domain::event::EventType;
use crate::domain::ids::{AccountId, AssetReportId, ConnectionId, TenantId};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::providers::own::{AssetReportOrder, AssetReportOrdered, AssetReports, ProviderAssetReport};
use crate::providers::{Entry, Failure, FailureKind, Persistence, Provider};
use crate::store::{JobKind, NewJob, OrderedReport, TenantStore, TenantTx};

/// A report that is not there by then never comes.
const WAIT_FOR: TimeDelta = TimeDelta::hours(24);

/// Our code for that.
const NEVER_READY: &str = "NEVER_READY";

/// What the queue should do about a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportNext {
    /// Nothing is left to do.
    Done,
    /// Ask again, at the earliest after that.
    Again(Option<Duration>),
}

fn has(provider: &dyn Provider) -> bool {
    provider.asset_reports().is_some()
}

impl OnDemand {
    /// Orders a report: it is `PENDING`, and a job sees to it.
    pub async fn order_asset_report(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        days: u16,
    ) -> Result<AssetReportId, Problem> {
        // Nobody deletes the connection meanwhile.
        tx.lock_row(id).await?;
        let ready = self.ready(tx, id, Product::Assets, has).await?;
        let now = self.linking.clock.now();
        let report = tx.insert_asset_report(id, ready.entry.id(), days, now).await?;
        let payload = json!({ "tenantId": tx.tenant_id });
        tx.enqueue(&NewJob { kind: JobKind::AssetReport, key: report.to_string(), payload, run_at: now }).await?;
        Ok(report)
    }

    /// A page of the reports of a connection, oldest first.
    pub async fn asset_reports(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        after: Option<AssetReportId>,
        limit: i64,
    ) -> Result<Vec<OrderedReport>, Problem> {
        let rows = tx.asset_reports(id, after, limit).await?;
        self.readable(tx, id, Product::Assets, has, (rows, after.is_none())).await
    }

    /// A report of that connection. Refuses where its provider has none.
    pub async fn asset_report(
        &self,
        tx: &mut TenantTx,
        id: ConnectionId,
        report: AssetReportId,
    ) -> Result<OrderedReport, Problem> {
        let connection = tx.connection(id).await?.ok_or_else(Problem::not_found)?;
        self.supporting(&connection, Product::Assets, has)?;
        let found = tx.asset_report(report).await?;
        found.filter(|report| report.connection_id == id).ok_or_else(Problem::not_found)
    }

    /// A report that is there, as a PDF.
    pub async fn asset_report_pdf(
        &self,
        rows: &TenantStore,
        id: ConnectionId,
        report: AssetReportId,
        actor: &str,
    ) -> Result<Vec<u8>, Problem> {
        let mut tx = rows.begin().await?;
        let report = self.asset_report(&mut tx, id, report).await?;
        let (AssetReportState::Ready, Some(token)) = (report.state, report.token) else {
            let detail = match report.state {
                AssetReportState::Failed => "The report could not be made: order another one.",
                _ => "The report is not there yet: wait for the event asset_reports.updated, or ask for its state.",
            };
            return Err(Problem::new(Code::ProductNotReady, detail));
        };
        tx.audit(actor, "READ_ASSET_REPORT", report.id.0).await?;
        tx.commit().await?;
        let entry = self.linking.registry.require(Some(report.service_provider))?;
        let pdf = reports(entry)?.pdf(&entry.in_request(&self.linking.clock), &token).await;
        pdf.map_err(|failure| entry.problem(failure))
    }

    /// Orders a report at the provider, or asks whether it is there.
    pub async fn advance_asset_report(&self, tenant_id: TenantId, id: AssetReportId) -> Result<ReportNext, Problem> {
        let rows = self.linking.store.tenant(tenant_id);
        let mut tx = rows.begin().await?;
        let report = tx.asset_report(id).await?.filter(|report| report.state == AssetReportState::Pending);
        let Some(report) = report else { return Ok(ReportNext::Done) };
        let credential = tx.credential(report.connection_id).await?;
        tx.commit().await?;
        let entry = self.linking.registry.require(Some(report.service_provider))?;
        let cx = entry.in_job(&self.linking.clock);
        let token = match (&report.token, credential) {
            (Some(token), _) => token.clone(),
            (None, None) => return Ok(ReportNext::Done),
            (None, Some(credential)) => {
                let order = AssetReportOrder {
                    days: report.days,
                    reference: report.id.to_string(),
                    webhook_url: self.webhook_url(entry).await?,
                };
                // An order whose answer is lost here is placed again, and billed again: a provider may take a reference of ours with it, but need refuse
                // no second one of the same reference, and may give the token that opens the report to nobody but who ordered it.
                match reports(entry)?.order(&cx, &credential, &order).await {
                    Ok(ordered) if self.keep_ordered(&rows, &report, &ordered).await? => ordered.token,
                    Ok(_) => return Ok(ReportNext::Done),
                    Err(failure) => return self.not_yet(&rows, &report, &failure).await,
                }
            }
        };
        match reports(entry)?.report(&cx, &token).await {
            Ok(delivered) => self.keep_report(&rows, &report, delivered).await,
            Err(failure) => self.not_yet(&rows, &report, &failure).await,
        }
    }

    async fn webhook_url(&self, entry: &Entry) -> Result<String, Problem> {
        let path = entry.webhook_path(&self.linking.clock).await.map_err(|failure| entry.problem(failure))?;
        Ok(format!("{}{path}", self.linking.public_url))
    }

    /// Whether the report is still wanted; one that is not is removed at the provider.
    async fn keep_ordered(
        &self,
        rows: &TenantStore,
        report: &OrderedReport,
        ordered: &AssetReportOrdered,
    ) -> Result<bool, Problem> {
        let mut tx = rows.begin().await?;
        let object = &ordered.provider_report_id;
        let is_wanted = tx.set_report_ordered(report.id, object, &ordered.token).await?;
        if !is_wanted {
            self.linking.revoke_report(&mut tx, report.service_provider, object, &ordered.token).await?;
        }
        tx.commit().await?;
        Ok(is_wanted)
    }

    async fn keep_report(
        &self,
        rows: &TenantStore,
        report: &OrderedReport,
        delivered: ProviderAssetReport,
    ) -> Result<ReportNext, Problem> {
        let mut tx = rows.begin().await?;
        let known = tx.account_ids(report.connection_id).await?;
        let said = ours(delivered, &known);
        self.finish(tx, report, Ok(&said)).await
    }

    /// A report that is not ready is asked for again, one that failed has ended.
    async fn not_yet(
        &self,
        rows: &TenantStore,
        report: &OrderedReport,
        failure: &Failure,
    ) -> Result<ReportNext, Problem> {
        let may_come = failure.kind == FailureKind::NotReady || failure.persistence == Persistence::Temporary;
        let is_late = self.linking.clock.now() - report.created_at > WAIT_FOR;
        if may_come && !is_late {
            return Ok(ReportNext::Again(failure.retry_after));
        }
        let code = if may_come { NEVER_READY } else { &failure.code };
        tracing::info!(report_id = %report.id, kind = %failure.kind, %code, request_id = ?failure.request_id, "an asset report could not be had");
        self.finish(rows.begin().await?, report, Err(code)).await
    }

    async fn finish(
        &self,
        mut tx: TenantTx,
        report: &OrderedReport,
        outcome: Result<&AssetReport, &str>,
    ) -> Result<ReportNext, Problem> {
        let now = self.linking.clock.now();
        if tx.finish_asset_report(report.id, outcome, now).await? {
            let state = if outcome.is_ok() { AssetReportState::Ready } else { AssetReportState::Failed };
            let data = json!({ "reportId": report.id, "state": state });
            tx.emit(report.connection_id, EventType::AssetReportsUpdated, data, now).await?;
        }
        tx.commit().await?;
        Ok(ReportNext::Done)
    }
}

/// What a provider that was judged to have reports has them by.
fn reports(entry: &Entry) -> Result<&dyn AssetReports, Problem> {
    entry.provider.asset_reports().ok_or_else(|| entry.problem(Failure::unsupported("asset_reports")))
}

/// The report with our ids.
fn ours(delivered: ProviderAssetReport, known: &HashMap<String, AccountId>) -> AssetReport {
    let account = |(provider_account_id, mut account): (String, crate::domain::asset_report::AssetAccount)| {
        account.account_id = known.get(&provider_account_id).copied();
        account
    };
    AssetReport {
        generated_at: delivered.generated_at,
        accounts: delivered.accounts.into_iter().map(account).collect(),
    }
}
