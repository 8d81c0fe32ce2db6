//! The state of the simulated bank and of the simulators: JSON documents by kind and id, and the sandbox's clock.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Error, Result, Store};

/// Documents of the schema `sandbox`; every process of an installation sees the same.
#[derive(Clone, Debug)]
pub struct Documents {
    store: Store,
}

impl Documents {
    /// The documents in that database.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// One document.
    pub async fn get<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<T>> {
        let body = sqlx::query_scalar!("select body from sandbox.documents where kind = $1 and id = $2", kind, id)
            .fetch_optional(&self.store.pool)
            .await?;
        body.map(read).transpose()
    }

    /// Every document of a kind with its id, in order of ids, at most 10,000.
    pub async fn list<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<(String, T)>> {
        let rows = sqlx::query!("select id, body from sandbox.documents where kind = $1 order by id limit 10000", kind)
            .fetch_all(&self.store.pool)
            .await?;
        rows.into_iter().map(|row| Ok((row.id, read(row.body)?))).collect()
    }

    /// Writes a document, new or not.
    pub async fn put<T: Serialize>(&self, kind: &str, id: &str, body: &T) -> Result<()> {
        sqlx::query!(
            "insert into sandbox.documents (kind, id, body) values ($1, $2, $3)
             on conflict (kind, id) do update set body = excluded.body, updated_at = now()",
            kind,
            id,
            write(body)?
        )
        .execute(&self.store.pool)
        .await?;
        Ok(())
    }

    /// Writes a document unless there is one of that kind and id already; whether it did.
    pub async fn put_new<T: Serialize>(&self, kind: &str, id: &str, body: &T) -> Result<bool> {
        let done = sqlx::query!(
            "insert into sandbox.documents (kind, id, body) values ($1, $2, $3) on conflict (kind, id) do nothing",
            kind,
            id,
            write(body)?
        )
        .execute(&self.store.pool)
        .await?;
        Ok(done.rows_affected() > 0)
    }

    /// Changes a document under a lock, so that no other change is lost. `None` where there is no such document.
    /// The change's own answer is handed back; nothing is written if it says so by `Err`.
    pub async fn update<T, R, E>(
        &self,
        kind: &str,
        id: &str,
        change: impl FnOnce(&mut T) -> std::result::Result<R, E> + Send,
    ) -> Result<Option<std::result::Result<R, E>>>
    where
        T: Serialize + DeserializeOwned + Send,
        R: Send,
        E: Send,
    {
        let mut tx = self.store.begin().await?;
        let body =
            sqlx::query_scalar!("select body from sandbox.documents where kind = $1 and id = $2 for update", kind, id)
                .fetch_optional(&mut *tx)
                .await?;
        let Some(body) = body else { return Ok(None) };
        let mut document: T = read(body)?;
        let answer = change(&mut document);
        if answer.is_ok() {
            let body = write(&document)?;
            sqlx::query!(
                "update sandbox.documents set body = $3, updated_at = now() where kind = $1 and id = $2",
                kind,
                id,
                body
            )
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(Some(answer))
    }

    /// Removes a document; whether it was there.
    pub async fn delete(&self, kind: &str, id: &str) -> Result<bool> {
        let done = sqlx::query!("delete from sandbox.documents where kind = $1 and id = $2", kind, id)
            .execute(&self.store.pool)
            .await?;
        Ok(done.rows_affected() > 0)
    }

    /// How far the sandbox's clock is ahead, in seconds.
    pub async fn clock_offset(&self) -> Result<i64> {
        Ok(sqlx::query_scalar!("select offset_seconds from sandbox.clock").fetch_one(&self.store.pool).await?)
    }

    /// Moves the sandbox's clock forward; the new distance in seconds.
    pub async fn advance_clock(&self, seconds: i64) -> Result<i64> {
        Ok(sqlx::query_scalar!(
            "update sandbox.clock set offset_seconds = offset_seconds + $1 returning offset_seconds",
            seconds
        )
        .fetch_one(&self.store.pool)
        .await?)
    }
}

fn read<T: DeserializeOwned>(body: serde_json::Value) -> Result<T> {
    serde_json::from_value(body).map_err(|error| Error::Unreadable(error.to_string()))
}

fn write<T: Serialize>(body: &T) -> Result<serde_json::Value> {
    serde_json::to_value(body).map_err(|error| Error::Unreadable(error.to_string()))
}
