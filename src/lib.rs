//! Linkspan: one HTTP API in front of every bank-data network.
//!
//! The modules, in reading order:
//!
//! - [`domain`]: pure types and rules: products, placements, the support matrix, the status machine
//! - [`clock`], [`config`]: business time; every key that can be set
//! - [`crypto`], [`net`], [`postgres`]: sealed secrets; the one outbound client; the embedded database
//! - [`providers`]: the trait, the one list, a folder for each provider
//! - [`store`]: every SQL statement, behind handles that carry the tenant
//! - [`records`]: what providers need kept beside their connections; credentials that are renewed before use
//! - [`routing`]: the institution catalogue, and which provider serves an institution
//! - [`rates`]: how often a key or token may call
//! - [`link`]: sessions: start, choose, complete, repair, delete
//! - [`sync`]: fetch pages, diff, store with events, in one transaction
//! - [`on_demand`]: products of one provider that are read when a caller asks for them
//! - [`webhooks`], [`jobs`]: the providers' webhooks come in; what is queued is run
//! - [`api`], [`widget`]: the HTTP API; the customer's pages
//! - `bank`, `sandbox` (feature `sandbox`): the simulated bank; simulators, knobs, play
//! - [`server`]: puts everything together
//!
//! One transaction from the wire to the answer: a provider's `wire` reads it, its `map` makes it ours, `sync` hands its page
//! to `store`, and `api` answers it from there.

#[macro_use]
pub mod domain;
pub mod clock;
pub mod config;
pub mod crypto;
pub mod net;
pub mod postgres;
pub mod providers;
pub mod store;
pub mod records;
pub mod routing;
pub mod rates;
pub mod link;
pub mod sync;
pub mod on_demand;
pub mod webhooks;
pub mod jobs;
pub mod api;
pub mod widget;
#[cfg(feature = "sandbox")]
pub mod bank;
#[cfg(feature = "sandbox")]
pub mod sandbox;
pub mod server;
