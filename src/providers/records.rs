//! What a provider needs kept beside its connections, for all processes: its own records of customers, and short-lived tokens
//! of its API. An adapter asks for one through its [`Context`](super::Context), and says how it is made where there is none.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;

use super::Failure;
use crate::domain::secret::Secret;
use crate::domain::service_provider::ServiceProvider;

/// Which record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    /// The provider's record of a customer, by our customer's id (`customer_ref`). It goes with our customer.
    Customer(&'a str),
    /// A token or the like that belongs to the installation, by a name of the adapter's own choice.
    Shared(&'a str),
}

impl Record<'_> {
    /// Its name among all of the provider's.
    pub fn name(&self) -> String {
        match self {
            Self::Customer(id) => format!("customer/{id}"),
            Self::Shared(name) => format!("shared/{name}"),
        }
    }

    /// The customer that it goes with.
    pub fn customer(&self) -> Option<Uuid> {
        match self {
            Self::Customer(id) => id.parse().ok(),
            Self::Shared(_) => None,
        }
    }
}

/// One attempt to make a record.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// A random text that was stored before this attempt, the same in each: a password or an id made of it is known
    /// after a crash between the provider's answer and our storing it.
    pub seed: Secret,
    /// 1 for the first.
    pub number: u32,
}

/// A record that was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// What is kept, sealed.
    pub secret: Secret,
    /// When it ends; it is made anew a while before.
    pub expires_at: Option<DateTime<Utc>>,
}

/// How a record is made.
pub type Make<'a> = Box<dyn FnOnce(Attempt) -> BoxFuture<'a, Result<Made, Failure>> + Send + 'a>;

/// Where records are kept.
#[async_trait]
pub trait Records: Send + Sync {
    /// The record; made first where there is none or it ends soon. One at a time makes it, across processes; the others wait, or
    /// go on with the one that is about to end.
    async fn get(
        &self,
        provider: ServiceProvider,
        record: Record<'_>,
        now: DateTime<Utc>,
        make: Make<'_>,
    ) -> Result<Secret, Failure>;

    /// The provider does not take it any more: it is made anew next time, unless somebody has done so by now.
    async fn forget(&self, provider: ServiceProvider, record: Record<'_>, refused: &Secret) -> Result<(), Failure>;
}

/// Keeps nothing: for tests of adapters that need no records.
#[cfg(test)]
pub struct NoRecords;

#[cfg(test)]
#[async_trait]
impl Records for NoRecords {
    async fn get(
        &self,
        _: ServiceProvider,
        _: Record<'_>,
        _: DateTime<Utc>,
        make: Make<'_>,
    ) -> Result<Secret, Failure> {
        make(Attempt { seed: Secret::new("seed"), number: 1 }).await.map(|made| made.secret)
    }

    async fn forget(&self, _: ServiceProvider, _: Record<'_>, _: &Secret) -> Result<(), Failure> {
        Ok(())
    }
}
