//! Holdings and trades. The trades' endpoint starts a subscription when it is first called: only for whom that was asked (B6).

use serde_json::{Value, json};

use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::data::{InvestmentTransactionsPage, InvestmentTransactionsRequest, ProviderHolding};
use crate::providers::plaid::map;
use crate::providers::plaid::wire::investment::{Holdings, Trades};

use super::{Api, Operation, of_item, offset, page_at};

const HOLDINGS_GET: Operation = Operation::repeatable("/investments/holdings/get");
const TRADES_GET: Operation = Operation::repeatable("/investments/transactions/get");
/// The largest page that Plaid gives.
const PAGE: u16 = 500;
/// More trades in a window are no honest number.
const MOST_TRADES: u64 = 1_000_000;

/// What is held.
pub async fn holdings(api: &Api<'_>, credential: &Secret) -> Result<Vec<ProviderHolding>, Failure> {
    let answer: Holdings = api.post(HOLDINGS_GET, &of_item(credential)).await?;
    Ok(map::investments::holdings(answer))
}

/// One page of trades; its name is the number of trades before it. They come newest first, so that one which is booked
/// meanwhile moves the rest, and some are read twice.
pub async fn page(
    api: &Api<'_>,
    credential: &Secret,
    request: &InvestmentTransactionsRequest,
) -> Result<InvestmentTransactionsPage, Failure> {
    let before = offset(request.page.as_deref())?;
    let answer: Trades = api.post(TRADES_GET, &body(credential, request, before)).await?;
    let got = answer.investment_transactions.len() as u64;
    let next = match got {
        0 => None,
        _ => page_at(before.saturating_add(got), answer.total_investment_transactions, MOST_TRADES, TRADES_GET)?,
    };
    Ok(InvestmentTransactionsPage { transactions: map::investments::trades(answer), next })
}

/// The request.
pub fn body(credential: &Secret, request: &InvestmentTransactionsRequest, before: u64) -> Value {
    json!({
        "access_token": credential.expose(),
        "start_date": request.from,
        "end_date": request.to,
        "options": { "count": PAGE, "offset": before },
    })
}
