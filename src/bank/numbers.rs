//! Numbers of accounts and securities that pass their check digits, and belong to nobody.

use super::random::{Draw, Key};
use crate::domain::account::{Ach, Bacs, Eft, Identifiers, International};

/// Full numbers of a deposit account: a country's own form, and an IBAN where it has one.
pub(super) fn identifiers(institution: Key, country: &str, bank_code: &str, account: &str) -> Identifiers {
    let mut draw = institution.name("numbers").draw();
    let mut identifiers = Identifiers::default();
    match country {
        "US" => {
            let (routing, wire) = (routing_number(&mut draw), routing_number(&mut draw));
            let wire_routing = Some(if draw.chance(300) { wire } else { routing.clone() });
            identifiers.ach = Some(Ach { account: account.to_owned(), routing, wire_routing, is_tokenized: false });
        }
        "CA" => {
            let (institution, branch) = (draw.digits(3), draw.digits(5));
            identifiers.eft = Some(Eft { account: account.to_owned(), institution, branch });
        }
        "GB" => {
            let sort_code = draw.digits(6);
            identifiers.international = Some(iban_of("GB", bank_code, &format!("{bank_code}{sort_code}{account}")));
            identifiers.bacs = Some(Bacs { account: account.to_owned(), sort_code });
        }
        _ => {
            let bban = bban(country, bank_code, account, &mut draw);
            identifiers.international = Some(iban_of(country, bank_code, &bban));
        }
    }
    identifiers
}

/// How many digits an account number has there.
pub(super) fn account_digits(country: &str) -> usize {
    match country {
        "CA" => 7,
        "GB" | "IE" => 8,
        "FR" => 11,
        _ => 10,
    }
}

/// The part of an IBAN that a country writes by itself.
fn bban(country: &str, bank_code: &str, account: &str, draw: &mut Draw) -> String {
    match country {
        "IE" => format!("{bank_code}{}{account}", draw.digits(6)),
        "NL" => format!("{bank_code}{account}"),
        "FR" => format!("{}{}{account}{}", draw.digits(5), draw.digits(5), draw.digits(2)),
        "ES" => format!("{}{}{}{account}", draw.digits(4), draw.digits(4), draw.digits(2)),
        _ => format!("{}{account}", draw.digits(8)),
    }
}

fn iban_of(country: &str, bank_code: &str, bban: &str) -> International {
    International { iban: iban(country, bban), bic: Some(format!("{bank_code}{country}2L")) }
}

/// An American routing number: a district of the Federal Reserve, six digits, and the check digit.
fn routing_number(draw: &mut Draw) -> String {
    let mut digits = format!("{:02}{:06}", draw.between(1, 12), draw.below(1_000_000));
    let sum: u32 =
        digits.bytes().zip([3, 7, 1].into_iter().cycle()).map(|(d, weight)| u32::from(d - b'0') * weight).sum();
    digits.push(digit((10 - sum % 10) % 10));
    digits
}

/// An IBAN with its check digits (ISO 13616, ISO 7064 MOD 97-10).
pub(super) fn iban(country: &str, bban: &str) -> String {
    let check = 98 - mod97(&format!("{bban}{country}00"));
    format!("{country}{check:02}{bban}")
}

/// The remainder by 97, letters counting from 10.
fn mod97(text: &str) -> u32 {
    text.chars().filter_map(|c| c.to_digit(36)).fold(0, |rest, value| {
        let shift = if value < 10 { 10 } else { 100 };
        (rest * shift + value) % 97
    })
}

/// A CUSIP: eight characters and their check digit.
pub(super) fn cusip(base: &str) -> String {
    let sum: u32 = base
        .chars()
        .filter_map(|c| c.to_digit(36))
        .enumerate()
        .map(|(i, value)| if i % 2 == 1 { value * 2 } else { value })
        .map(|value| value / 10 + value % 10)
        .sum();
    format!("{base}{}", digit((10 - sum % 10) % 10))
}

/// An American ISIN: the CUSIP between the country and a Luhn digit.
pub(super) fn isin(cusip: &str) -> String {
    let body = format!("US{cusip}");
    let digits: String = body.chars().filter_map(|c| c.to_digit(36)).map(|value| value.to_string()).collect();
    let sum: u32 = digits
        .chars()
        .rev()
        .filter_map(|c| c.to_digit(10))
        .enumerate()
        .map(|(i, value)| if i % 2 == 0 { value * 2 } else { value })
        .map(|value| value / 10 + value % 10)
        .sum();
    format!("{body}{}", digit((10 - sum % 10) % 10))
}

fn digit(value: u32) -> char {
    char::from_digit(value, 10).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn known_numbers_get_their_known_check_digits() {
        assert_eq!(cusip("03783310"), "037833100");
        assert_eq!(cusip("38259P50"), "38259P508");
        assert_eq!(isin("037833100"), "US0378331005");
        assert_eq!(iban("GB", "WEST12345698765432"), "GB82WEST12345698765432");
        assert_eq!(iban("DE", "370400440532013000"), "DE89370400440532013000");
    }

    #[test]
    fn routing_numbers_pass_the_checksum() {
        let mut draw = Key::new(3).draw();
        for _ in 0..200 {
            let d: Vec<u32> = routing_number(&mut draw).chars().map(|c| c.to_digit(10).unwrap()).collect();
            assert_eq!(d.len(), 9);
            assert_eq!((3 * (d[0] + d[3] + d[6]) + 7 * (d[1] + d[4] + d[7]) + d[2] + d[5] + d[8]) % 10, 0);
        }
    }

    #[test]
    fn every_country_writes_its_own_numbers() {
        for (country, length) in [("GB", 22), ("DE", 22), ("FR", 27), ("ES", 24), ("NL", 18), ("IE", 22)] {
            let account = Key::new(9).draw().digits(account_digits(country));
            let iban = identifiers(Key::new(1), country, "PLTY", &account).international.unwrap().iban;
            assert_eq!(iban.len(), length, "{country}");
            assert_eq!(mod97(&format!("{}{}", &iban[4..], &iban[..4])), 1, "{country}");
        }
        let us = identifiers(Key::new(1), "US", "PLTY", "1234567890");
        assert!(us.ach.is_some() && us.international.is_none());
        assert!(identifiers(Key::new(1), "CA", "PLTY", "1234567").eft.is_some());
        assert_eq!(identifiers(Key::new(1), "GB", "PLTY", "12345678").bacs.unwrap().sort_code.len(), 6);
    }
}
