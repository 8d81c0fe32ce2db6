//! A provider whose credential every renewal changes, whose transactions come as windows, and whose webhooks carry no signature.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use linkspan::domain::secret::Secret;
use linkspan::providers::spec::WebhookProof;
use linkspan::providers::{Context, Failure, FailureKind, Hint, Persistence, Provider, Spec, Webhook, data, link};

type Result<T> = std::result::Result<T, Failure>;

pub struct Foil {
    inner: Arc<dyn Provider>,
    spec: &'static Spec,
    /// Only a credential of this generation is taken.
    pub generation: AtomicU32,
    /// Credentials of older generations are due.
    pub due_below: AtomicU32,
    /// Whether renewals fail for the moment.
    pub failing: AtomicBool,
    /// The generations that were used and refused.
    pub refused: Mutex<Vec<u32>>,
    /// What the next calls for transactions answer; none = as the provider behind.
    pub pages: Mutex<VecDeque<Result<data::TransactionsPage>>>,
}

/// A credential of a generation.
pub fn credential(generation: u32, inner: &str) -> Secret {
    Secret::new(format!("{generation}|{inner}"))
}

fn split(credential: &Secret) -> (u32, Secret) {
    let (generation, inner) = credential.expose().split_once('|').expect("a credential of the foil");
    (generation.parse().unwrap(), Secret::new(inner))
}

impl Foil {
    pub fn before(inner: Arc<dyn Provider>) -> Self {
        let spec = Spec { reads_windows: true, webhooks: WebhookProof::SecretPath, ..*inner.spec() };
        Self {
            inner,
            spec: Box::leak(Box::new(spec)),
            generation: AtomicU32::new(0),
            due_below: AtomicU32::new(0),
            failing: AtomicBool::new(false),
            refused: Mutex::default(),
            pages: Mutex::default(),
        }
    }

    fn open(&self, credential: &Secret) -> Result<Secret> {
        let (generation, inner) = split(credential);
        if generation == self.generation.load(Ordering::SeqCst) {
            return Ok(inner);
        }
        self.refused.lock().unwrap().push(generation);
        Err(Failure::new(FailureKind::UserAction, Persistence::NeedsUser, "USED_TOKEN", "the token was used before"))
    }
}

#[async_trait]
impl Provider for Foil {
    fn spec(&self) -> &'static Spec {
        self.spec
    }

    fn renewal_due(&self, credential: &Secret, _: DateTime<Utc>) -> bool {
        split(credential).0 < self.due_below.load(Ordering::SeqCst)
    }

    async fn renew(&self, _: &Context<'_>, current: &Secret) -> Result<Secret> {
        let inner = self.open(current)?;
        if self.failing.load(Ordering::SeqCst) {
            return Err(Failure::new(FailureKind::Unavailable, Persistence::Temporary, "DOWN", "not just now"));
        }
        let next = self.generation.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(credential(next, inner.expose()))
    }

    async fn begin_link(&self, cx: &Context<'_>, request: &link::LinkRequest) -> Result<link::LinkBegun> {
        let mut request = request.clone();
        if let link::LinkPurpose::Repair { credential, .. } = &mut request.purpose {
            *credential = split(credential).1;
        }
        self.inner.begin_link(cx, &request).await
    }

    /// Every repair brings a new credential.
    async fn continue_link(&self, _: &Context<'_>, request: &link::LinkContinuation) -> Result<link::LinkProgress> {
        let (generation, inner) = split(request.credential.as_ref().expect("a repair"));
        self.generation.store(generation + 10, Ordering::SeqCst);
        let renewed = credential(generation + 10, inner.expose());
        Ok(link::LinkProgress::Repaired { credential: Some(renewed), provider_session_id: None })
    }

    async fn status(&self, cx: &Context<'_>, credential: &Secret) -> Result<data::Observation> {
        self.inner.status(cx, &self.open(credential)?).await
    }

    async fn accounts(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        wanted: data::AccountsWanted,
    ) -> Result<Vec<data::ProviderAccount>> {
        self.inner.accounts(cx, &self.open(credential)?, wanted).await
    }

    async fn transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::TransactionsRequest,
    ) -> Result<data::TransactionsPage> {
        let inner = self.open(credential)?;
        let next = self.pages.lock().unwrap().pop_front();
        match next {
            Some(page) => page,
            None => self.inner.transactions(cx, &inner, request).await,
        }
    }

    async fn holdings(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<data::ProviderHolding>> {
        self.inner.holdings(cx, &self.open(credential)?).await
    }

    async fn investment_transactions(
        &self,
        cx: &Context<'_>,
        credential: &Secret,
        request: &data::InvestmentTransactionsRequest,
    ) -> Result<data::InvestmentTransactionsPage> {
        self.inner.investment_transactions(cx, &self.open(credential)?, request).await
    }

    async fn liabilities(&self, cx: &Context<'_>, credential: &Secret) -> Result<Vec<data::ProviderLiability>> {
        self.inner.liabilities(cx, &self.open(credential)?).await
    }

    async fn refresh(&self, cx: &Context<'_>, credential: &Secret, request: &data::RefreshRequest<'_>) -> Result<()> {
        self.inner.refresh(cx, &self.open(credential)?, request).await
    }

    async fn processor_token(&self, cx: &Context<'_>, credential: &Secret, account: &str, to: &str) -> Result<Secret> {
        self.inner.processor_token(cx, &self.open(credential)?, account, to).await
    }

    async fn institutions(
        &self,
        cx: &Context<'_>,
        request: &data::InstitutionsRequest,
    ) -> Result<data::InstitutionsPage> {
        self.inner.institutions(cx, request).await
    }

    async fn revoke(&self, cx: &Context<'_>, credential: &Secret) -> Result<()> {
        self.inner.revoke(cx, &self.open(credential)?).await
    }

    fn webhook_key_id(&self, _: &Webhook<'_>) -> Option<String> {
        panic!("its webhooks are not signed")
    }

    fn webhook_signature(&self, _: &Webhook<'_>) -> Option<Vec<u8>> {
        panic!("its webhooks are not signed")
    }

    async fn webhook_key(&self, _: &Context<'_>, _: &str) -> Result<data::WebhookKey> {
        panic!("its webhooks are not signed")
    }

    fn verify_webhook(
        &self,
        _: &data::WebhookKey,
        _: &Webhook<'_>,
        _: DateTime<Utc>,
    ) -> std::result::Result<(), data::WebhookRefused> {
        panic!("its webhooks are not signed")
    }

    fn read_webhook(&self, body: &[u8]) -> std::result::Result<Vec<Hint>, data::WebhookRefused> {
        self.inner.read_webhook(body)
    }
}
