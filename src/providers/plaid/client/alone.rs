//! What is linked without an Item: a payment that the customer authorised, a verification that they went through.
//!
//! Nothing is exchanged after such a session. The credential names the object instead: the payment is the one that the session
//! was opened for, the verification has the session's own id. Whether it came about is said by the session, or, where Plaid
//! keeps no complete visits, by the object itself. That the object was not liked (a payment that was refused, a person who
//! failed) is a result like another.
//!
//! Plaid's pages "Hosted Link" and "Identity Verification: webhooks" say what is peculiar of verifications: the hosted page does not
//! lead back to `completion_redirect_uri`, and webhooks go to the dashboard's address, whatever the link token says.

use async_trait::async_trait;
use serde_json::{Map, Value, json};

use crate::domain::connection::Condition;
use crate::domain::payment::{InitiatedPayment, PaymentStatus};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::domain::verification::{IdentityVerification, VerificationStatus};
use crate::providers::data::Observation;
use crate::providers::link::{LinkContinuation, Linked};
use crate::providers::own::{IdentityVerifications, Payments};
use crate::providers::plaid::map;
use crate::providers::plaid::wire::alone as wire;
use crate::providers::plaid::{Plaid, client::refused};
use crate::providers::{Context, Failure, FailureKind};

use super::{Api, Operation, options};

const PAYMENT_GET: Operation = Operation::repeatable("/payment_initiation/payment/get");
const VERIFICATION_GET: Operation = Operation::repeatable("/identity_verification/get");
const VERIFICATION_LIST: Operation = Operation::repeatable("/identity_verification/list");
/// So many pages of a person's attempts are looked at.
const MOST_PAGES: usize = 5;

/// What the credentials of such objects begin with; access tokens begin with `access-`.
const PAYMENT: &str = "payment_id:";
const VERIFICATION: &str = "identity_verification_id:";

/// What a credential names, where that is no Item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object<'a> {
    /// A payment.
    Payment(&'a str),
    /// A verification.
    Verification(&'a str),
}

impl<'a> Object<'a> {
    /// Reads a credential; `None` where it is an Item's.
    pub fn of(credential: &'a Secret) -> Option<Self> {
        let text = credential.expose();
        let payment = || text.strip_prefix(PAYMENT).map(Self::Payment);
        payment().or_else(|| text.strip_prefix(VERIFICATION).map(Self::Verification))
    }

    fn id(self) -> &'a str {
        match self {
            Self::Payment(id) | Self::Verification(id) => id,
        }
    }

    fn credential(self) -> Secret {
        let kind = if matches!(self, Self::Payment(_)) { PAYMENT } else { VERIFICATION };
        Secret::new(format!("{kind}{}", self.id()))
    }

    /// How it stands as a connection: there is no login that could break.
    pub fn observation(self) -> Observation {
        let product = match self {
            Self::Payment(_) => Product::PaymentInitiation,
            Self::Verification(_) => Product::IdentityVerification,
        };
        Observation {
            condition: Condition::HEALTHY,
            code: None,
            provider_connection_id: self.id().to_owned(),
            provider_institution_id: None,
            initialized: [product].into(),
            consented: [product].into(),
            consent_expires_at: None,
            updating: None,
        }
    }

    /// The link that it is the result of.
    pub fn linked(self, session: Option<String>) -> Linked {
        Linked {
            credential: self.credential(),
            provider_connection_id: self.id().to_owned(),
            provider_session_id: session,
            withheld: Default::default(),
        }
    }

    /// Whether the customer has done their part, as it says itself.
    pub async fn has_come(self, api: &Api<'_>) -> Result<bool, Failure> {
        let has_come = match self {
            Self::Payment(id) => payment(api, id).await.map(|payment| is_authorised(payment.status)),
            Self::Verification(id) => {
                attempt(api, id).await.map(|one| is_finished(map::alone::verification(one).status))
            }
        };
        match has_come {
            // One that was not begun yet.
            Err(failure) if matches!(failure.kind, FailureKind::NotFound | FailureKind::Invalid) => Ok(false),
            answer => answer,
        }
    }
}

