//! The institutions of the simulated world.

mod named;
mod tail;

use std::sync::LazyLock;

use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

/// An institution. Simulators derive their own ids from `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BankInstitution {
    /// Stable, `a-z 0-9 _`, for instance `first_platypus`.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its home page.
    pub url: String,
    /// ISO 3166 alpha-2, at least one; the first is where its accounts are.
    pub country_codes: &'static [&'static str],
    /// Whether the customer logs in at its own page.
    pub oauth: bool,
    /// Whether its own page asks for each product separately (C3); only with `oauth`.
    pub per_product_consent: bool,
    /// Whether its own page asks which accounts to share, in a repair too (D5); only with `oauth`.
    pub own_account_picker: bool,
    /// What can be had there.
    pub products: &'static [Product],
    /// Whether account numbers come by the instant flow (B3).
    pub instant_identifiers: bool,
    /// For how many days a consent lasts, where the law or the institution ends it.
    pub consent_days: Option<u16>,
    /// How well it works.
    pub health: InstitutionHealth,
}

impl BankInstitution {
    /// Whether the product can be had there.
    pub fn has(&self, product: Product) -> bool {
        match product {
            // The risk of an ACH payment can be told wherever the balance is known.
            Product::Signal => self.has(Product::Balances) && self.country_codes.contains(&"US"),
            _ => self.products.contains(&product),
        }
    }

    /// Where its accounts are.
    pub fn country(&self) -> &'static str {
        self.country_codes.first().copied().unwrap_or("US")
    }

    /// The money of its accounts, ISO 4217.
    pub fn currency(&self) -> &'static str {
        match self.country() {
            "US" => "USD",
            "CA" => "CAD",
            "GB" => "GBP",
            _ => "EUR",
        }
    }

    /// An institution as most are: works, has instant identifiers where it has identifiers at all, and a consent without end outside Europe.
    fn ordinary(
        key: String,
        name: String,
        country_codes: &'static [&'static str],
        products: &'static [Product],
        door: Door,
    ) -> Self {
        let european = !country_codes.iter().any(|country| matches!(*country, "US" | "CA"));
        Self {
            url: format!("https://www.{}.example", key.replace('_', "-")),
            key,
            name,
            country_codes,
            oauth: door != Door::Password,
            per_product_consent: matches!(door, Door::OAuthEach | Door::OAuthEachPicker),
            own_account_picker: matches!(door, Door::OAuthPicker | Door::OAuthEachPicker),
            products,
            instant_identifiers: products.contains(&Product::Identifiers),
            consent_days: european.then_some(180),
            health: InstitutionHealth::Healthy,
        }
    }
}

/// How a customer comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    /// User name and password on the network's page.
    Password,
    /// The institution's own page, which asks for everything at once.
    OAuth,
    /// And asks which accounts to share.
    OAuthPicker,
    /// The institution's own page, which asks for each product.
    OAuthEach,
    /// And asks which accounts to share.
    OAuthEachPicker,
}

/// What institutions commonly offer.
mod offers {
    use crate::domain::product::Product::{self, *};

    /// All that there is.
    pub const EVERYTHING: &[Product] = &[
        Balances,
        Identifiers,
        Owners,
        Transactions,
        InvestmentHoldings,
        InvestmentTransactions,
        Liabilities,
        Assets,
        Statements,
        Income,
        ConsumerReport,
    ];
    /// A bank without securities.
    pub const NO_INVESTMENTS: &[Product] =
        &[Balances, Identifiers, Owners, Transactions, Liabilities, Assets, Statements, Income];
    /// A bank for everyday money.
    pub const EVERYDAY: &[Product] = &[Balances, Identifiers, Owners, Transactions, Assets, Income];
    /// The least that is of use.
    pub const TRANSACTIONS_ONLY: &[Product] = &[Balances, Transactions];
    /// A broker.
    pub const SECURITIES: &[Product] = &[Balances, Owners, InvestmentHoldings, InvestmentTransactions, Assets];
    /// A European bank that reaches beyond PSD2, to securities.
    pub const UNIVERSAL_BANKING: &[Product] = &[Balances, Identifiers, Owners, Transactions, InvestmentHoldings];
    /// A European bank under PSD2.
    pub const OPEN_BANKING: &[Product] = &[Balances, Identifiers, Owners, Transactions, PaymentInitiation];
}

