//! What Akoya can do, as data. `[S]` stands for the description derived from its official client (v2.4.0), `[D]` for a page of its
//! documentation, `[U]` for what is not confirmed anywhere official.

use std::time::Duration;

use crate::domain::plan::Billing;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// Akoya's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::Akoya,
    name: "Akoya",
    // [S] servers
    production_url: "https://products.ddp.akoya.com",
    // [S] balances, payment-networks, contacts, transactions (of investment accounts too), accounts; liabilities are fields of
    // the balances of cards and loans
    products: &[
        Product::Balances,
        Product::Identifiers,
        Product::Owners,
        Product::Transactions,
        Product::InvestmentHoldings,
        Product::InvestmentTransactions,
        Product::Liabilities,
    ],
    never_alone: &[],
    identifiers_flows: &[],
    // [D] American institutions
    countries: &["US"],
    languages: &["en"],
    // [D] authorization code flow at the institution's own page
    launch: LaunchKind::Redirect,
    launches_once: false,
    // [D] the id token's `products`: what was not granted is refused
    consent_scopes: true,
    // [D] the customer ticks accounts in every authorization
    account_selection: true,
    keeps_logins: false,
    new_accounts: NewAccounts::Offered,
    // [U] two years; an institution that has less gives less
    history_days: 730,
    processor_tokens: false,
    // Rule E7: each read goes to the institution
    read_every_hours: 12,
    // [S] nothing is kept at Akoya that could be refreshed
    refreshable: &[],
    refresh_billing: Billing::ByContract,
    live_balances: None,
    refresh_pause_seconds: 0,
    // [S] startTime and endTime of /transactions; there are no changes
    forced_every_hours: None,
    // [D] 601: the customer ended the consent
    revocation_codes: &["601"],
    unattended_a_day: None,
    takes_psu: false,
    reads_windows: true,
    // [D] notifications are not signed
    webhooks: WebhookProof::SecretPath,
    slow_operations: &[
        // One call for each account, each of up to ten seconds ([S] 408: "round trip call took >10 seconds")
        ("identifiers", Duration::from_secs(180)),
        ("owners", Duration::from_secs(180)),
    ],
    terms: by_contract,
    bills_until_deleted: false,
};
