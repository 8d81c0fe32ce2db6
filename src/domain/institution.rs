//! Institutions: ours, and what a provider says of its own.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::product::Product;

wire_enum! {
    /// How well an institution works at a provider at present.
    pub enum InstitutionHealth {
        /// Works.
        Healthy = "HEALTHY",
        /// Works for some.
        Degraded = "DEGRADED",
        /// Does not work.
        Down = "DOWN",
        /// The provider does not say.
        Unknown = "UNKNOWN",
    }
}

/// A name as a search compares it: small letters and digits without accents, words apart by one space.
pub fn folded(name: &str) -> String {
    let plain = name.nfkd().filter(|sign| !is_combining_mark(*sign) && !matches!(sign, '\'' | '’'));
    let spaced: String = plain
        .flat_map(char::to_lowercase)
        .flat_map(|sign| match sign {
            '&' => vec![' ', 'a', 'n', 'd', ' '],
            'ß' => vec!['s', 's'],
            'ø' => vec!['o'],
            'ł' => vec!['l'],
            'æ' => vec!['a', 'e'],
            sign if sign.is_alphanumeric() => vec![sign],
            _ => vec![' '],
        })
        .collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An institution as one provider lists it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderInstitution {
    /// The provider's own id.
    pub provider_institution_id: String,
    /// Its name, at most 200 characters.
    pub name: String,
    /// Its home page.
    pub url: Option<String>,
    /// Its logo as a `data:` or https address.
    pub logo_url: Option<String>,
    /// ISO 3166 alpha-2.
    pub country_codes: Vec<String>,
    /// What can be had there at link time.
    pub products: BTreeSet<Product>,
    /// Whether `IDENTIFIERS` can be had by the instant flow (B3, C6).
    pub instant_identifiers: bool,
    /// Whether the customer logs in at the institution's own page.
    pub oauth: bool,
    /// How well it works.
    pub health: InstitutionHealth,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_without_case_accents_and_punctuation() {
        for (name, expected) in [
            ("Crédit du Marais", "credit du marais"),
            ("Cedar & Main Bank", "cedar and main bank"),
            ("  TARTAN-Dominion   (CA)", "tartan dominion ca"),
            ("Levi’s / O'Neill", "levis oneill"),
            ("Straße Łódź Ærø", "strasse lodz aero"),
            ("%_\\", ""),
        ] {
            assert_eq!(folded(name), expected);
        }
    }
}
