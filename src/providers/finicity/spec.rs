//! What Finicity can do, as data. `[S]` stands for the official description 1.42.0, `[D]` for a page of its documentation.

use std::time::Duration;

use crate::domain::placement::Placement;
use crate::domain::plan::{Billing, Preparation, Terms};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::finicity::error::CONSENT_REVOKED;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// How far standard aggregation goes back, in days: "up to 180 days of transactions prior to the date each account was added".
pub const STANDARD_HISTORY: u16 = 180;

/// Finicity's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::Finicity,
    name: "Finicity",
    // [S] servers
    production_url: "https://api.finicity.com",
    // [S] accounts, details, owner, transactions, position, detail
    products: &Product::COMMON,
    never_alone: &[],
    identifiers_flows: &[],
    // [S] "Supported regions" of every operation
    countries: &["US"],
    // [S] language of /connect/v2/generate
    languages: &["en", "es", "fr"],
    // [S] /connect/v2/generate answers a link
    launch: LaunchKind::Redirect,
    launches_once: false,
    // [S] no operation of Connect takes products; dataScopes of a receipt are an open list of texts, from which nothing is read
    consent_scopes: false,
    // [S] /connect/v2/generate/fix restores a login; accounts are chosen at the first link
    account_selection: false,
    keeps_logins: false,
    new_accounts: NewAccounts::Offered,
    // [S] the historic transactions of an account: "up to 24 months"; billed once for each customer, so that a link gets them only
    // where it asks for more than the standard (B15)
    history_days: 730,
    // The access key of another of Finicity's partners is none
    processor_tokens: false,
    // [S] "Active accounts are automatically refreshed by Finicity once per day"; rule E7
    read_every_hours: 24,
    // [S] the refresh of a login: "account and transaction data for all accounts"
    refreshable: &[
        Product::Balances,
        Product::Transactions,
        Product::InvestmentHoldings,
        Product::InvestmentTransactions,
        Product::Liabilities,
    ],
    // [S] the live available balance of an account is a billable call
    refresh_billing: Billing::ByContract,
    live_balances: Some(Billing::PerCall),
    // [S] "calling Refresh repeatedly is usually a waste of resources"
    refresh_pause_seconds: 3_600,
    // No cursor; [S] fromDate and toDate
    forced_every_hours: None,
    // [S] 947 is "expired or revoked"; REVOKED of InstitutionArrangementStatusDetails in GET /data-sharing-consents tells which
    revocation_codes: &[CONSENT_REVOKED],
    unattended_a_day: None,
    takes_psu: false,
    reads_windows: true,
    // [D] x-finicity-signature
    webhooks: WebhookProof::Verified,
    slow_operations: &[
        // [S] "The recommended timeout setting for this request is 180 seconds"; the first reading may load old history
        ("refresh", Duration::from_secs(180)),
        ("transactions", Duration::from_secs(180)),
        // One call to the institution for each account
        ("live_balances", Duration::from_secs(180)),
        ("identifiers", Duration::from_secs(180)),
        ("owners", Duration::from_secs(180)),
    ],
    // Notes, section 3: numbers, owners and live balances are billed by the call
    terms,
    bills_until_deleted: false,
};

/// `[S]` "billable": account details (numbers) and owners, each time that they are read.
fn terms(product: Product, placement: Placement) -> Terms {
    match product {
        Product::Identifiers | Product::Owners => {
            Terms { billing: Billing::PerCall, preparation: Preparation::AtFirstUse }
        }
        _ => by_contract(product, placement),
    }
}
