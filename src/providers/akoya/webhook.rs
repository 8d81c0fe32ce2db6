//! Notifications: what they hint at. Pure. They carry no signature, so that nothing in them is believed: an id, by which
//! something is read again.

use crate::providers::data::WebhookRefused;
use crate::providers::{Hint, HintKind, HintSubject};

use super::wire::notification::Notification;

/// A longer id is none of ours.
const LONGEST_ID: usize = 255;

/// What a notification hints at: a consent, which is one connection. Maintenance is about no connection.
pub fn hints(body: &[u8]) -> Result<Vec<Hint>, WebhookRefused> {
    let notification: Notification = serde_json::from_slice(body).map_err(|_| WebhookRefused::Malformed)?;
    let id = notification.notification_payload.id.0.filter(|id| (1..=LONGEST_ID).contains(&id.len()));
    let is_consent = notification.category.get() == Some("CONSENT");
    Ok(id
        .filter(|_| is_consent)
        .map(|id| Hint { subject: HintSubject::Connection(id), kind: HintKind::Status })
        .into_iter()
        .collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;

    use super::*;

    const CONSENT: &str = include_str!("fixtures/notification_consent.json");
    const MAINTENANCE: &str = include_str!("fixtures/notification_maintenance.json");

    #[test]
    fn a_consent_that_changed_is_read_again() {
        let hints = hints(CONSENT.as_bytes()).unwrap();
        let subject = HintSubject::Connection("dfb491d5-599e-413f-8957-ae889732d2b6".to_owned());
        assert_eq!(hints, [Hint { subject, kind: HintKind::Status }]);
    }

    #[test]
    fn maintenance_is_about_no_connection_and_nonsense_about_nothing() {
        assert_eq!(hints(MAINTENANCE.as_bytes()), Ok(Vec::new()));
        for odd in ["", "{}", "[]", "null", "{\"category\":\"CONSENT\"}", "\u{0}"] {
            assert_eq!(hints(odd.as_bytes()), Err(WebhookRefused::Malformed), "{odd}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_read_or_refused(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = hints(&body);
        }

        #[test]
        fn any_cut_is_read_or_refused(end in 0..CONSENT.len()) {
            let _ = hints(&CONSENT.as_bytes()[..end]);
        }
    }
}
