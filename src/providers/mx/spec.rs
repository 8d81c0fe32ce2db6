//! What MX can do, as data. `[S]` stands for the official descriptions (20111101 and 20250224), `[D]` for a page of its
//! documentation, <https://docs.mx.com>.

use crate::domain::placement::Placement;
use crate::domain::plan::{Billing, Preparation, Terms};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// MX's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::Mx,
    name: "MX",
    // [S] servers
    production_url: "https://api.mx.com",
    // [S] the lists under /users/{user}/members/{member}; investment transactions are those of accounts of type INVESTMENT, and
    // the terms of loans and cards are fields of the accounts
    products: &Product::COMMON,
    // [S] check_balance and accounts need no other product
    never_alone: &[],
    identifiers_flows: &[],
    // [S] iso_country_code of an institution
    countries: &["US", "CA"],
    // [S] Accept-Language of widget_urls; [D] the widget's languages
    languages: &["en", "es", "fr"],
    // [S] POST /users/{user}/widget_urls
    launch: LaunchKind::Redirect,
    // [D] widget_urls: ten minutes or one use
    launches_once: true,
    // No consent is named in a session, and none is told. What the customer withholds at the institution shows at the end of a link
    // for numbers and owners ([S] account_numbers, account_owners: none, though their job has run) and for transactions ([S]
    // has_processed_transactions of /status: false, and there are none); for the rest MX cannot tell it from accounts that have nothing.
    consent_scopes: false,
    // The widget has no choice of accounts for a member that is there.
    account_selection: false,
    keeps_logins: false,
    new_accounts: NewAccounts::Offered,
    // [S] extend_history: "up to 24 months of data"
    history_days: 730,
    // [S] POST /authorization_code
    processor_tokens: true,
    // Rule E7: MX itself looks for new data about every 24 hours; reading is free.
    read_every_hours: 12,
    // [S] aggregate covers all that a member has but numbers and owners
    refreshable: &[
        Product::Transactions,
        Product::InvestmentHoldings,
        Product::InvestmentTransactions,
        Product::Liabilities,
    ],
    // [S] check_balance; no price by call is published
    refresh_billing: Billing::ByContract,
    live_balances: Some(Billing::ByContract),
    // [D] a standard aggregation within three hours of a successful one is not run
    refresh_pause_seconds: 3 * 60 * 60,
    // Its own nightly one is usually younger.
    forced_every_hours: Some(24),
    // None: [S] the closed list of connection_status has no word for it. A token that was taken back shows as IMPAIRED, "credentials
    // missing or partial", as one that ended does
    revocation_codes: &[],
    unattended_a_day: None,
    takes_psu: false,
    // Deleted rows simply vanish.
    reads_windows: true,
    // [D] HTTP Basic, with what was set in the dashboard
    webhooks: WebhookProof::Verified,
    slow_operations: &[],
    // Notes, section 2: reading holdings enrols the user in a billed product
    terms,
    bills_until_deleted: false,
};

/// Reading holdings enrols the user in a billed product; the rest is the contract's.
fn terms(product: Product, placement: Placement) -> Terms {
    match product {
        Product::InvestmentHoldings => Terms { billing: Billing::AtFirstUse, preparation: Preparation::AtFirstUse },
        _ => by_contract(product, placement),
    }
}
