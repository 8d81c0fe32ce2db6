//! What is linked by itself: a payment, the verification of a person.

use axum::extract::State;

use super::App;
use super::accounts::check_sensitive;
use super::auth::Caller;
use super::connections::id;
use super::json::Json;
use super::params::Path;
use super::problem::ProblemDocument;
use crate::domain::ids::ConnectionId;
use crate::domain::payment::InitiatedPayment;
use crate::domain::problem::Problem;
use crate::domain::verification::IdentityVerification;

/// How the payment stands that the customer authorised. The provider is asked each time; the event `payment.updated` says when to ask.
#[utoipa::path(get, path = "/connections/{connectionId}/payment", tag = "Data", params(("connectionId" = ConnectionId, Path)),
    responses((status = 200, body = InitiatedPayment), (status = 401, body = ProblemDocument), (status = 404, body = ProblemDocument),
        (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument), (status = 502, body = ProblemDocument),
        (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn get_payment(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<InitiatedPayment>, Problem> {
    let id: ConnectionId = id(&connection)?;
    Ok(Json(app.on_demand.payment(&caller.rows, id).await?))
}

/// How the verification of the customer came out, without what they entered. The provider is asked each time; the event
/// `identity_verification.updated` says when to ask. Needs the role `write`; every reading is audited.
#[utoipa::path(get, path = "/connections/{connectionId}/identity-verification", tag = "Data", params(("connectionId" = ConnectionId, Path)),
    responses((status = 200, body = IdentityVerification), (status = 401, body = ProblemDocument), (status = 403, body = ProblemDocument),
        (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument),
        (status = 502, body = ProblemDocument), (status = 503, body = ProblemDocument), (status = 504, body = ProblemDocument)))]
pub(super) async fn get_identity_verification(
    State(app): State<App>,
    caller: Caller,
    Path(connection): Path<String>,
) -> Result<Json<IdentityVerification>, Problem> {
    check_sensitive(&caller)?;
    let id: ConnectionId = id(&connection)?;
    Ok(Json(app.on_demand.identity_verification(&caller.rows, id, &caller.actor()).await?))
}
