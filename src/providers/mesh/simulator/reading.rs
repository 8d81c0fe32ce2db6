//! What an account holds, worth and traded. Each is asked of the institution at once, and fails as that does.

use chrono::{DateTime, NaiveTime};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::call::{Answer, Call, Error, number, ok};
use super::institutions::BROKER_TYPE;
use super::tokens::Opened;
use crate::bank::{Access, BankTrade};
use crate::domain::investment::{InvestmentTransactionType, SecurityType};

/// How many orders a page has unless asked otherwise, and at most.
const PAGE: u64 = 100;
const MOST: u64 = 250;

/// `POST /api/v1/holdings/get`: what the institution refuses is told in an answer of status 200.
pub async fn holdings(call: Call) -> Answer {
    let opened = call.simulator.open(&call).await?;
    let refusal = match opened.access {
        Access::Good => None,
        Access::InstitutionDown => Some("failed"),
        _ => Some("notAuthorized"),
    };
    let (account, institution) = (&opened.account, opened.books.institution());
    let mut content = json!({
        "status": refusal.unwrap_or("succeeded"), "errorMessage": "", "displayMessage": "", "type": BROKER_TYPE,
        "accountId": account.key, "accountName": account.name, "institutionName": institution.name,
    });
    if let Some(refusal) = refusal {
        content["errorMessage"] = json!(format!("The institution answered: {refusal}"));
        return ok(content);
    }
    let with_values = call.body["includeMarketValue"] == true;
    let (mut equities, mut coins) = (Vec::new(), Vec::new());
    for held in opened.books.holdings(&account.key, opened.books.now().at) {
        let security = &held.security.security;
        if security.security_type == SecurityType::Cash {
            continue;
        }
        let mut position = json!({
            "symbol": security.symbol, "name": security.name, "amount": number(held.quantity),
            "costBasis": number(held.cost_basis.checked_div(held.quantity).unwrap_or_default().round_dp(2)),
        });
        if with_values {
            position["lastPrice"] = number(held.price);
            position["marketValue"] = number(held.value);
        }
        let is_coin = security.security_type == SecurityType::Cryptocurrency;
        if is_coin { coins.push(position) } else { equities.push(position) }
    }
    content["equityPositions"] = json!(equities);
    content["cryptocurrencyPositions"] = json!(coins);
    for none in
        ["notSupportedEquityPositions", "notSupportedCryptocurrencyPositions", "nftPositions", "optionPositions"]
    {
        content[none] = json!([]);
    }
    ok(content)
}

/// The account, if the institution lets anybody see it now.
async fn served(call: &Call) -> Result<Opened, Error> {
    let opened = call.simulator.open(call).await?;
    match opened.access {
        Access::Good => Ok(opened),
        Access::InstitutionDown => Err(Error::Failed),
        _ => Err(Error::Unauthorized),
    }
}

/// What the account is worth with its cash, and its cash.
fn worth(opened: &Opened) -> (Decimal, Decimal) {
    let balances = opened.books.balances(&opened.account.key, opened.books.now()).unwrap_or_default();
    (balances.current.unwrap_or_default(), balances.available.unwrap_or_default())
}

/// `POST /api/v1/holdings/value`
pub async fn value(call: Call) -> Answer {
    let (total, cash) = worth(&served(&call).await?);
    ok(json!({
        "totalValue": number(total), "totalPerformance": 0, "equitiesValue": number(total - cash), "equitiesPerformance": 0,
        "cryptocurrenciesValue": 0, "cryptocurrenciesPerformance": 0, "nftsValue": 0, "fiatValue": number(cash),
    }))
}

/// `POST /api/v1/balance/get`
pub async fn balances(call: Call) -> Answer {
    let opened = served(&call).await?;
    let (_, cash) = worth(&opened);
    let cash = number(cash);
    ok(json!({
        "balances": [{ "cash": cash, "buyingPower": cash, "currencyCode": opened.account.currency }],
        "totalCashUsdValue": cash, "totalBuyingPowerUsdValue": cash,
    }))
}

/// `POST /api/v1/transactions/list`, oldest first.
pub async fn orders(call: Call) -> Answer {
    let opened = served(&call).await?;
    let number_of = |name: &str| call.body[name].as_i64();
    let count = call.body["count"].as_u64().unwrap_or(PAGE);
    if !(1..=MOST).contains(&count) {
        return Err(Error::BadRequest("count must be between 1 and 250"));
    }
    let begin: usize = match call.body["cursor"].as_str() {
        Some(cursor) => cursor.parse().map_err(|_| Error::BadRequest("The cursor is not known"))?,
        None => 0,
    };
    let statuses = call.body["statuses"].as_array();
    let wanted = statuses.is_none_or(|wanted| wanted.iter().any(|one| one == "success"));
    let from = number_of("from").and_then(|from| DateTime::from_timestamp(from, 0)).unwrap_or(DateTime::UNIX_EPOCH);
    let now = opened.books.now().at;
    let trades = opened.books.trades(&opened.account.key, from.date_naive(), now.date_naive(), now);
    let all: Vec<Value> =
        trades.iter().filter(|trade| wanted && closing(trade) > from.timestamp()).filter_map(order).collect();
    let end = begin.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)).min(all.len());
    let page = all.get(begin..end).unwrap_or_default();
    let mut content = json!({ "transactions": page, "total": all.len() });
    if let Some(first) = trades.first() {
        content["earliestTimestamp"] = json!(closing(first));
    }
    if end < all.len() {
        content["cursor"] = json!(end.to_string());
    }
    ok(content)
}

/// A trade happens in the afternoon.
fn closing(trade: &BankTrade) -> i64 {
    let time = NaiveTime::from_hms_opt(20, 0, 0).unwrap_or(NaiveTime::MIN);
    trade.date.and_time(time).and_utc().timestamp()
}

/// A trade as an order, an interest or a deposit; fees have no form here.
fn order(trade: &BankTrade) -> Option<Value> {
    use InvestmentTransactionType as T;
    let (kind, side) = match trade.kind {
        T::Buy => ("order", "buy"),
        T::Sell => ("order", "sell"),
        T::Income => ("interest", "unknown"),
        T::Cash => ("ownAccountDeposit", "unknown"),
        _ => return None,
    };
    let at = closing(trade);
    let mut order = json!({
        "id": trade.id, "side": side, "paymentSymbol": trade.currency, "paymentType": "fiat", "status": "success",
        "createdTimestamp": at, "updatedTimestamp": at, "brokerType": BROKER_TYPE, "transactionType": kind,
        "assetType": "equity", "fee": number(trade.fees),
    });
    let security = trade.security.as_ref().filter(|_| kind == "order");
    match security {
        Some(traded) => {
            order["symbol"] = json!(traded.security.symbol);
            order["name"] = json!(traded.security.name);
            order["amount"] = number(trade.quantity.abs());
            order["price"] = number(trade.price);
            order["value"] = number((trade.amount - trade.fees).abs());
            order["orderType"] = json!("market");
        }
        None => {
            order["symbol"] = json!(trade.currency);
            order["name"] = json!(trade.description);
            order["amount"] = number(trade.amount.abs());
            order["price"] = json!(1);
            order["value"] = number(trade.amount.abs());
        }
    }
    Some(order)
}
