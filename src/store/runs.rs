//! Runs of a product that is read page by page: where each is, what it has seen vanish, and, where it had to begin anew, what it shows.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use uuid::Uuid;

use super::{Result, TenantTx};
use crate::domain::ids::{AccountId, ConnectionId};

/// Comes before every sequence number.
const FIRST: i64 = -1;

/// Where a run is after a page.
#[derive(Clone, Copy, Debug)]
pub struct Progress<'a> {
    /// Where the next page begins; at the run's end, where the next run does.
    pub cursor: &'a str,
    /// The sequence number of the page.
    pub sequence: i64,
    /// Whether that was the last page.
    pub run_ended: bool,
    /// Whether the provider has delivered its whole history.
    pub history_complete: bool,
}

impl TenantTx {
    /// Notes what a page said has vanished, and that what it shows has not; applied when the run ends, so that a restart never shows
    /// a gap.
    pub async fn note_vanished(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        shown: &[String],
        vanished: &[String],
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set vanished = array(select unnest(vanished) except select unnest($4::text[])) || $5::text[]
             where tenant_id = $1 and connection_id = $2 and product = $3 and (vanished <> '{}' or cardinality($5::text[]) > 0)",
            tenant_id,
            connection_id.0,
            product,
            shown,
            vanished
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Notes as vanished what is stored of a window of dates (of one account or all), which a run has read to its end, and was not
    /// shown by it. What came by an earlier link stays (G2).
    pub async fn note_unshown(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        account: Option<AccountId>,
        window: RangeInclusive<NaiveDate>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        let unshown = sqlx::query_scalar!(
            "select provider_transaction_id from transactions t
             where tenant_id = $1 and connection_id = $2 and not removed and not of_earlier_link and transaction_date between $4 and $5
               and ($3::uuid is null or account_id = $3) and not exists (
                select from shown_transactions s
                where s.connection_id = $2 and s.provider_transaction_id = t.provider_transaction_id)",
            tenant_id,
            connection_id.0,
            account.map(|account| account.0) as Option<Uuid>,
            window.start(),
            window.end()
        )
        .fetch_all(self.sql())
        .await?;
        self.note_vanished(connection_id, product, &[], &unshown).await
    }

    /// Marks what vanished in this run as removed under that sequence number; how many rows. Whether what was pending may be booked
    /// under another id, by which it is recognised.
    pub async fn remove_vanished(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        sequence: i64,
        renames: bool,
    ) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        let removed = sqlx::query!(
            "with gone as (
                select unnest(vanished) as provider_id from connection_products where tenant_id = $1 and connection_id = $2 and product = $3
             )
             update transactions t set removed = true, gone_seq = coalesce(gone_seq, $4), changed_seq = $4, merchant = null,
                description = case when $5 and status = 'PENDING' then description else '' end
             from gone where t.tenant_id = $1 and t.connection_id = $2 and t.provider_transaction_id = gone.provider_id and not t.removed",
            tenant_id,
            connection_id.0,
            product,
            sequence,
            renames
        )
        .execute(self.sql())
        .await?;
        Ok(i64::try_from(removed.rows_affected()).unwrap_or(i64::MAX))
    }

    /// Where the run is, or, at its end, where the next begins.
    pub async fn set_progress(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        progress: Progress<'_>,
    ) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "update connection_products set page_cursor = case when $5 then null else $4 end,
                cursor = case when $5 then $4 else cursor end, vanished = case when $5 then '{}' else vanished end,
                run_began = case when $5 then null else coalesce(run_began, $7::bigint - 1) end, history_complete = history_complete or $6
             where tenant_id = $1 and connection_id = $2 and product = $3",
            tenant_id,
            connection_id.0,
            product,
            progress.cursor,
            progress.run_ended,
            progress.history_complete,
            progress.sequence
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// Begins the run anew at its own cursor, or, where that is the one that is of no use, at nothing. What it does not show again
    /// is gone: of what came with the run, or, begun at nothing, of everything. After which sequence number that is; none where the
    /// run is over windows of dates, which say themselves what is gone of them, and nothing of what lies outside.
    pub async fn restart_run(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        from_nothing: bool,
        windowed: bool,
    ) -> Result<Option<i64>> {
        let tenant_id = self.tenant_id.0;
        self.forget_shown(connection_id).await?;
        let unshown_after = sqlx::query_scalar!(
            "update connection_products set page_cursor = null, vanished = '{}', held = '[]', cursor = case when $4 then null else cursor end,
                unshown_after = case when $6 then null when $4 then $5::bigint else coalesce(unshown_after, run_began) end
             where tenant_id = $1 and connection_id = $2 and product = $3 returning unshown_after",
            tenant_id,
            connection_id.0,
            product,
            from_nothing,
            FIRST,
            windowed
        )
        .fetch_optional(self.sql())
        .await?;
        Ok(unshown_after.flatten())
    }

    /// Notes what a page of a run that had to begin anew shows.
    pub async fn note_shown(&mut self, connection_id: ConnectionId, provider_ids: &[String]) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "insert into shown_transactions (tenant_id, connection_id, provider_transaction_id)
             select $1, $2, * from unnest($3::text[]) on conflict do nothing",
            tenant_id,
            connection_id.0,
            provider_ids
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }

    /// The end of a run that had to begin anew: what it did not show is gone, under that sequence number; how many rows. A run that
    /// began at nothing has shown everything only once the whole history is there; until then nothing is removed. What came by an
    /// earlier link stays (G2). A row that was there before may have been booked under an id that is gone again as the run began anew,
    /// which then tells of the pending one's id alone.
    pub async fn remove_unshown(
        &mut self,
        connection_id: ConnectionId,
        product: &str,
        sequence: i64,
        history_complete: bool,
    ) -> Result<i64> {
        let tenant_id = self.tenant_id.0;
        let after = sqlx::query_scalar!(
            r#"update connection_products p set unshown_after = null from connection_products before
             where p.tenant_id = $1 and p.connection_id = $2 and p.product = $3
               and before.tenant_id = $1 and before.connection_id = $2 and before.product = $3
               and (before.unshown_after > $4 or $5) returning before.unshown_after"#,
            tenant_id,
            connection_id.0,
            product,
            FIRST,
            history_complete
        )
        .fetch_optional(self.sql())
        .await?
        .flatten();
        let Some(after) = after else { return Ok(0) };
        let removed = sqlx::query!(
            "update transactions t set removed = true, gone_seq = coalesce(gone_seq, $3), changed_seq = $3, merchant = null, description = ''
             where t.tenant_id = $1 and t.connection_id = $2 and not t.removed and not t.of_earlier_link
               and (t.added_seq > $4 or t.replaced_transaction_id = any(array(
                    select unnest(vanished) from connection_products where tenant_id = $1 and connection_id = $2 and product = $5)))
               and not exists (
                select from shown_transactions s
                where s.connection_id = $2 and s.provider_transaction_id = t.provider_transaction_id)",
            tenant_id,
            connection_id.0,
            sequence,
            after,
            product
        )
        .execute(self.sql())
        .await?;
        self.forget_shown(connection_id).await?;
        Ok(i64::try_from(removed.rows_affected()).unwrap_or(i64::MAX))
    }

    /// Forgets what a run showed: it is over, or begins again.
    pub async fn forget_shown(&mut self, connection_id: ConnectionId) -> Result<()> {
        let tenant_id = self.tenant_id.0;
        sqlx::query!(
            "delete from shown_transactions where tenant_id = $1 and connection_id = $2",
            tenant_id,
            connection_id.0
        )
        .execute(self.sql())
        .await?;
        Ok(())
    }
}
