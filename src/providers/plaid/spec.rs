//! What Plaid can do, as data. `[S]` stands for the official description 2020-09-14 (1.697.4), `[D]` for a page of its documentation.

use std::time::Duration;

use crate::domain::combination::IdentifiersFlow;
use crate::domain::placement::Placement;
use crate::domain::plan::{Billing, Preparation, Terms};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Spec;
use crate::providers::spec::{LaunchKind, NewAccounts, WebhookProof};

/// Plaid's capabilities.
pub static SPEC: Spec = Spec {
    id: ServiceProvider::Plaid,
    name: "Plaid",
    // [S] servers
    production_url: "https://production.plaid.com",
    // [S] Products; BALANCES comes with any other (see `never_alone`)
    products: Product::ALL,
    // [S] /link/token/create products: "`balance` is not a valid value"
    never_alone: &[Product::Balances],
    // [S] auth.same_day_microdeposits_enabled of /link/token/create
    identifiers_flows: &[IdentifiersFlow::SameDayMicrodeposits],
    // [S] CountryCode
    countries: &[
        "US", "GB", "ES", "NL", "FR", "IE", "CA", "DE", "IT", "PL", "DK", "NO", "SE", "EE", "LT", "LV", "PT", "BE",
        "AT", "FI",
    ],
    // [S] /link/token/create language
    languages: &["da", "nl", "en", "et", "fr", "de", "hi", "it", "lv", "lt", "no", "pl", "pt", "ro", "es", "sv", "vi"],
    // [S] hosted_link of /link/token/create; a script where the operator turns hosted pages off
    launch: LaunchKind::Redirect,
    launches_once: false,
    // [S] additional_consented_products of /link/token/create
    consent_scopes: true,
    // [S] update.account_selection_enabled of /link/token/create
    account_selection: true,
    keeps_logins: false,
    new_accounts: NewAccounts::Offered,
    // [S] transactions.days_requested of /link/token/create: 1 to 730
    history_days: 730,
    // [S] /processor/token/create, /processor/stripe/bank_account_token/create
    processor_tokens: true,
    // Rule E7; [S] /transactions/sync: Plaid itself looks for new transactions one to four times a day
    read_every_hours: 12,
    // [S] /transactions/refresh, /investments/refresh (which covers holdings and transactions), /statements/refresh. Income has none:
    // "/credit/bank_income/refresh is deprecated", it comes anew when the customer goes through update mode
    refreshable: &[
        Product::Transactions,
        Product::InvestmentHoldings,
        Product::InvestmentTransactions,
        Product::Statements,
    ],
    // [D] /transactions/refresh and /investments/refresh, and /accounts/balance/get, are billed for each request (rule B9)
    refresh_billing: Billing::PerCall,
    live_balances: Some(Billing::PerCall),
    // [D] rate limits: counted by minute
    refresh_pause_seconds: 60,
    // [S] /transactions/sync
    forced_every_hours: None,
    // The second is its reason within a login error.
    revocation_codes: &["USER_PERMISSION_REVOKED", "OAUTH_USER_REVOKED"],
    unattended_a_day: None,
    takes_psu: false,
    reads_windows: false,
    // [D] webhook verification
    webhooks: WebhookProof::Verified,
    slow_operations: &[
        // [S] /accounts/balance/get: "typically less than 10 seconds, but occasionally up to 30 seconds or more"
        ("live_balances", Duration::from_secs(60)),
        // [S] the same of /transactions/refresh and /investments/refresh, which one refresh may both ask for
        ("refresh", Duration::from_secs(120)),
        // [S] /investments/transactions/get: "may take up to one to two minutes to return" right after Link; holdings come
        // from the same first extraction
        ("holdings", Duration::from_secs(180)),
        ("investment_transactions", Duration::from_secs(180)),
    ],
    // Rules B9, B10
    terms,
    // Rules A15, B9: a subscription goes on with the item, and what ends one there ends all products of the item
    bills_until_deleted: true,
};

/// Rules B9 and B10: what stands in the first three arrays is billed and prepared with the Item; some optional products, and what is
/// consent-only, at the first call of their endpoint.
fn terms(product: Product, placement: Placement) -> Terms {
    let waits = match placement {
        Placement::Optional => matches!(product, Product::Identifiers | Product::Owners | Product::Signal),
        Placement::AdditionalConsented => true,
        Placement::Required | Placement::RequiredIfSupported => false,
    };
    let billing = match product {
        Product::Balances | Product::Assets => Billing::PerCall,
        // Initialising bills holdings alone (B6).
        Product::InvestmentTransactions => Billing::AtFirstUse,
        _ if waits => Billing::AtFirstUse,
        _ => Billing::AtLink,
    };
    // Nothing comes of these by itself: each reading asks for it.
    let preparation = if waits || product.stands_alone() { Preparation::AtFirstUse } else { Preparation::Prefetched };
    Terms { billing, preparation }
}

