//! What a provider says of itself is well-formed, and its institutions are as it says.

use std::collections::HashSet;

use linkspan::domain::product::Product;
use linkspan::providers;
use linkspan::providers::data::InstitutionsRequest;

use super::rig::{Rig, by, institutions};

#[tokio::test(flavor = "multi_thread")]
async fn a_spec_is_well_formed() {
    let (mut ids, mut names) = (HashSet::new(), HashSet::new());
    for rig in Rig::each().await {
        let spec = rig.spec();
        assert!(ids.insert(spec.id) && names.insert(spec.name), "{}: twice in the list", spec.name);
        assert!(spec.production_url.starts_with("https://"), "{}", spec.name);
        assert!(!spec.products.is_empty() && !spec.countries.is_empty(), "{}", spec.name);
        let distinct: HashSet<_> = spec.products.iter().collect();
        assert_eq!(distinct.len(), spec.products.len(), "{}: a product twice", spec.name);
        for listed in [spec.never_alone, spec.refreshable] {
            assert!(listed.iter().all(|product| rig.claims(*product)), "{}: {listed:?}", spec.name);
        }
        assert!(spec.countries.iter().all(|code| code.len() == 2), "{}", spec.name);
        assert!((1..=730).contains(&spec.history_days) && spec.read_every_hours > 0, "{}", spec.name);
        let slow = spec.slow_operations.iter().map(|(_, deadline)| *deadline);
        assert!(slow.max().unwrap_or_default() <= linkspan::net::MAX_DEADLINE, "{}", spec.name);
        let operations = ["live_balances", "identifiers", "owners", "accounts", "transactions", "holdings"];
        let others =
            ["investment_transactions", "liabilities", "refresh", "status", "institutions", "begin_link", "revoke"];
        let known = |name: &str| operations.contains(&name) || others.contains(&name);
        assert!(spec.slow_operations.iter().all(|(name, _)| known(name)), "{}: dead data", spec.name);
    }
    assert_eq!(ids.len(), providers::LIST.len());
    for listed in providers::LIST {
        assert_eq!(listed.spec.id, listed.id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn institutions_come_page_by_page_without_repeats() {
    for rig in Rig::each().await {
        let spec = rig.spec();
        let all = by(institutions(&rig.entry, &rig.clock).await, |one| one.provider_institution_id.clone());
        assert!(!all.is_empty(), "{}", rig.name());
        for one in all.values() {
            assert!(!one.name.is_empty() && one.name.chars().count() <= 200, "{}: {one:?}", rig.name());
            assert!(!one.country_codes.is_empty(), "{}: {one:?}", rig.name());
            let common = one.products.iter().filter(|product| product.is_common());
            assert!(common.copied().all(|product| rig.claims(product)), "{}: {one:?}", rig.name());
        }
        let country = vec![spec.countries[0].to_owned()];
        let request = InstitutionsRequest { country_codes: country.clone(), page: None };
        let page = rig.provider().institutions(&rig.cx(), &request).await.unwrap();
        let served = |codes: &[String]| codes.contains(&country[0]);
        assert!(page.institutions.iter().all(|one| served(&one.country_codes)), "{}: {country:?}", rig.name());
        let some_has = |product: Product| all.values().any(|one| one.products.contains(&product));
        assert!(rig.claimed().all(some_has), "{}: a claimed product is nowhere to be had", rig.name());
    }
}
