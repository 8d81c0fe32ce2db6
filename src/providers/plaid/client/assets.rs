//! Asset reports: ordered, read as JSON and as a PDF, removed.

use async_trait::async_trait;
use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::providers::own::{AssetReportOrder, AssetReportOrdered, AssetReports, ProviderAssetReport};
use crate::providers::plaid::Plaid;
use crate::providers::plaid::map;
use crate::providers::plaid::wire::Done;
use crate::providers::plaid::wire::asset::{ReportAnswer, ReportCreated};
use crate::providers::{Context, Failure, FailureKind};

use super::Operation;

const CREATE: Operation = Operation::once("/asset_report/create");
const GET: Operation = Operation::repeatable("/asset_report/get");
const PDF: Operation = Operation::repeatable("/asset_report/pdf/get");
const REMOVE: Operation = Operation::repeatable("/asset_report/remove");

#[async_trait]
impl AssetReports for Plaid {
    async fn order(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        order: &AssetReportOrder,
    ) -> Result<AssetReportOrdered, Failure> {
        let body = json!({
            "access_tokens": [credential.expose()],
            "days_requested": order.days,
            "options": { "client_report_id": order.reference, "webhook": order.webhook_url },
        });
        let made: ReportCreated = self.api(cx, "order_asset_report").post(CREATE, &body).await?;
        Ok(AssetReportOrdered { token: made.asset_report_token, provider_report_id: made.asset_report_id.0 })
    }

    async fn report(&self, cx: &Context<'_>, token: &Secret) -> Result<ProviderAssetReport, Failure> {
        let answer: ReportAnswer = self.api(cx, "asset_report").post(GET, &of_report(token)).await?;
        Ok(map::assets::report(answer.report))
    }

    async fn pdf(&self, cx: &Context<'_>, token: &Secret) -> Result<Vec<u8>, Failure> {
        self.api(cx, "asset_report").document(PDF, &of_report(token)).await
    }

    async fn remove(&self, cx: &Context<'_>, token: &Secret) -> Result<(), Failure> {
        match self.api(cx, "asset_report").post::<Done>(REMOVE, &of_report(token)).await {
            // The token is all that is sent: it is what Plaid does not know any more.
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Invalid) => Ok(()),
            answer => answer.map(drop),
        }
    }
}

fn of_report(token: &Secret) -> Value {
    json!({ "asset_report_token": token.expose() })
}