static INSTITUTIONS: LazyLock<Vec<BankInstitution>> =
    LazyLock::new(|| named::institutions().chain(tail::institutions()).collect());

/// All of them, in a stable order: those written by hand first.
pub fn institutions() -> &'static [BankInstitution] {
    &INSTITUTIONS
}

/// The one with that key.
pub fn institution(key: &str) -> Option<&'static BankInstitution> {
    institutions().iter().find(|institution| institution.key == key)
}

/// Those that have every product and one of the countries (none given = any), and whose name holds every word of the query;
/// names that begin with the query first.
pub fn search(query: &str, country_codes: &[String], products: &[Product]) -> Vec<&'static BankInstitution> {
    let query = query.trim().to_lowercase();
    let words: Vec<&str> = query.split_whitespace().take(10).collect();
    let mut found: Vec<(bool, &BankInstitution)> = institutions()
        .iter()
        .filter(|one| {
            country_codes.is_empty() || country_codes.iter().any(|code| one.country_codes.contains(&code.as_str()))
        })
        .filter(|one| products.iter().all(|&product| one.has(product)))
        .filter_map(|one| {
            let name = one.name.to_lowercase();
            words.iter().all(|word| name.contains(word)).then(|| (!name.starts_with(&query), one))
        })
        .collect();
    found.sort_by_key(|(within, _)| *within);
    found.into_iter().map(|(_, one)| one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_and_names_are_unique_and_well_formed() {
        let all = institutions();
        assert!((295..=305).contains(&all.len()), "{}", all.len());
        let keys: BTreeSet<_> = all.iter().map(|one| &one.key).collect();
        let names: BTreeSet<_> = all.iter().map(|one| &one.name).collect();
        assert_eq!((keys.len(), names.len()), (all.len(), all.len()));
        for one in all {
            assert!(one.key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{}", one.key);
            assert!(one.has(Product::Balances) && !one.country_codes.is_empty(), "{}", one.key);
            assert!(one.oauth || !(one.per_product_consent || one.own_account_picker), "{}", one.key);
            assert!(!one.instant_identifiers || one.has(Product::Identifiers), "{}", one.key);
            assert!(url::Url::parse(&one.url).is_ok(), "{}", one.url);
        }
    }

    #[test]
    fn every_special_case_is_there() {
        let plain = institution("first_platypus").unwrap();
        assert!(!plain.oauth && Product::COMMON.iter().all(|&product| plain.has(product)));
        let oauth = institution("platypus_oauth").unwrap();
        assert!(oauth.oauth && oauth.per_product_consent && oauth.own_account_picker);
        let all = institutions();
        assert!(all.iter().any(|one| one.health == InstitutionHealth::Down));
        assert!(all.iter().any(|one| one.health == InstitutionHealth::Degraded));
        assert!(all.iter().any(|one| one.products == offers::TRANSACTIONS_ONLY));
        assert!(all.iter().any(|one| one.products == offers::SECURITIES));
        assert!(all.iter().any(|one| one.has(Product::Identifiers) && !one.instant_identifiers));
        assert!(all.iter().any(|one| one.has(Product::Liabilities) && !one.has(Product::InvestmentHoldings)));
        for country in ["US", "CA", "GB", "IE", "DE", "FR", "ES", "NL"] {
            assert!(all.iter().any(|one| one.country() == country), "{country}");
        }
    }

    #[test]
    fn search_filters_and_ranks() {
        let all = search("", &[], &[]);
        assert_eq!(all.len(), institutions().len());
        let found = search("  PLATYPUS bank ", &[], &[]);
        assert!(found.len() >= 3 && found.iter().all(|one| one.name.to_lowercase().contains("platypus")));
        assert_eq!(search("first plat", &[], &[]).first().unwrap().key, "first_platypus");
        let british = search("", &["GB".to_owned()], &[]);
        assert!(!british.is_empty() && british.iter().all(|one| one.country_codes.contains(&"GB")));
        let investing = search("", &[], &[Product::InvestmentHoldings]);
        assert!(investing.len() < all.len() && investing.iter().all(|one| one.has(Product::InvestmentHoldings)));
        assert!(search("no such institution", &[], &[]).is_empty());
    }
}
