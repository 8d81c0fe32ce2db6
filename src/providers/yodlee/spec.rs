//! What Yodlee can do, as data. `[S]` stands for the official description 1.1.0, `[D]` for a page of its documentation.

use std::time::Duration;

use crate::domain::plan::Billing;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// Yodlee's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::Yodlee,
    name: "Yodlee",
    // [D] client credentials: environments
    production_url: "https://production.api.yodlee.com/ysl",
    // [S] Account, Transaction, Holding, Statement; numbers and holders as far as the contract has them
    products: &Product::COMMON,
    never_alone: &[],
    identifiers_flows: &[],
    // [S] BankTransferCode (US, GB, AU), GET /providers (US and CA)
    countries: &["US", "CA", "GB", "AU"],
    // [D] FastLink 4: the language is part of a configuration
    languages: &["en"],
    // [D] FastLink 4, integration without the script
    launch: LaunchKind::FormPost,
    launches_once: false,
    // [D] the datasets of a session are those of its configuration; none is only consented to. What the customer withholds at the
    // institution shows at the end of a link for numbers and holders ([S] ACCT_PROFILE, fullAccountNumberList, holder: none, though the
    // update is over); within BASIC_AGG_DATA Yodlee cannot tell it from accounts that have nothing.
    consent_scopes: false,
    // [D] the flow `edit` has no choice of accounts
    account_selection: false,
    keeps_logins: false,
    new_accounts: NewAccounts::Offered,
    // [S] GET /transactions: "up to 2 years"
    history_days: 730,
    processor_tokens: false,
    // Rule E7; [D] Yodlee itself updates logins once a day
    read_every_hours: 24,
    // [S] PUT /providerAccounts/refresh fetches everything that the configuration names
    refreshable: &[
        Product::Balances,
        Product::Transactions,
        Product::InvestmentHoldings,
        Product::InvestmentTransactions,
        Product::Liabilities,
    ],
    // [S] GET /accounts/latestBalances; no price by call is published
    refresh_billing: Billing::ByContract,
    live_balances: Some(Billing::ByContract),
    // [S] PUT /providerAccounts: "at least 15 min between requests"
    refresh_pause_seconds: 15 * 60,
    // [S] GET /transactions: by dates; GET /dataExtracts/userData would tell of a user's changes, for seven days
    forced_every_hours: Some(24),
    revocation_codes: &["CONSENT_REVOKED"],
    unattended_a_day: None,
    takes_psu: false,
    reads_windows: true,
    // [D] webhooks: no signature is documented
    webhooks: WebhookProof::SecretPath,
    // [S] GET /accounts/latestBalances asks the institution, some accounts at a time
    slow_operations: &[("live_balances", Duration::from_secs(90))],
    terms: by_contract,
    bills_until_deleted: false,
};
