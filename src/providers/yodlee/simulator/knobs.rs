//! What somebody can do to a provider account from outside of Yodlee's API; each tells what Yodlee would tell.

use super::Simulator;
use super::state::{PROVIDER_ACCOUNT, ProviderAccount};
use crate::bank::{Knob, KnobError};
use crate::domain::account::AccountSubtype;
use crate::store;

/// The events of which Yodlee can be asked to tell.
pub const WEBHOOKS: &[&str] = &["REFRESH", "AUTO_REFRESH_UPDATES", "DATA_UPDATES", "LATEST_BALANCE_UPDATES"];

impl Simulator {
    /// Turns a knob.
    pub(super) async fn turn_knob(&self, id: &str, knob: Knob) -> Result<(), KnobError> {
        let login: Option<ProviderAccount> = self.shared.documents.get(PROVIDER_ACCOUNT, id).await?;
        let login = login.ok_or(store::Error::NotFound)?;
        let now = self.shared.clock.now();
        match knob {
            Knob::ResetLogin => self.turn_state(&login, |login| login.broken = true).await?,
            Knob::ExpireConsent => self.turn_state(&login, |login| login.consent_until = Some(now)).await?,
            Knob::Revoke => self.turn_state(&login, |login| login.revoked = true).await?,
            Knob::NewAccounts => {
                if let Some(bank_login) = &login.login {
                    self.shared.bank.open_account(&bank_login.user, AccountSubtype::Savings).await?;
                }
                self.tell_data(&login).await?;
            }
            Knob::PostTransactions(count) => {
                if let Some(bank_login) = &login.login {
                    let accounts: Vec<String> = login.accounts.iter().cloned().collect();
                    self.shared.bank.post_transactions(&bank_login.user, &accounts, count).await?;
                }
                self.tell_data(&login).await?;
            }
            Knob::FireWebhook(code) => self.fire(&login, &code).await?,
        }
        Ok(())
    }

    async fn turn_state(
        &self,
        login: &ProviderAccount,
        change: impl FnOnce(&mut ProviderAccount) + Send,
    ) -> store::Result<()> {
        let login = self.change(login.id, change).await?;
        self.tell_auto_refresh(&login).await
    }

    async fn fire(&self, login: &ProviderAccount, code: &str) -> Result<(), KnobError> {
        match code {
            "REFRESH" => self.tell_refreshed(login).await?,
            "AUTO_REFRESH_UPDATES" => self.tell_auto_refresh(login).await?,
            "DATA_UPDATES" => self.tell_data(login).await?,
            "LATEST_BALANCE_UPDATES" => self.tell_balances(login).await?,
            _ => return Err(KnobError::unknown_webhook(WEBHOOKS)),
        }
        Ok(())
    }
}

/// What may befall a login, as far as a password `error_<CODE>` can ask for it.
pub fn is_status(code: &str) -> bool {
    const STATUSES: [&str; 20] = [
        "ACCOUNT_LOCKED",
        "ADDL_AUTHENTICATION_REQUIRED",
        "BETA_SITE_DEV_IN_PROGRESS",
        "CONSENT_REQUIRED",
        "CREDENTIALS_UPDATE_NEEDED",
        "DATASET_NOT_SUPPORTED",
        "DATA_NOT_AVAILABLE",
        "DATA_RETRIEVAL_FAILED",
        "INCORRECT_CREDENTIALS",
        "INCORRECT_OAUTH_TOKEN",
        "INVALID_ADDL_INFO_PROVIDED",
        "NEW_AUTHENTICATION_REQUIRED",
        "REQUEST_TIME_OUT",
        "SITE_BLOCKING_ERROR",
        "SITE_NOT_SUPPORTED",
        "SITE_SESSION_INVALIDATED",
        "SITE_UNAVAILABLE",
        "TECH_ERROR",
        "UNEXPECTED_SITE_ERROR",
        "USER_ACTION_NEEDED_AT_SITE",
    ];
    STATUSES.contains(&code)
}
