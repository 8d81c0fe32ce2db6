//! Amounts: decimal, never a float, with at least the decimals that their currency has.

use iso_currency::Currency;
use rust_decimal::Decimal;

/// The amount written with at least its currency's decimals: 19.3 USD is 19.30. Two decimals where the currency is not known.
pub fn in_currency(amount: Decimal, currency: Option<&str>) -> Decimal {
    let known = currency.and_then(Currency::from_code).and_then(|currency| currency.exponent());
    let decimals = u32::from(known.unwrap_or(2));
    let mut amount = amount;
    if amount.scale() < decimals {
        amount.rescale(decimals);
    }
    amount
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_has_at_least_its_currencys_decimals() {
        let cases = [
            (Decimal::new(193, 1), Some("USD"), "19.30"),
            (Decimal::new(19, 0), Some("JPY"), "19"),
            (Decimal::new(19, 0), Some("XBTX"), "19.00"),
            (Decimal::new(191_234, 4), Some("EUR"), "19.1234"),
            (Decimal::new(-5, 0), None, "-5.00"),
        ];
        for (amount, currency, text) in cases {
            assert_eq!(in_currency(amount, currency).to_string(), text);
        }
    }
}
