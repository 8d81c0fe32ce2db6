//! Our ids: UUIDv7, one type for each thing, so that one cannot stand for another.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = Uuid)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A fresh id; later ones sort after earlier ones.
            #[allow(clippy::new_without_default, reason = "an id that appears by default would be a bug")]
            pub fn new() -> Self { Self(Uuid::now_v7()) }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { self.0.fmt(f) }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> { text.parse().map(Self) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(|_| D::Error::custom("an id (a UUID)"))
            }
        }

        impl From<Uuid> for $name { fn from(id: Uuid) -> Self { Self(id) } }
        impl From<$name> for Uuid { fn from(id: $name) -> Self { id.0 } }
    )+};
}

ids! {
    /// A back end that uses this server, with data of its own.
    TenantId,
    /// A key of a tenant's back end.
    ApiKeyId,
    /// An end user of a tenant.
    CustomerId,
    /// One end user's login at one institution.
    ConnectionId,
    /// One link or repair session.
    SessionId,
    /// One time that the customer of a session was sent to a provider.
    LaunchId,
    /// An account; keeps its id over repair, relink and change of provider.
    AccountId,
    /// A transaction; a posted one keeps the id of its pending one.
    TransactionId,
    /// A security that is held.
    HoldingId,
    /// A trade or other movement of an investment account.
    InvestmentTransactionId,
    /// A loan or card with its terms.
    LiabilityId,
    /// An institution of the catalogue.
    InstitutionId,
    /// An event.
    EventId,
    /// One refresh run.
    RefreshId,
    /// A statement of an account.
    StatementId,
    /// An evaluation of a payment.
    EvaluationId,
    /// An asset report.
    AssetReportId,
}
