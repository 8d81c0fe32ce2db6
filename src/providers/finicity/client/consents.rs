//! What customers have agreed to. A login's own code says only that its token "expired or was revoked"; the receipt of the consent says
//! which.

use crate::providers::finicity::wire::consent::Receipts;
use crate::providers::{Failure, FailureKind};

use super::{Api, Login, Operation};

const CONSENTS: Operation = Operation::repeatable("consents");
/// The most receipts that are asked for, which is the most that Finicity gives at once.
const MOST: u16 = 1000;

/// Whether somebody took back what the customer had agreed to for this login. A receipt of a newer consent counts before an older one.
pub async fn is_revoked(api: &Api<'_>, login: &Login) -> Result<bool, Failure> {
    let path = format!("/data-sharing-consents?customer_id={}&limit={MOST}", login.customer);
    match api.get::<Receipts>(CONSENTS, path).await {
        Ok(receipts) => Ok(says_revoked(&receipts, &login.id)),
        // No receipt was ever kept.
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn says_revoked(receipts: &Receipts, login: &str) -> bool {
    let of_login = |status: &str| {
        let all = receipts.consents.iter().flat_map(|receipt| &receipt.institutions);
        let mut its = all.filter(|one| one.institution_login_id.as_ref().is_some_and(|id| id.0 == login));
        its.any(|one| one.status_details.status == status)
    };
    of_login("REVOKED") && !of_login("ACTIVE")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn revoked(arrangements: &[(&str, &str)]) -> bool {
        let one = |(login, status): &(&str, &str)| json!({ "institutions": [{ "institutionLoginId": login, "statusDetails": { "status": status } }] });
        let receipts = json!({ "consents": arrangements.iter().map(one).collect::<Vec<_>>() });
        says_revoked(&serde_json::from_str(&receipts.to_string()).unwrap(), "1007302745")
    }

    #[test]
    fn f6_the_receipt_tells_a_revoked_consent_from_one_that_ended() {
        assert!(revoked(&[("1007302745", "REVOKED")]));
        assert!(revoked(&[("1007302745", "EXPIRED"), ("1007302745", "REVOKED")]));
        assert!(!revoked(&[("1007302745", "EXPIRED")]));
        assert!(!revoked(&[("1007302745", "REVOKED"), ("1007302745", "ACTIVE")]), "it was given anew");
        assert!(!revoked(&[("5", "REVOKED")]), "another login's");
        assert!(!revoked(&[]));
    }
}
