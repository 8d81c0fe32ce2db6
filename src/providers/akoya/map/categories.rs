//! What a transaction is for: by its merchant category code where there is one, else by the kind of movement.

use crate::domain::transaction::Category as C;

/// Merchant category codes (ISO 18245), first and last of each range. Earlier rows win.
const RANGES: &[(u16, u16, C)] = &[
    (4111, 4131, C::Transportation),
    (4784, 4784, C::Transportation),
    (4511, 4582, C::Travel),
    (4411, 4411, C::Travel),
    (4722, 4723, C::Travel),
    (4812, 4900, C::RentAndUtilities),
    (6513, 6513, C::RentAndUtilities),
    (5200, 5271, C::HomeImprovement),
    (5411, 5499, C::FoodAndDrink),
    (5811, 5814, C::FoodAndDrink),
    (5541, 5542, C::Transportation),
    (7523, 7523, C::Transportation),
    (5912, 5912, C::Medical),
    (8011, 8099, C::Medical),
    (5815, 5818, C::Entertainment),
    (7829, 7999, C::Entertainment),
    (7011, 7033, C::Travel),
    (3000, 3999, C::Travel),
    (7210, 7299, C::PersonalCare),
    (5300, 5999, C::GeneralMerchandise),
    (8398, 8398, C::GovernmentAndNonProfit),
    (9211, 9405, C::GovernmentAndNonProfit),
    (6010, 6012, C::TransferOut),
    (6300, 6300, C::GeneralServices),
    (8111, 8299, C::GeneralServices),
    (8911, 8999, C::GeneralServices),
    (7300, 7399, C::GeneralServices),
];

/// A category. `code` and `kind` are compared as [`super::code`] makes them; `out` says which way the money went.
pub fn category(code: &str, kind: &str, out: bool) -> C {
    let by_code = code.parse::<u16>().ok().and_then(|number| {
        RANGES.iter().find(|(first, last, _)| (*first..=*last).contains(&number)).map(|(.., category)| *category)
    });
    by_code.or_else(|| by_kind(kind, out)).unwrap_or(if code.is_empty() { C::Other } else { C::Unidentified })
}

fn by_kind(kind: &str, out: bool) -> Option<C> {
    Some(match kind {
        "DIRECTDEPOSIT" | "DIVIDEND" => C::Income,
        "INTEREST" if !out => C::Income,
        "INTEREST" | "FEE" => C::BankFees,
        "PAYMENT" => C::LoanPayments,
        "TRANSFER" | "DEPOSIT" | "WITHDRAWAL" if out => C::TransferOut,
        "TRANSFER" | "DEPOSIT" | "WITHDRAWAL" => C::TransferIn,
        "BILLPAYMENT" => C::RentAndUtilities,
        _ => return None,
    })
}
