//! Whether the database answers: asked all the time, so that no request has to find out by waiting for an answer that never comes.

use std::time::Duration;

use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::time::{sleep, timeout};

use super::{Result, Store};

/// The pause between two questions.
const EVERY: Duration = Duration::from_millis(400);

/// How long an answer may take, a new connection included.
const PATIENCE: Duration = Duration::from_secs(1);

impl Store {
    /// Asks until `stop` is over, on a connection of its own: those of the pool may all be busy.
    pub async fn feel_pulse(&self, stop: impl Future<Output = ()>) {
        let mut connection = None;
        let feel = async {
            loop {
                let answers = timeout(PATIENCE, self.ask(&mut connection)).await.is_ok_and(|answer| answer.is_ok());
                if !answers {
                    connection = None;
                }
                if self.pulse.send_replace(answers) && !answers {
                    tracing::error!("the database does not answer; requests are answered 503 until it does");
                }
                sleep(EVERY).await;
            }
        };
        tokio::select! {
            () = feel => {}
            () = stop => {}
        }
    }

    async fn ask(&self, connection: &mut Option<PgConnection>) -> Result<()> {
        let asked = match connection {
            Some(asked) => asked,
            None => connection.insert(self.pool.connect_options().connect().await?),
        };
        Ok(asked.ping().await?)
    }

    /// Returns as soon as the database is known not to answer.
    pub async fn gone(&self) {
        let mut pulse = self.pulse.subscribe();
        // The sender lives as long as this handle.
        let _ = pulse.wait_for(|answers| !answers).await;
    }
}
