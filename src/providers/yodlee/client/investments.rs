//! Holdings and trades.

use crate::domain::service_provider::ServiceProvider;
use crate::providers::Failure;
use crate::providers::data::{InvestmentTransactionsPage, InvestmentTransactionsRequest, ProviderHolding};
use crate::providers::rows::readable;
use crate::providers::yodlee::map;
use crate::providers::yodlee::map::transactions::INVESTMENT;
use crate::providers::yodlee::wire::account::Account;
use crate::providers::yodlee::wire::holding::Holdings;

use super::credential::Credential;
use super::transactions::{Batch, Plan, Turn};
use super::{Api, Operation, accounts, no_account, path, present};

const HOLDINGS: Operation = Operation::reading("GET /holdings").of_login();

/// Everything that is held.
pub async fn holdings(api: &Api<'_>, credential: &Credential) -> Result<Vec<ProviderHolding>, Failure> {
    let accounts = investment_accounts(api, credential).await?;
    let path = path("/holdings", &[("providerAccountId", credential.login.as_str())]);
    let answer: Holdings = api.get(&credential.user, HOLDINGS, &path).await?;
    // Yodlee leaves out an empty list; it is one where nothing is in the accounts, and else is none at all.
    let is_empty = |account: &Account| map::amount(account.balance.as_ref()).is_some_and(|held| held.is_zero());
    let held = match answer.holding {
        None if accounts.iter().all(is_empty) => Vec::new(),
        list => present(list, "holding")?,
    };
    Ok(held.iter().map(map::investments::holding).collect())
}

/// A page of trades.
pub async fn page(
    api: &Api<'_>,
    credential: &Credential,
    request: &InvestmentTransactionsRequest,
) -> Result<InvestmentTransactionsPage, Failure> {
    let plan = match &request.page {
        Some(page) => Plan::read(page)?,
        None => {
            let accounts = investment_accounts(api, credential).await?;
            let ids: Vec<String> = accounts.iter().map(|account| account.id.to_string()).collect();
            Plan::new(request.to, Batch::of(request.from, &ids))
        }
    };
    let Turn { rows, next } = plan.turn(api, credential, Some(INVESTMENT)).await?;
    let trades = readable(ServiceProvider::Yodlee, rows.iter().map(map::investments::trade));
    let in_window = |date| (request.from..=request.to).contains(&date);
    let transactions = trades.into_iter().filter(|trade| in_window(trade.date)).collect();
    Ok(InvestmentTransactionsPage { transactions, next: next.map(|plan| plan.text()) })
}

async fn investment_accounts(api: &Api<'_>, credential: &Credential) -> Result<Vec<Account>, Failure> {
    let mut all = accounts::of_login(api, credential, "").await?;
    all.retain(|account| account.container.as_deref() == Some(INVESTMENT));
    if all.is_empty() {
        return Err(no_account("the login has no investment account"));
    }
    Ok(all)
}