/// The processors of `/processor/token/create`, a closed list (`[S]`); `stripe` has an endpoint of its own.
pub const PROCESSORS: &[&str] = &[
    "achq",
    "adp_roll",
    "adyen",
    "alloy",
    "alpaca",
    "ansa",
    "apex_clearing",
    "array",
    "astra",
    "atomic",
    "atomicfi",
    "bakkt",
    "bloom_credit",
    "bond",
    "boom",
    "brale",
    "cardless",
    "cardlytics",
    "check",
    "checkbook",
    "checkout",
    "circle",
    "curinos",
    "drivewealth",
    "dwolla",
    "esusu",
    "fiant",
    "finix",
    "fortress_trust",
    "frame",
    "gainbridge",
    "galileo",
    "gemini",
    "gusto",
    "highnote",
    "i2c",
    "interchange",
    "interchecks",
    "knot",
    "layer",
    "lithic",
    "loanpro",
    "marqeta",
    "modern_treasury",
    "moov",
    "nuvei",
    "oatfi",
    "ocrolus",
    "open_ledger",
    "parafin",
    "paynote",
    "pinwheel",
    "riskified",
    "rize",
    "sardine",
    "scribeup",
    "sfox",
    "sila_money",
    "solid",
    "stake",
    "straddle",
    "svb_api",
    "taba_pay",
    "teal",
    "thread_bank",
    "treasury_prime",
    "unit",
    "utb",
    "valon",
    "vesta",
    "vopay",
    "wedbush",
    "wepay",
    "wyre",
    "zero_hash",
];

#[cfg(test)]
mod tests {
    use super::*;
    use Billing::{AtFirstUse as USE, AtLink as LINK, PerCall as CALL};
    use Preparation::{AtFirstUse as LATER, Prefetched as READY};
    use Product::*;

    /// In `products`, `requiredIfSupportedProducts`, `optionalProducts` and `additionalConsentedProducts`.
    #[rustfmt::skip]
    const TERMS: [(Product, [Billing; 4], [Preparation; 4]); 12] = [
        (Identifiers,            [LINK, LINK, USE,  USE ], [READY, READY, LATER, LATER]),
        (Owners,                 [LINK, LINK, USE,  USE ], [READY, READY, LATER, LATER]),
        (Signal,                 [LINK, LINK, USE,  USE ], [READY, READY, LATER, LATER]),
        (Transactions,           [LINK, LINK, LINK, USE ], [READY, READY, READY, LATER]),
        (InvestmentHoldings,     [LINK, LINK, LINK, USE ], [READY, READY, READY, LATER]),
        (InvestmentTransactions, [USE,  USE,  USE,  USE ], [READY, READY, READY, LATER]),
        (Liabilities,            [LINK, LINK, LINK, USE ], [READY, READY, READY, LATER]),
        (Statements,             [LINK, LINK, LINK, USE ], [READY, READY, READY, LATER]),
        (Income,                 [LINK, LINK, LINK, USE ], [READY, READY, READY, LATER]),
        (ConsumerReport,         [LINK, LINK, LINK, USE ], [READY, READY, READY, LATER]),
        (Assets,                 [CALL, CALL, CALL, CALL], [READY, READY, READY, LATER]),
        (Balances,               [CALL, CALL, CALL, CALL], [READY, READY, READY, LATER]),
    ];

    #[test]
    fn b6_b9_b10_each_product_is_billed_and_prepared_by_its_array() {
        for (product, billing, preparation) in TERMS {
            let stated: Vec<Terms> = Placement::ALL.iter().map(|&placement| terms(product, placement)).collect();
            assert_eq!(stated.iter().map(|one| one.billing).collect::<Vec<_>>(), billing, "{product}");
            assert_eq!(stated.iter().map(|one| one.preparation).collect::<Vec<_>>(), preparation, "{product}");
        }
        let alone = Product::ALL.iter().filter(|product| product.stands_alone());
        assert_eq!(TERMS.len() + alone.count(), SPEC.products.len());
    }
}
