//! Whether the database answers: asked all the time, so that no request has to find out by waiting for an answer that never comes.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use super::{Result, Store};

/// The pause between two questions.
const EVERY: Duration = Duration::from_millis(300);

/// How long an answer may take, a new connection included.
const PATIENCE: Duration = Duration::from_millis(1500);

/// What is known of the database from asking it.
#[derive(Debug)]
pub(super) struct Pulse {
    answers: watch::Sender<bool>,
    /// When it last did not answer.
    missed: Mutex<Option<Instant>>,
}

impl Pulse {
    /// Before the first question all is well.
    pub(super) fn new() -> Self {
        Self { answers: watch::Sender::new(true), missed: Mutex::default() }
    }

    /// Whether a connection of that age is from before an outage, which it may not have survived.
    pub(super) fn predates_outage(&self, age: Duration) -> bool {
        let missed = *self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        missed.is_some_and(|missed| missed.elapsed() <= age)
    }

    /// Notes an answer or its absence; whether it is the first that is missed.
    fn note(&self, answers: bool) -> bool {
        if !answers {
            *self.missed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        self.answers.send_replace(answers) && !answers
    }
}

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
                if self.pulse.note(answers) {
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
        let mut pulse = self.pulse.answers.subscribe();
        // The sender lives as long as this handle.
        let _ = pulse.wait_for(|answers| !answers).await;
    }
}
