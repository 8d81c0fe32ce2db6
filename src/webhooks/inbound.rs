//! From the provider's request to a stored hint, and from there to the jobs that act on it.

use std::sync::Arc;

use uuid::Uuid;

use super::keys::Keys;
use crate::clock::Clock;
use crate::crypto;
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::event::EventType;
use crate::domain::ids::{ConnectionId, TenantId};
use crate::domain::placement::Placement;
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;
use crate::net::HeaderMap;
use crate::providers::spec::WebhookProof;
use crate::providers::{Entry, Hint, HintKind, HintSubject, Persistence, Registry, Webhook};
use crate::store::{JobKind, NewJob, Store, placements};

/// What became of a webhook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Stored; a job acts on it.
    Stored,
    /// It is there already.
    Repeated,
}

/// The providers' webhooks.
#[derive(Clone)]
pub struct Inbound {
    store: Store,
    registry: Registry,
    clock: Clock,
    keys: Arc<Keys>,
    /// How providers reach this server, without a slash at the end.
    public_url: String,
}

impl Inbound {
    /// For the providers of that registry.
    pub fn new(store: Store, registry: Registry, clock: Clock, public_url: String) -> Self {
        Self { store, registry, clock, keys: Arc::default(), public_url }
    }

    /// Verifies and stores a webhook that came to that path. What is not the provider's is refused, with the same words whatever
    /// is wrong.
    pub async fn receive(
        &self,
        provider: ServiceProvider,
        path: &str,
        headers: &HeaderMap,
        body: &[u8],
    ) -> Result<Received, Problem> {
        let entry = self.registry.get(provider).ok_or_else(Problem::not_found)?;
        let now = self.clock.now();
        let own_path = entry.webhook_path(&self.clock).await.map_err(|failure| entry.problem(failure))?;
        // Compared by their hashes, so that the time it takes tells nothing of the secret.
        if crypto::hash(own_path.as_bytes()) != crypto::hash(path.as_bytes()) {
            return Err(refused(provider, "it came to another address"));
        }
        let url = format!("{}{path}", self.public_url);
        let webhook = Webhook { url: &url, headers, body };
        let signature = match entry.provider.spec().webhooks {
            WebhookProof::Verified | WebhookProof::Unrelated => self.verify(entry, &webhook).await?,
            WebhookProof::SecretPath => None,
        };
        // Without a signature the same body may well come again, and means another reading then; but not without a bound.
        let minute = || [now.format("%Y-%m-%dT%H:%M\n").to_string().as_bytes(), body].concat();
        let mark = signature.unwrap_or_else(minute);
        let job = |id: Uuid| NewJob {
            kind: JobKind::Webhook,
            key: id.to_string(),
            payload: serde_json::Value::Null,
            run_at: now,
        };
        let stored = self.store.put_webhook(provider, body, &mark, job, now).await?;
        Ok(if stored.is_some() { Received::Stored } else { Received::Repeated })
    }

    /// Judges a webhook by its signature or password; the signature, if it has one, by which a replay is known.
    async fn verify(&self, entry: &Entry, webhook: &Webhook<'_>) -> Result<Option<Vec<u8>>, Problem> {
        let provider = entry.id();
        let key_id = entry.provider.webhook_key_id(webhook).ok_or_else(|| refused(provider, "it names no key"))?;
        let key = match self.keys.get(entry, &key_id, &self.clock).await {
            Ok(Some(key)) => key,
            Ok(None) => {
                let detail = "Too many unknown keys of late. Send the webhook again later.";
                return Err(Problem::new(Code::RateLimited, detail));
            }
            Err(failure) if failure.persistence == Persistence::Permanent => {
                return Err(refused(provider, "the provider does not know its key"));
            }
            Err(failure) => return Err(entry.problem(failure)),
        };
        let verified = entry.provider.verify_webhook(&key, webhook, self.clock.now());
        verified.map_err(|reason| refused(provider, reason))?;
        Ok(entry.provider.webhook_signature(webhook))
    }

    /// What a stored webhook hints at, and whose it is.
    pub async fn hints(&self, id: Uuid) -> Result<Vec<(ServiceProvider, Hint)>, Problem> {
        let Some(webhook) = self.store.webhook(id).await? else { return Ok(Vec::new()) };
        let entry = self.registry.require(Some(webhook.service_provider))?;
        let hints = entry.provider.read_webhook(&webhook.body).unwrap_or_default();
        Ok(hints.into_iter().map(|hint| (webhook.service_provider, hint)).collect())
    }

