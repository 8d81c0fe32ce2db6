//! Positions of securities.

use std::collections::HashMap;

use rust_decimal::Decimal;

use crate::domain::investment::{Security as OurSecurity, SecurityType};
use crate::providers::data::ProviderHolding;
use crate::providers::finapi::wire::Security;

use super::{currency, day, text};

/// What is held. finAPI's own ids change with every update: a security is known by ISIN, WKN or name, and a further position of the same one
/// by its place.
pub fn holdings(positions: &[Security]) -> Vec<ProviderHolding> {
    let mut seen: HashMap<(i64, String), u32> = HashMap::new();
    let named = |position: &Security| {
        let name = [&position.isin, &position.wkn, &position.name].into_iter().find_map(|one| text(one.as_deref()));
        let name = name.unwrap_or_else(|| "unnamed".to_owned());
        let count = seen.entry((position.account_id, name.clone())).or_default();
        *count += 1;
        if *count == 1 { name } else { format!("{name}#{count}") }
    };
    positions.iter().map(named).collect::<Vec<_>>().into_iter().zip(positions).map(holding).collect()
}

fn holding((id, position): (String, &Security)) -> ProviderHolding {
    let [quote, value, gain] =
        [position.quote, position.market_value, position.profit_or_loss].map(|one| one.map(|a| a.0));
    ProviderHolding {
        provider_account_id: position.account_id.to_string(),
        provider_security_id: id,
        security: OurSecurity {
            symbol: None,
            name: text(position.name.as_deref()),
            isin: text(position.isin.as_deref()),
            cusip: None,
            // finAPI does not say what a security is.
            security_type: SecurityType::Other,
        },
        quantity: position.quantity_nominal.map_or(Decimal::ZERO, |quantity| quantity.0),
        // A percentage is one of the nominal value, of which the quantity is counted.
        price: match position.quote_type.as_deref() {
            Some("PERC") => quote.and_then(|quote| quote.checked_div(Decimal::ONE_HUNDRED)),
            _ => quote,
        },
        value,
        cost_basis: value.zip(gain).and_then(|(value, gain)| value.checked_sub(gain)),
        currency: currency(position.market_value_currency.as_deref())
            .or_else(|| currency(position.quote_currency.as_deref())),
        price_as_of: day(position.quote_date.as_deref()),
    }
}
