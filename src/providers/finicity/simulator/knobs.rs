//! What somebody can do to a login from outside of Finicity's API.

use std::convert::Infallible;

use super::Simulator;
use super::call::{Error, Result};
use super::state::{InstitutionLogin, LOGIN};
use crate::bank::{Knob, KnobError};
use crate::domain::account::AccountSubtype;
use crate::store;

/// Finicity tells nothing of a login outside of Connect.
pub const WEBHOOKS: &[&str] = &[];

/// Turns a knob of a login.
pub async fn turn(simulator: &Simulator, id: &str, knob: Knob) -> std::result::Result<(), KnobError> {
    let shared = &simulator.shared;
    let login: Option<InstitutionLogin> = shared.documents.get(LOGIN, id).await?;
    let login = login.ok_or(store::Error::NotFound)?;
    let now = shared.clock.now();
    match knob {
        Knob::ResetLogin => change(simulator, id, |login| login.broken = true).await?,
        Knob::ExpireConsent => change(simulator, id, |login| login.authorized_until = Some(now)).await?,
        Knob::Revoke => change(simulator, id, |login| login.revoked = true).await?,
        Knob::NewAccounts => {
            shared.bank.open_account(&login.login.user, AccountSubtype::Savings).await?;
        }
        Knob::PostTransactions(count) => {
            shared.bank.post_transactions(&login.login.user, &login.accounts, count).await?;
            change(simulator, id, |_| {}).await?;
        }
        Knob::FireWebhook(_) => return Err(KnobError::unknown_webhook(WEBHOOKS)),
    }
    Ok(())
}

/// Changes a login, and reads its institution.
async fn change(
    simulator: &Simulator,
    id: &str,
    change: impl FnOnce(&mut InstitutionLogin) + Send,
) -> std::result::Result<(), KnobError> {
    let changed = simulator.change(id, change).await;
    changed.map(drop).map_err(|_| KnobError::Store(store::Error::NotFound))
}

impl Simulator {
    /// Changes a login, and reads its institution as it stands then.
    pub(super) async fn change(
        &self,
        id: &str,
        change: impl FnOnce(&mut InstitutionLogin) + Send,
    ) -> Result<InstitutionLogin> {
        self.aggregate(id, change, true).await
    }

    /// A login as it stands now: read anew if a day is over.
    pub(super) async fn login(&self, id: &str) -> Result<InstitutionLogin> {
        self.aggregate(id, |_| {}, false).await
    }

    async fn aggregate(
        &self,
        id: &str,
        change: impl FnOnce(&mut InstitutionLogin) + Send,
        asked_for: bool,
    ) -> Result<InstitutionLogin> {
        let gone = || Error::new("38007");
        let documents = &self.shared.documents;
        let known: InstitutionLogin = documents.get(LOGIN, id).await?.ok_or_else(gone)?;
        let books = self.shared.bank.books(&known.login.user).await?;
        let now = self.shared.clock.now();
        let read = |login: &mut InstitutionLogin| {
            change(login);
            login.aggregate(&books, now, asked_for);
            Ok::<_, Infallible>(login.clone())
        };
        match documents.update(LOGIN, id, read).await? {
            Some(Ok(login)) => Ok(login),
            None => Err(gone()),
        }
    }
}