fn is_authorised(status: PaymentStatus) -> bool {
    use PaymentStatus::{Authorising, Cancelled, InputNeeded, Processing, Unknown};
    !matches!(status, InputNeeded | Authorising | Processing | Cancelled | Unknown)
}

fn is_finished(status: VerificationStatus) -> bool {
    use VerificationStatus::{Failed, PendingReview, Success};
    matches!(status, Success | Failed | PendingReview)
}

/// What a first link asks for, where it is no Item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// That payment authorised.
    Payment(String),
    /// A person verified.
    Verification,
}

impl Wanted {
    /// Of that session; `None` where it links an Item.
    pub fn of(request: &LinkContinuation) -> Result<Option<Self>, Failure> {
        match request.products.iter().find(|product| product.stands_alone()) {
            None => Ok(None),
            Some(Product::PaymentInitiation) => payment_id(&request.product_options).map(Self::Payment).map(Some),
            Some(_) => Ok(Some(Self::Verification)),
        }
    }

    /// The object, which for a verification is the visit's own.
    pub fn object<'a>(&'a self, session: Option<&'a str>) -> Option<Object<'a>> {
        match self {
            Self::Payment(id) => Some(Object::Payment(id)),
            Self::Verification => session.map(Object::Verification),
        }
    }
}

fn payment_id(product_options: &Map<String, Value>) -> Result<String, Failure> {
    let options::PaymentInitiation { payment_id } = options::of(Product::PaymentInitiation, product_options)?;
    Ok(payment_id)
}

async fn payment(api: &Api<'_>, id: &str) -> Result<InitiatedPayment, Failure> {
    let answer: wire::Payment = api.post(PAYMENT_GET, &json!({ "payment_id": id })).await?;
    Ok(map::alone::payment(answer))
}

async fn attempt(api: &Api<'_>, id: &str) -> Result<wire::Verification, Failure> {
    api.post(VERIFICATION_GET, &json!({ "identity_verification_id": id })).await
}

/// The attempt that counts: where the person was let try again, that is one of its own, which names the one before it.
async fn latest(api: &Api<'_>, first: wire::Verification) -> Result<wire::Verification, Failure> {
    let template = first.template.as_ref().and_then(|template| template.id.as_ref());
    let (Some(template), Some(person)) = (template, &first.client_user_id) else { return Ok(first) };
    let mut body = json!({ "template_id": template.0, "client_user_id": person });
    let mut attempts = Vec::new();
    for _ in 0..MOST_PAGES {
        let page: wire::Verifications = api.post(VERIFICATION_LIST, &body).await?;
        attempts.extend(page.identity_verifications);
        let Some(cursor) = page.next_cursor else { break };
        body["cursor"] = cursor.into();
    }
    let mut latest = first;
    while let Some(index) = attempts.iter().position(|one| one.previous_attempt_id.as_ref() == Some(&latest.id)) {
        latest = attempts.swap_remove(index);
    }
    Ok(latest)
}

fn no_such_object() -> Failure {
    refused("NOT_LINKED_FOR_IT", "the connection was not linked for this")
}

#[async_trait]
impl Payments for Plaid {
    async fn payment(&self, cx: &Context<'_>, credential: &Secret) -> Result<InitiatedPayment, Failure> {
        let Some(Object::Payment(id)) = Object::of(credential) else { return Err(no_such_object()) };
        payment(&self.api(cx, "payment"), id).await
    }
}

#[async_trait]
impl IdentityVerifications for Plaid {
    async fn verification(&self, cx: &Context<'_>, credential: &Secret) -> Result<IdentityVerification, Failure> {
        let Some(Object::Verification(id)) = Object::of(credential) else { return Err(no_such_object()) };
        let api = self.api(cx, "identity_verification");
        let first = attempt(&api, id).await?;
        latest(&api, first).await.map(map::alone::verification)
    }
}
