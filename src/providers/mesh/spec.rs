//! What Mesh can do, as data. `[S]` stands for the official description, `[D]` for a page of its documentation.

use crate::domain::plan::Billing;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// Mesh's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::Mesh,
    name: "Mesh",
    // [S] servers
    production_url: "https://integration-api.meshconnect.com",
    // [S] /balance/get, /holdings/get, /transactions/list; there are no bank accounts with ordinary transactions
    products: &[Product::Balances, Product::InvestmentHoldings, Product::InvestmentTransactions],
    never_alone: &[],
    identifiers_flows: &[],
    // [S] values are in USD; an integration names no country
    countries: &["US"],
    // [D] Link: English alone is supported everywhere
    languages: &["en"],
    // [D] Link is opened by the link token in the application's own page
    launch: LaunchKind::Script,
    // [D] link token: single use
    launches_once: true,
    // [S] POST /linktoken names no scopes: what may be read is decided by the API key
    consent_scopes: false,
    // Link offers the choice where the institution has it; it cannot be asked for
    account_selection: false,
    keeps_logins: false,
    new_accounts: NewAccounts::Offered,
    // [S] /transactions/list takes any beginning; what an institution keeps is not said
    history_days: 730,
    processor_tokens: false,
    // Rule E7: every read is live at the institution
    read_every_hours: 12,
    // [S] "Performs realtime API call": there is nothing to refresh but by reading
    refreshable: &[],
    refresh_billing: Billing::ByContract,
    live_balances: None,
    refresh_pause_seconds: 0,
    forced_every_hours: None,
    // None: [S] a token that is refused is answered with 401 or `notAuthorized`, whoever ended it; there are no webhooks of it
    revocation_codes: &[],
    unattended_a_day: None,
    takes_psu: false,
    reads_windows: false,
    // [D] webhooks tell of transfers alone, signed by HMAC
    webhooks: WebhookProof::Unrelated,
    slow_operations: &[],
    terms: by_contract,
    bills_until_deleted: false,
};
