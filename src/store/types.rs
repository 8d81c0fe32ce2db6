//! How our types are bound to columns: ids as `uuid`, closed lists as `text`.

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef};
use sqlx::{Decode, Encode, Postgres, Type};
use uuid::Uuid;

use crate::domain::{
    account, asset_report, connection, event, ids, institution, investment, liability, placement, product,
    service_provider, session, transaction,
};

macro_rules! as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo { <str as Type<Postgres>>::type_info() }
            fn compatible(ty: &PgTypeInfo) -> bool { <str as Type<Postgres>>::compatible(ty) }
        }
        impl PgHasArrayType for $type {
            fn array_type_info() -> PgTypeInfo { <String as PgHasArrayType>::array_type_info() }
            fn array_compatible(ty: &PgTypeInfo) -> bool { <String as PgHasArrayType>::array_compatible(ty) }
        }
        impl Encode<'_, Postgres> for $type {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <&str as Encode<Postgres>>::encode_by_ref(&self.as_str(), buffer)
            }
        }
        impl<'r> Decode<'r, Postgres> for $type {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let text = <&str as Decode<Postgres>>::decode(value)?;
                text.parse().map_err(|_| format!("{text:?} is no {}", stringify!($type)).into())
            }
        }
    )+};
}

macro_rules! as_uuid {
    ($($type:ty),+ $(,)?) => {$(
        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo { <Uuid as Type<Postgres>>::type_info() }
        }
        impl PgHasArrayType for $type {
            fn array_type_info() -> PgTypeInfo { <Uuid as PgHasArrayType>::array_type_info() }
        }
        impl Encode<'_, Postgres> for $type {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <Uuid as Encode<Postgres>>::encode_by_ref(&self.0, buffer)
            }
        }
        impl<'r> Decode<'r, Postgres> for $type {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                <Uuid as Decode<Postgres>>::decode(value).map(Self)
            }
        }
    )+};
}

as_text!(
    super::RevokedObject,
    account::AccountStatus,
    account::AccountSubtype,
    account::AccountType,
    asset_report::AssetReportState,
    connection::Status,
    connection::StatusReason,
    event::EventType,
    institution::InstitutionHealth,
    investment::InvestmentTransactionType,
    liability::LiabilityKind,
    placement::Placement,
    product::Product,
    product::ProductReason,
    product::ProductState,
    service_provider::ServiceProvider,
    session::SessionMode,
    session::SessionOutcome,
    transaction::Category,
    transaction::TransactionStatus,
);

as_uuid!(
    ids::AccountId,
    ids::ApiKeyId,
    ids::AssetReportId,
    ids::ConnectionId,
    ids::CustomerId,
    ids::EvaluationId,
    ids::EventId,
    ids::HoldingId,
    ids::InstitutionId,
    ids::InvestmentTransactionId,
    ids::LiabilityId,
    ids::RefreshId,
    ids::SessionId,
    ids::StatementId,
    ids::TenantId,
    ids::TransactionId,
);
