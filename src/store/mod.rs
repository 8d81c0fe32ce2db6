//! Every SQL statement. Rows of tenants are reached through a [`TenantStore`], which carries the tenant into each
//! transaction, where row-level security is the second lock. One file for each group of tables.

mod accounts;
mod asset_reports;
mod changes;
mod connection_reads;
mod connections;
mod erasure;
mod error;
mod evaluations;
mod events;
mod held;
mod idempotency;
mod incomes;
mod institutions;
mod investments;
mod jobs;
mod launches;
mod leases;
mod migrate;
mod pool;
mod products;
mod pulse;
mod records;
mod refreshes;
mod relinks;
mod revocations;
mod runs;
#[cfg(feature = "sandbox")]
pub mod sandbox;
mod sessions;
mod statements;
mod tenants;
mod transaction_reads;
mod transactions;
mod types;

pub use accounts::{Account, AccountFacts, AccountFilter, AccountSecret};
pub use asset_reports::OrderedReport;
pub use connections::{
    Connection, ConnectionFilter, ConnectionSettings, HistoryEntry, NewConnection, PROVIDER_CONNECTION_ONCE,
};
pub use error::{Error, Result};
pub use evaluations::Evaluation;
pub use events::{Event, EventFilter, EventPosition};
pub use held::Missing;
pub use idempotency::{Claim, KEEP_KEYS};
pub use incomes::Income;
pub use institutions::{Institution, InstitutionAtProvider, InstitutionCount, InstitutionFilter};
pub use investments::{Holding, InvestmentFilter, InvestmentTransaction, Liability};
pub use jobs::{Job, JobKind, NewJob};
pub use launches::{FoundSession, NewLaunch, SessionLaunch};
pub use leases::Lease;
pub use migrate::migrate;
pub use pool::{Store, TenantStore, TenantTx};
pub use products::{ConnectionProduct, placements, states};
pub use records::RecordClaim;
pub use refreshes::{ForcedBy, NewRefresh, Refresh, RefreshResult, RefreshStatus};
pub use relinks::{KnownRow, KnownRows};
pub use revocations::{InboundWebhook, Revocation, RevokedObject};
pub use runs::Progress;
pub use sessions::{NewSession, Session, SessionRequest, SessionStep};
/// Where a database is, and as whom it is entered.
pub use sqlx::postgres::PgConnectOptions as ConnectOptions;
pub use statements::Statement;
pub use tenants::{Caller, Role};
pub use transactions::{PageCounts, Span, Transaction, TransactionChange, TransactionFacts, TransactionFilter};
