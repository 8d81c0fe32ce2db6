//! What Salt Edge can do, as data. It publishes no description: `[O]` stands for its own examples and documentation pages, `[C]` for what
//! several clients do alike, `[1]` for what one of them does.

use crate::domain::plan::Billing;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// What it brings; every unattended refresh brings all of it.
pub const PRODUCTS: &[Product] = &[
    Product::Balances,
    // [C] an account's `extra`: iban, swift, sort_code, account_number
    Product::Identifiers,
    // [1] a connection's `holder_info`
    Product::Owners,
    Product::Transactions,
];

/// With a licence of the client's own.
pub static CLIENT: Spec = spec(ServiceProvider::SaltEdge, "Salt Edge");
/// Under the licence of the provider.
pub static PARTNERS: Spec = spec(ServiceProvider::SaltEdgePartners, "Salt Edge Partners");

/// Both kinds of client use the same endpoints `[O]`.
const fn spec(id: ServiceProvider, name: &'static str) -> Spec {
    Spec {
        id,
        name,
        production_url: "https://www.saltedge.com/api/v6",
        products: PRODUCTS,
        never_alone: &[],
        identifiers_flows: &[],
        countries: &[
            "GB", "IE", "DE", "FR", "ES", "IT", "NL", "BE", "LU", "AT", "PT", "FI", "SE", "DK", "NO", "IS", "EE", "LV",
            "LT", "PL", "CZ", "SK", "HU", "SI", "HR", "RO", "BG", "GR", "CY", "MT", "LI",
        ],
        languages: &["en", "de", "fr", "es", "it", "nl", "pt", "pl", "ro", "bg", "cs", "da", "hu", "sv"],
        // [O] connect_url
        launch: LaunchKind::Redirect,
        launches_once: false,
        // [O] consent.scopes beside attempt.fetch_scopes
        consent_scopes: true,
        // no such field is known
        account_selection: false,
        // [O] attempt.store_credentials
        keeps_logins: true,
        // A background refresh fetches what the customer agreed to.
        new_accounts: NewAccounts::ByConsent,
        // [O] consent.from_date; how far a bank really goes is its own business
        history_days: 730,
        processor_tokens: false,
        // E7
        read_every_hours: 12,
        refreshable: &[Product::Balances, Product::Owners, Product::Transactions],
        refresh_billing: Billing::ByContract,
        live_balances: None,
        // [C] refresh_timeout, in minutes and each bank's own: an hour is the usual one
        refresh_pause_seconds: 3600,
        forced_every_hours: Some(12),
        revocation_codes: &["ConsentRevoked"],
        unattended_a_day: Some(4),
        takes_psu: false,
        reads_windows: true,
        // [C] RSA-SHA256 over url and body
        webhooks: WebhookProof::Verified,
        slow_operations: &[],
        terms: by_contract,
        bills_until_deleted: false,
    }
}