    /// Turns a hint about a connection into a fetch. Sessions are the linking's business: their token is handed back.
    pub async fn act(&self, provider: ServiceProvider, hint: Hint) -> Result<Option<Secret>, Problem> {
        let provider_connection_id = match hint.subject {
            HintSubject::Session(token) => return Ok(Some(token)),
            HintSubject::AssetReport(id) => {
                self.look_at_report(provider, &id, hint.kind).await?;
                return Ok(None);
            }
            HintSubject::Connection(id) => id,
        };
        let Some((tenant_id, id)) = self.store.find_connection(provider, &provider_connection_id).await? else {
            return Ok(None);
        };
        match hint.kind {
            HintKind::Nothing | HintKind::SessionFinished => {}
            HintKind::Data(products) => self.want(tenant_id, id, products).await?,
            HintKind::Status => self.want(tenant_id, id, &[Product::Balances]).await?,
            HintKind::AccessExpiring { at } => {
                let now = self.clock.now();
                let mut tx = self.store.tenant(tenant_id).begin().await?;
                tx.set_consent_end(id, at).await?;
                tx.emit(id, EventType::ConnectionConsentExpiring, serde_json::json!({ "consentExpiresAt": at }), now)
                    .await?;
                tx.commit().await?;
                self.want(tenant_id, id, &[Product::Balances]).await?;
            }
            HintKind::NewAccounts => {
                let mut tx = self.store.tenant(tenant_id).begin().await?;
                // Told once, however often the provider says it.
                let connection = tx.lock_connection(id).await?.filter(|connection| !connection.new_accounts_available);
                if let Some(connection) = connection {
                    tx.set_new_accounts(id, true).await?;
                    let now = self.clock.now();
                    tx.emit(id, EventType::ConnectionNewAccountsAvailable, serde_json::json!({}), now).await?;
                    if connection.condition == Condition::HEALTHY {
                        let offered = Condition::new(Status::Active, StatusReason::NewAccountsAvailable);
                        tx.change_condition(id, offered, None, "NEW_ACCOUNTS", now).await?;
                    }
                }
                tx.commit().await?;
            }
        }
        Ok(None)
    }

    /// Asks how an asset report stands, now.
    async fn look_at_report(&self, provider: ServiceProvider, id: &str, kind: HintKind) -> Result<(), Problem> {
        if kind == HintKind::Nothing {
            return Ok(());
        }
        let Some((tenant_id, id)) = self.store.find_asset_report(provider, id).await? else { return Ok(()) };
        let payload = serde_json::json!({ "tenantId": tenant_id });
        let job = NewJob { kind: JobKind::AssetReport, key: id.to_string(), payload, run_at: self.clock.now() };
        Ok(self.store.enqueue(&job).await?)
    }

    /// Fetches those of the products that the connection has; if it has none of them, the cheapest thing that shows its state.
    async fn want(&self, tenant_id: TenantId, id: ConnectionId, products: &[Product]) -> Result<(), Problem> {
        let mut tx = self.store.tenant(tenant_id).begin().await?;
        tx.lock_row(id).await?;
        let placed = placements(&tx.products(id).await?);
        let mut wanted: Vec<Product> =
            products.iter().copied().filter(|&product| placed.of(product).is_some_and(Placement::is_fetched)).collect();
        if wanted.is_empty() {
            wanted.extend(placed.fetched().into_iter().next());
        }
        tx.want_products(id, &wanted).await?;
        let payload = serde_json::json!({ "tenantId": tenant_id });
        tx.enqueue(&NewJob { kind: JobKind::Sync, key: id.to_string(), payload, run_at: self.clock.now() }).await?;
        Ok(tx.commit().await?)
    }
}

fn refused(provider: ServiceProvider, reason: impl std::fmt::Display) -> Problem {
    tracing::warn!(%provider, %reason, "a webhook was refused");
    metrics::counter!("linkspan_webhooks_refused_total", "provider" => provider.as_str()).increment(1);
    Problem::new(Code::Unauthorized, "The webhook's signature is not valid.")
}
