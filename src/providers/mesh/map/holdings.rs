//! What an account holds.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::investment::{Security, SecurityType};
use crate::providers::amount::Amount;
use crate::providers::data::ProviderHolding;
use crate::providers::mesh::wire::{Holdings, Nft, OptionPosition, Position};

use super::{CURRENCY, security, text};

/// The most positions of one kind that are read.
const MOST: usize = 10_000;

/// Everything that an account holds; what stands there twice is added up. What it cost is unknown (see [`Position`]).
pub fn holdings(account: &str, held: &Holdings) -> Vec<ProviderHolding> {
    use SecurityType::{Cryptocurrency, Equity};
    let of = |kind, list: &Option<Vec<Position>>| -> Vec<ProviderHolding> {
        list.iter().flatten().take(MOST).filter_map(|one| position(account, kind, one)).collect()
    };
    let mut found: BTreeMap<String, ProviderHolding> = BTreeMap::new();
    let options = held.option_positions.iter().flatten().take(MOST).filter_map(|one| option(account, one));
    let nfts = held.nft_positions.iter().flatten().take(MOST).filter_map(|one| nft(account, one));
    let all = of(Equity, &held.equity_positions)
        .into_iter()
        .chain(of(Equity, &held.not_supported_equity_positions))
        .chain(of(Cryptocurrency, &held.cryptocurrency_positions))
        .chain(of(Cryptocurrency, &held.not_supported_cryptocurrency_positions))
        .chain(options)
        .chain(nfts);
    for one in all {
        match found.get_mut(&one.provider_security_id) {
            Some(before) => add(before, &one),
            None => {
                found.insert(one.provider_security_id.clone(), one);
            }
        }
    }
    found.into_values().collect()
}

fn add(before: &mut ProviderHolding, more: &ProviderHolding) {
    before.quantity = before.quantity.saturating_add(more.quantity);
    before.value = before.value.zip(more.value).map(|(one, other)| one.saturating_add(other));
}

fn position(account: &str, kind: SecurityType, one: &Position) -> Option<ProviderHolding> {
    let key = text(one.symbol.as_deref()).or_else(|| text(one.name.as_deref()))?;
    let security = security(one.symbol.as_deref(), one.name.as_deref(), kind);
    let holding = holding(account, format!("{}:{key}", kind.as_str()), security, one.amount)?;
    Some(ProviderHolding {
        price: one.last_price.map(|price| price.0),
        value: one.market_value.map(|value| value.0),
        ..holding
    })
}

/// An option that was sold is held less than not at all.
fn option(account: &str, one: &OptionPosition) -> Option<ProviderHolding> {
    let share = text(one.symbol.as_deref())?;
    let kind = text(one.option_type.as_deref()).unwrap_or_default();
    let strike = one.strike_price.map(|price| price.0.normalize().to_string()).unwrap_or_default();
    let ends = one.expiration_timestamp.and_then(|at| chrono::DateTime::from_timestamp(at, 0));
    let ends = ends.map(|at| at.date_naive().to_string()).unwrap_or_default();
    let sold = one.direction.as_deref().is_some_and(|direction| direction.starts_with("sell"));
    let id = format!("{}:{share}:{kind}:{strike}:{ends}", SecurityType::Derivative.as_str());
    let name = format!("{share} {kind} {strike} {ends}");
    let security = security(Some(&share), Some(&name), SecurityType::Derivative);
    let mut holding = holding(account, id, security, one.amount)?;
    if sold {
        holding.quantity = -holding.quantity.abs();
    }
    Some(holding)
}

fn nft(account: &str, one: &Nft) -> Option<ProviderHolding> {
    let parts = [text(one.contract_address.as_deref()), text(one.token_id.as_deref())];
    let key: Vec<String> = parts.into_iter().flatten().collect();
    let key = if key.is_empty() { text(one.name.as_deref())? } else { key.join(":") };
    let security = security(None, one.name.as_deref(), SecurityType::Other);
    holding(account, format!("NFT:{key}"), security, one.amount)
}

fn holding(account: &str, id: String, security: Security, amount: Option<Amount>) -> Option<ProviderHolding> {
    let quantity: Decimal = amount?.0;
    Some(ProviderHolding {
        provider_account_id: account.to_owned(),
        provider_security_id: id,
        security,
        quantity,
        price: None,
        value: None,
        cost_basis: None,
        currency: Some(CURRENCY.to_owned()),
        price_as_of: None,
    })
}
