//! What somebody can do to a bank connection from outside of finAPI's API; each tells what finAPI would tell.

use super::Simulator;
use super::notifications::EVENTS;
use crate::bank::{Knob, KnobError};
use crate::domain::account::AccountSubtype;
use crate::store;

impl Simulator {
    /// Turns a knob.
    pub(super) async fn turn_knob(&self, id: &str, knob: Knob) -> Result<(), KnobError> {
        let id: i64 = id.parse().map_err(|_| store::Error::NotFound)?;
        let one = self.imported(id).await?.ok_or(store::Error::NotFound)?;
        let (connection, now) = (one.connection, one.books.now().at);
        match knob {
            Knob::ResetLogin => {
                self.change(id, |connection| connection.broken = true).await?;
                self.tell_standing(id).await?;
            }
            Knob::ExpireConsent => {
                self.change(id, |connection| connection.consent_until = Some(now)).await?;
                self.tell_standing(id).await?;
            }
            Knob::Revoke => {
                self.change(id, |connection| connection.revoked = true).await?;
                self.tell_standing(id).await?;
            }
            Knob::NewAccounts => {
                self.shared.bank.open_account(&connection.login.user, AccountSubtype::Savings).await?;
                self.tell("NEW_ACCOUNT_BALANCE", &connection).await?;
            }
            Knob::PostTransactions(count) => {
                let accounts: Vec<String> = connection.accounts.iter().cloned().collect();
                self.shared.bank.post_transactions(&connection.login.user, &accounts, count).await?;
                // finAPI tells of them because an update of its own has found them.
                let seen = self.shared.bank.books(&connection.login.user).await?.now();
                self.change(id, |connection| connection.seen = seen).await?;
                self.tell("NEW_TRANSACTIONS", &connection).await?;
            }
            Knob::FireWebhook(code) if EVENTS.contains(&code.as_str()) => self.tell(&code, &connection).await?,
            Knob::FireWebhook(_) => return Err(KnobError::unknown_webhook(EVENTS)),
        }
        Ok(())
    }
}
