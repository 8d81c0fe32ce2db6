//! Accounts, and what is known of them: numbers, owners, terms.

use chrono::{SecondsFormat, TimeDelta};
use serde_json::json;

use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::data::{AccountsWanted, ProviderAccount, ProviderLiability};
use crate::providers::plaid::map;
use crate::providers::plaid::wire::account::{Accounts, Auth, Identity};
use crate::providers::plaid::wire::liability::Liabilities;

use super::{Api, Operation, of_item};

const ACCOUNTS_GET: Operation = Operation::repeatable("/accounts/get");
/// Billed by call.
const BALANCE_GET: Operation = Operation::once("/accounts/balance/get");
const AUTH_GET: Operation = Operation::repeatable("/auth/get");
const IDENTITY_GET: Operation = Operation::repeatable("/identity/get");
const LIABILITIES_GET: Operation = Operation::repeatable("/liabilities/get");

/// The oldest balance that is good enough at Capital One, which has no live ones for cards and fails without this. Elsewhere
/// Plaid passes it over, so that it need not be known where the Item is.
const OLDEST_BALANCE: TimeDelta = TimeDelta::days(30);

/// The accounts. Where numbers or owners fail, all does: who can do without them asks for them alone.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Secret,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    let mut accounts = if wanted.live_balances {
        with_live_balances(api, credential).await?
    } else {
        let answer: Accounts = api.post(ACCOUNTS_GET, &of_item(credential)).await?;
        answer.accounts.into_iter().map(|account| map::accounts::account(account, None)).collect()
    };
    if wanted.identifiers {
        let auth: Auth = api.post(AUTH_GET, &of_item(credential)).await?;
        let mut numbers = map::accounts::identifiers(auth.numbers);
        for account in &mut accounts {
            account.identifiers = numbers.remove(&account.provider_account_id);
        }
    }
    if wanted.owners {
        let identity: Identity = api.post(IDENTITY_GET, &of_item(credential)).await?;
        let mut owners = map::accounts::owners(identity);
        for account in &mut accounts {
            account.owners = owners.remove(&account.provider_account_id);
        }
    }
    Ok(accounts)
}

async fn with_live_balances(api: &Api<'_>, credential: &Secret) -> Result<Vec<ProviderAccount>, Failure> {
    let oldest = (api.now() - OLDEST_BALANCE).to_rfc3339_opts(SecondsFormat::Secs, true);
    let body = json!({
        "access_token": credential.expose(),
        "options": { "min_last_updated_datetime": oldest },
    });
    let answer: Accounts = api.post(BALANCE_GET, &body).await?;
    Ok(answer.accounts.into_iter().map(|account| map::accounts::account(account, Some(api.now()))).collect())
}

/// Terms of cards and loans.
pub async fn liabilities(api: &Api<'_>, credential: &Secret) -> Result<Vec<ProviderLiability>, Failure> {
    let answer: Liabilities = api.post(LIABILITIES_GET, &of_item(credential)).await?;
    Ok(map::liabilities::liabilities(answer.liabilities))
}
