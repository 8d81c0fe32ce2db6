//! Holdings, and the movements of investment accounts.

use chrono::Days;

use crate::providers::Failure;
use crate::providers::data::{InvestmentTransactionsPage, InvestmentTransactionsRequest, ProviderHolding};
use crate::providers::mx::map;
use crate::providers::mx::wire::account::Holdings;

use super::transactions::{Stretch, extend, investment_accounts, page_of};
use super::{Api, Link, ORDINARY_DAYS, members, next_page, refused};

/// Everything that is held now. Reading this enrols the customer in a product of MX's that may be billed.
pub async fn holdings(api: &Api<'_>, link: &Link) -> Result<Vec<ProviderHolding>, Failure> {
    members::usable(api, link).await?;
    let entries = |page: Holdings| (page.investment_holdings, page.pagination);
    let all = api.list("holdings", &link.path("/investment_holdings"), entries).await?;
    Ok(all.iter().filter_map(map::investments::holding).collect())
}

/// One page of the movements in a window of days: the transactions of accounts of type `INVESTMENT`.
pub async fn movements(
    api: &Api<'_>,
    link: &Link,
    request: &InvestmentTransactionsRequest,
) -> Result<InvestmentTransactionsPage, Failure> {
    let page = match &request.page {
        None => 1,
        Some(page) => page.parse().map_err(|_| refused("PAGE", "no page has this name"))?,
    };
    let member = members::usable(api, link).await?;
    let is_long = request.from < api.now().date_naive() - Days::new(u64::from(ORDINARY_DAYS));
    if page == 1 && is_long && !link.history && extend(api, link, &member).await? {
        return Err(map::status::not_ready("BEING_AGGREGATED"));
    }
    let accounts = investment_accounts(api, link).await?;
    let stretch = Stretch { from: request.from, to: request.to };
    let answer = page_of(api, link, "investment_transactions", stretch, page).await?;
    let of_account = answer.transactions.iter();
    let of_account = of_account.filter(|row| row.account_guid.as_ref().is_some_and(|guid| accounts.contains(guid)));
    let mut transactions: Vec<_> = of_account.filter_map(map::investments::movement).collect();
    transactions.retain(|one| (request.from..=request.to).contains(&one.date));
    Ok(InvestmentTransactionsPage {
        transactions,
        next: next_page(page, answer.pagination).map(|page| page.to_string()),
    })
}
