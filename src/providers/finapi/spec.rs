//! What finAPI can do, as data. `[A]` stands for the description of Access 2024.18.1, `[W]` for that of Web Form 2.709.0.

use std::time::Duration;

use crate::domain::plan::Billing;
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof, by_contract};

/// finAPI's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::FinApi,
    name: "finAPI",
    // [A] servers: the sandbox is sandbox.finapi.io
    production_url: "https://live.finapi.io",
    // [A] Account, Transaction, PendingTransaction, Security; BankConnection.owners as far as an interface loads them
    products: &[
        Product::Balances,
        Product::Identifiers,
        Product::Owners,
        Product::Transactions,
        Product::InvestmentHoldings,
    ],
    never_alone: &[],
    identifiers_flows: &[],
    // [A] Bank.location; the others that it has are few
    countries: &["DE", "AT"],
    // [W] Functionality.language, part of a profile
    languages: &["de", "en"],
    // [W] WebForm.url
    launch: LaunchKind::Redirect,
    launches_once: false,
    // [A] BankConsent covers what is downloaded as a whole
    consent_scopes: false,
    // [W] BankConnectionUpdateTaskDetails: new accounts can be added, none taken away
    account_selection: false,
    // [W] BankConnectionUpdateTaskDetails.manageSavedSettings
    keeps_logins: true,
    // [W] BankConnectionUpdateTaskDetails.importNewAccountsMode
    new_accounts: NewAccounts::ByRefresh,
    // [W] BankConnectionImportDetails.maxDaysForDownload takes more; no rule of ours asks for more
    history_days: 730,
    processor_tokens: false,
    // Rule E7
    read_every_hours: 12,
    // [W] POST /api/tasks/backgroundUpdate downloads balances, positions and transactions; never owners
    refreshable: &[Product::Balances, Product::Transactions, Product::InvestmentHoldings],
    refresh_billing: Billing::ByContract,
    live_balances: None,
    // [A] POST /api/v2/bankConnections/update: not while an update runs, which takes about as long
    refresh_pause_seconds: 60,
    forced_every_hours: Some(12),
    // None: [A] BankConsent.status is PRESENT or NOT_PRESENT, whoever ended it, and no code of ErrorDetails is about it
    revocation_codes: &[],
    // [A] 2.38.0: a recurring consent is for up to four accesses a day
    unattended_a_day: Some(4),
    takes_psu: true,
    // [A] GET /api/v2/transactions: by dates; nothing tells of what was deleted
    reads_windows: true,
    // [A] userNotificationCallbackUrl: no signature
    webhooks: WebhookProof::SecretPath,
    // [A] DELETE /api/v2/bankConnections/{id} deletes the consent at the bank too
    slow_operations: &[("revoke", Duration::from_secs(60))],
    terms: by_contract,
    bills_until_deleted: false,
};
