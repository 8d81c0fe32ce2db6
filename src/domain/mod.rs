//! Pure types and rules: what Linkspan knows of banks, products and connections. No IO lives here, and nothing here uses another module.

#[macro_use]
mod wire_enum;

pub mod account;
pub mod addition;
pub mod asset_report;
pub mod codes;
pub mod combination;
pub mod connection;
pub mod event;
pub mod grant;
pub mod ids;
pub mod income;
pub mod institution;
pub mod investment;
pub mod liability;
pub mod money;
pub mod payment;
pub mod placement;
pub mod plan;
pub mod problem;
pub mod product;
pub mod recognition;
pub mod removal;
pub mod repair;
pub mod risk;
pub mod secret;
pub mod service_provider;
pub mod session;
pub mod statement;
pub mod support_matrix;
pub mod transaction;
pub mod verification;

pub use wire_enum::UnknownValue;
pub(crate) use wire_enum::without_rules;
