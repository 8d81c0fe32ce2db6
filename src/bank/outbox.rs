//! The simulators' webhooks on their way out: never in the way of an answer, never without a bound.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::{Semaphore, watch};

/// Webhooks that wait or are on their way; what is over is dropped.
const MOST_WAITING: usize = 1000;
/// Webhooks that are sent at once.
const MOST_SENDING: usize = 16;
/// The pauses between the attempts.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];
/// How long anybody waits for what is on its way.
const PATIENCE: Duration = Duration::from_secs(2);

/// Sends webhooks.
#[async_trait]
pub trait WebhookSender: Send + Sync {
    /// Posts the body to the address; whether it was taken (2xx). Ends within seconds.
    async fn post(&self, url: &str, headers: Vec<(String, String)>, body: Vec<u8>) -> bool;
}

/// A webhook.
#[derive(Clone, Debug)]
pub struct Message {
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    /// One with a JSON body.
    pub fn json(url: impl Into<String>, body: &Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { url: url.into(), headers, body: body.to_string().into_bytes() }
    }

    /// Its body, to be signed.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// With a header more.
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}

/// Where the simulators put their webhooks. Clones share everything.
#[derive(Clone)]
pub struct Outbox {
    sender: Arc<dyn WebhookSender>,
    sending: Arc<Semaphore>,
    waiting: watch::Sender<usize>,
}

impl Outbox {
    /// An empty one.
    pub fn new(sender: Arc<dyn WebhookSender>) -> Self {
        Self { sender, sending: Arc::new(Semaphore::new(MOST_SENDING)), waiting: watch::Sender::new(0) }
    }

    /// Sends them in the background, one after the other, each until it is taken; three times at most.
    pub fn post(&self, messages: Vec<Message>) {
        self.post_with(messages, &PAUSES);
    }

    /// Sends it in the background, once, taken or not.
    pub fn post_once(&self, message: Message) {
        self.post_with(vec![message], &[]);
    }

    /// Sends it at once; whether it was taken.
    pub async fn attempt(&self, message: Message) -> bool {
        self.sender.post(&message.url, message.headers, message.body).await
    }

    /// Waits until nothing is on its way, or for two seconds.
    pub async fn sent(&self) {
        let mut waiting = self.waiting.subscribe();
        let _ = tokio::time::timeout(PATIENCE, waiting.wait_for(|count| *count == 0)).await;
    }

    fn post_with(&self, messages: Vec<Message>, pauses: &'static [Duration]) {
        let has_place = self.waiting.send_if_modified(|count| {
            let has_place = *count < MOST_WAITING;
            *count += usize::from(has_place);
            has_place
        });
        if !has_place {
            tracing::warn!("too many webhooks of the simulators wait: some are dropped");
            return;
        }
        let outbox = self.clone();
        tokio::spawn(async move {
            for message in messages {
                outbox.deliver(message, pauses).await;
            }
            outbox.waiting.send_modify(|count| *count -= 1);
        });
    }

    async fn deliver(&self, message: Message, pauses: &[Duration]) {
        for pause in pauses.iter().map(Some).chain([None]) {
            {
                let Ok(_turn) = self.sending.acquire().await else { return };
                if self.attempt(message.clone()).await {
                    return;
                }
            }
            if let Some(pause) = pause {
                tokio::time::sleep(*pause).await;
            }
        }
        tracing::debug!("a webhook of a simulator was not taken");
    }
}
