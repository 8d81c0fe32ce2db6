//! Notifications of finAPI's own updates. They carry no signature: they are taken at an address with a secret in it, and only ever cause a
//! reading. Which bank connection one is about stands in the handle that was given to finAPI with the rule behind it.

use crate::domain::product::Product;
use crate::providers::data::WebhookRefused;
use crate::providers::{Hint, HintKind, HintSubject};

use super::wire::Notification;

/// Where a rule's notifications begin that say that something new was downloaded.
pub const DATA: &str = "data";
/// The same for those that say that the customer is needed.
pub const STATUS: &str = "status";

/// What an update may have brought.
const ALL: &[Product] = &[Product::Balances, Product::Transactions, Product::InvestmentHoldings];

/// The handle for a rule about that bank connection.
pub fn handle(kind: &str, connection: &str) -> String {
    format!("{kind}:{connection}")
}

/// What a body hints at; nothing where it concerns no bank connection that we know of.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let notification: Notification = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    let handle = notification.callback_handle.unwrap_or_default();
    let Some((kind, connection)) = handle.split_once(':') else { return Ok(Vec::new()) };
    if !(1..=19).contains(&connection.len()) || !connection.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(Vec::new());
    }
    let kind = match kind {
        DATA => HintKind::Data(ALL),
        STATUS => HintKind::Status,
        _ => return Ok(Vec::new()),
    };
    Ok(vec![Hint { subject: HintSubject::Connection(connection.to_owned()), kind }])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_handle_of_ours_leads_back_to_its_connection() {
        let subject = HintSubject::Connection("4711".to_owned());
        for (kind, expected) in [(DATA, HintKind::Data(ALL)), (STATUS, HintKind::Status)] {
            let body =
                json!({ "notificationRuleId": 1, "callbackHandle": handle(kind, "4711"), "newTransactions": [] });
            let hint = Hint { subject: subject.clone(), kind: expected };
            assert_eq!(hints(body.to_string().as_bytes()), Ok(vec![hint]));
        }
    }

    #[test]
    fn what_is_no_handle_of_ours_says_nothing() {
        for handle in ["", "data", "data:", "data:x", "other:1", "data:12345678901234567890"] {
            assert_eq!(hints(json!({ "callbackHandle": handle }).to_string().as_bytes()), Ok(Vec::new()), "{handle}");
        }
        assert_eq!(hints(br#"{"userId":"u","event":"DELETED"}"#), Ok(Vec::new()));
        assert_eq!(hints(b"{"), Err(WebhookRefused::Malformed));
    }
}
