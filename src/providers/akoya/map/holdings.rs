//! What is held.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::domain::investment::{Security, SecurityType};
use crate::providers::akoya::wire::account::{Account, Holding};
use crate::providers::data::ProviderHolding;

use super::accounts::currency;
use super::trades::{numbers, security_type};
use super::{code, first_text, text};

/// The positions of an account, one for each security: lots that an institution lists apart are added up.
pub fn holdings(account: &Account) -> Vec<ProviderHolding> {
    let mut found: BTreeMap<String, ProviderHolding> = BTreeMap::new();
    for row in account.holdings.iter().flatten() {
        let Some(one) = holding(account, row) else { continue };
        match found.get_mut(&one.provider_security_id) {
            None => drop(found.insert(one.provider_security_id.clone(), one)),
            Some(known) => add(known, &one),
        }
    }
    found.into_values().collect()
}

/// `None` for a position that names nothing by which it could be known again.
fn holding(account: &Account, row: &Holding) -> Option<ProviderHolding> {
    let quantity = row.units.map(|units| units.0).or(row.market_value.map(|value| value.0))?;
    let short = code(&row.position_type) == "SHORT" && quantity > Decimal::ZERO;
    let name = first_text([&row.holding_name, &row.description]);
    let provider_security_id = first_text([&row.security_id, &row.symbol, &row.holding_id]).or_else(|| name.clone())?;
    let (cusip, isin) = numbers(text(&row.security_id).as_deref(), &row.security_id_type);
    let is_cash =
        row.cash_account == Some(true) || matches!(code(&row.holding_sub_type).as_str(), "CASH" | "MONEYMARKET");
    let security_type = if is_cash { SecurityType::Cash } else { security_type(&code(&row.holding_type)) };
    Some(ProviderHolding {
        provider_account_id: account.account_id.0.clone(),
        provider_security_id,
        security: Security { symbol: text(&row.symbol), name, isin, cusip, security_type },
        quantity: if short { -quantity } else { quantity },
        price: row.current_unit_price.map(|price| price.0),
        value: row.market_value.map(|value| value.0),
        cost_basis: cost_basis(row),
        currency: currency(row.currency.as_ref()).or_else(|| currency(account.currency.as_ref())),
        price_as_of: row.current_unit_price_date.day(),
    })
}

/// The cost of all lots where each tells its own, else the price at which it was bought for each unit.
fn cost_basis(row: &Holding) -> Option<Decimal> {
    let lots = row.tax_lots.as_deref().unwrap_or_default();
    let of_lots = || lots.iter().try_fold(Decimal::ZERO, |sum, lot| sum.checked_add(lot.cost_basis?.0));
    match of_lots().filter(|_| !lots.is_empty()) {
        Some(cost) => Some(cost),
        None => row.purchased_price?.0.checked_mul(row.units?.0),
    }
}

fn add(known: &mut ProviderHolding, more: &ProviderHolding) {
    let sum = |a: Option<Decimal>, b: Option<Decimal>| a?.checked_add(b?);
    known.quantity = known.quantity.checked_add(more.quantity).unwrap_or(known.quantity);
    known.value = sum(known.value, more.value);
    known.cost_basis = sum(known.cost_basis, more.cost_basis);
}
