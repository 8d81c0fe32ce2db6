//! Every claimed kind of data comes, well-formed and in our terms; every other is refused without a call.

use std::collections::{BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use linkspan::domain::product::Product;
use linkspan::domain::secret::Secret;
use linkspan::providers::data::{
    AccountsWanted, InvestmentTransactionsRequest, ProviderAccount, ProviderInvestmentTransaction, RefreshRequest,
    TransactionsRequest,
};
use linkspan::providers::{Failure, FailureKind};

use super::rig::{MOST_PAGES, Rig, by};

const NUMBERS: AccountsWanted = AccountsWanted { live_balances: false, identifiers: true, owners: false };
const OWNERS: AccountsWanted = AccountsWanted { live_balances: false, identifiers: false, owners: true };
const LIVE: AccountsWanted = AccountsWanted { live_balances: true, identifiers: false, owners: false };

async fn accounts(rig: &Rig, credential: &Secret, wanted: AccountsWanted) -> Vec<ProviderAccount> {
    let accounts = rig.provider().accounts(&rig.cx(), credential, wanted).await;
    accounts.unwrap_or_else(|failure| panic!("{}: {wanted:?}: {failure}", rig.name()))
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_come_with_what_is_asked_for_and_nothing_more() {
    for rig in Rig::each().await {
        let linked = rig.ready().await;
        let plain = accounts(&rig, &linked.credential, AccountsWanted::default()).await;
        assert!(plain.iter().all(|one| one.identifiers.is_none() && one.owners.is_none()), "{}", rig.name());
        assert!(plain.iter().all(|one| one.currency.is_some() && !one.name.is_empty()), "{}", rig.name());
        assert!(plain.iter().any(|one| one.balances.current.is_some()), "{}", rig.name());
        let ids: HashSet<_> = by(plain, |one| one.provider_account_id.clone()).into_keys().collect();
        for (product, wanted) in [(Product::Identifiers, NUMBERS), (Product::Owners, OWNERS), (Product::Balances, LIVE)]
        {
            if !rig.claims(product) {
                continue;
            }
            let found = accounts(&rig, &linked.credential, wanted).await;
            let same = |one: &ProviderAccount| ids.contains(&one.provider_account_id);
            assert!(!found.is_empty() && found.iter().all(same), "{}: {product}", rig.name());
            assert_eq!(found.iter().any(|one| one.identifiers.is_some()), wanted.identifiers, "{}", rig.name());
            assert_eq!(found.iter().any(|one| one.owners.is_some()), wanted.owners, "{}", rig.name());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn holdings_and_liabilities_belong_to_accounts_that_are_there() {
    for rig in Rig::each().await {
        let linked = rig.ready().await;
        let all = accounts(&rig, &linked.credential, AccountsWanted::default()).await;
        let ids: HashSet<_> = all.iter().map(|one| one.provider_account_id.as_str()).collect();
        if rig.claims(Product::InvestmentHoldings) {
            let holdings = rig.provider().holdings(&rig.cx(), &linked.credential).await.unwrap();
            assert!(!holdings.is_empty(), "{}", rig.name());
            for one in by(holdings, |one| (one.provider_account_id.clone(), one.provider_security_id.clone())).values()
            {
                assert!(ids.contains(one.provider_account_id.as_str()) && one.currency.is_some(), "{one:?}");
            }
        }
        if rig.claims(Product::Liabilities) {
            let liabilities = rig.provider().liabilities(&rig.cx(), &linked.credential).await.unwrap();
            assert!(!liabilities.is_empty(), "{}", rig.name());
            for one in by(liabilities, |one| (one.provider_account_id.clone(), format!("{:?}", one.kind))).values() {
                assert!(ids.contains(one.provider_account_id.as_str()), "{one:?}");
            }
        }
    }
}

async fn trades(rig: &Rig, credential: &Secret, from: NaiveDate, to: NaiveDate) -> Vec<ProviderInvestmentTransaction> {
    let mut request = InvestmentTransactionsRequest { from, to, page: None };
    let mut found = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = rig.provider().investment_transactions(&rig.cx(), credential, &request).await.unwrap();
        found.extend(page.transactions);
        match page.next {
            None => return found,
            next => {
                assert_ne!(next, request.page, "{}: the page does not move", rig.name());
                request.page = next;
            }
        }
    }
    panic!("{}: the movements never end", rig.name());
}

#[tokio::test(flavor = "multi_thread")]
async fn investment_transactions_of_a_window_are_all_in_it() {
    for rig in Rig::each().await.into_iter().filter(|rig| rig.claims(Product::InvestmentTransactions)) {
        let linked = rig.ready().await;
        let to = rig.clock.now().date_naive();
        // No further back than the provider goes.
        let half = u64::from(rig.spec().history_days).min(400) / 2;
        let middle = to - Days::new(half);
        let from = to - Days::new(2 * half);
        let ids = |rows: Vec<_>| -> BTreeSet<String> {
            by(rows, |one: &ProviderInvestmentTransaction| one.provider_transaction_id.clone()).into_keys().collect()
        };
        let whole = trades(&rig, &linked.credential, from, to).await;
        assert!(whole.iter().all(|one| (from..=to).contains(&one.date)), "{}", rig.name());
        assert!(!whole.is_empty(), "{}", rig.name());
        let older = trades(&rig, &linked.credential, from, middle).await;
        let newer = trades(&rig, &linked.credential, middle + Days::new(1), to).await;
        assert!(!older.is_empty() && !newer.is_empty(), "{}", rig.name());
        let halves: BTreeSet<String> = ids(older).union(&ids(newer)).cloned().collect();
        assert_eq!(ids(whole), halves, "{}", rig.name());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_spec_does_not_claim_is_refused_without_a_call() {
    for rig in Rig::each().await {
        let credential = rig.ready().await.credential;
        let unclaimed = Product::COMMON.into_iter().filter(|product| !rig.claims(*product));
        for product in unclaimed {
            let before = rig.calls();
            let failure = fetch(&rig, product, &credential).await.expect_err(product.as_str());
            assert_eq!(failure.kind, FailureKind::Unsupported, "{}: {product}: {failure}", rig.name());
            assert_eq!(rig.calls(), before, "{}: {product} was called for", rig.name());
        }
        let before = rig.calls();
        if !rig.spec().processor_tokens {
            let failure = rig.provider().processor_token(&rig.cx(), &credential, "a", "b").await.unwrap_err();
            assert_eq!(failure.kind, FailureKind::Unsupported, "{}", rig.name());
        }
        // Products that it cannot refresh are passed over.
        let fixed: Vec<_> = Product::ALL.iter().copied().filter(|one| !rig.spec().refreshable.contains(one)).collect();
        rig.provider().refresh(&rig.cx(), &credential, &RefreshRequest::of(&fixed)).await.unwrap();
        assert_eq!(rig.calls(), before, "{}", rig.name());
    }
}

async fn fetch(rig: &Rig, product: Product, credential: &Secret) -> Result<(), Failure> {
    let (provider, cx) = (rig.provider(), rig.cx());
    match product {
        Product::Identifiers => provider.accounts(&cx, credential, NUMBERS).await.map(drop),
        Product::Owners => provider.accounts(&cx, credential, OWNERS).await.map(drop),
        Product::Transactions => {
            provider.transactions(&cx, credential, &TransactionsRequest::default()).await.map(drop)
        }
        Product::InvestmentHoldings => provider.holdings(&cx, credential).await.map(drop),
        Product::InvestmentTransactions => {
            let today = rig.clock.now().date_naive();
            let request = InvestmentTransactionsRequest { from: today - Days::new(30), to: today, page: None };
            provider.investment_transactions(&cx, credential, &request).await.map(drop)
        }
        Product::Liabilities => provider.liabilities(&cx, credential).await.map(drop),
        other => provider.accounts(&cx, credential, LIVE).await.map(|_| panic!("{other} is nobody's to leave out")),
    }
}
