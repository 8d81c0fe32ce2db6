//! What a provider can do, as data: tests, docs, API and refusals all come from it.

use std::time::Duration;

use serde::Serialize;

use crate::domain::combination::IdentifiersFlow;
use crate::domain::placement::Placement;
use crate::domain::plan::{Billing, Offer, Preparation, Terms};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;

/// What a provider can do; each claim has its source beside it in the provider's own `spec.rs`.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Which provider.
    pub id: ServiceProvider,
    /// Its name for people.
    pub name: &'static str,
    /// Where its production API lives.
    pub production_url: &'static str,
    /// Products that can be asked for at link time.
    pub products: &'static [Product],
    /// Products whose link cannot be asked for with nothing else (B5).
    pub never_alone: &'static [Product],
    /// The ways to account numbers that can be asked for by name.
    pub identifiers_flows: &'static [IdentifiersFlow],
    /// ISO 3166 alpha-2.
    pub countries: &'static [&'static str],
    /// ISO 639-1, for its pages.
    pub languages: &'static [&'static str],
    /// How the customer gets there.
    pub launch: LaunchKind,
    /// Whether what the customer is sent with opens once, so that whoever asks again is given another.
    pub launches_once: bool,
    /// Whether the customer agrees to products one by one, in the session, so that consent-only ones are asked for there (B4) and what was
    /// not agreed to is not to be had (C2, A8). A session
    /// may name what is asked for, or show all that the application has.
    pub consent_scopes: bool,
    /// Whether its form keeps the customer's login there when asked to (E6).
    pub keeps_logins: bool,
    /// How accounts come that were not there at the first import (E5).
    pub new_accounts: NewAccounts,
    /// Whether its session can change the shared accounts (D5).
    pub account_selection: bool,
    /// How far back transactions go, in days.
    pub history_days: u16,
    /// Whether processor tokens can be had.
    pub processor_tokens: bool,
    /// Hours between scheduled reads (E7).
    pub read_every_hours: u16,
    /// Products that a forced refresh covers (E1).
    pub refreshable: &'static [Product],
    /// What such a refresh costs.
    pub refresh_billing: Billing,
    /// What a live balance costs that a refresh of `BALANCES` alone asks for (E11); `None` = it has none beside what it reads or
    /// refreshes anyway.
    pub live_balances: Option<Billing>,
    /// The shortest time between two forced refreshes of a connection, in seconds (E8).
    pub refresh_pause_seconds: u32,
    /// Hours from one forced refresh of ours to the next, where the schedule forces them (E7); `None` = it only reads.
    pub forced_every_hours: Option<u16>,
    /// Its codes that say that the customer took the permission back (D2, F6).
    pub revocation_codes: &'static [&'static str],
    /// How often in 24 hours an institution lets itself be read without the end user (E3), where that is limited.
    pub unattended_a_day: Option<u16>,
    /// Whether it takes the end user's headers with a refresh (E3).
    pub takes_psu: bool,
    /// Whether transactions are read as windows of dates, each whole, instead of as changes: what a run does not bring of a
    /// window that it read to its end ([`Window`](super::data::Window)) has vanished.
    pub reads_windows: bool,
    /// How its webhooks show whose they are.
    pub webhooks: WebhookProof,
    /// The deadline of an operation that may take longer than 30 seconds; in jobs only.
    pub slow_operations: &'static [(&'static str, Duration)],
    /// When it bills a product and prepares its data (B9, B10).
    pub terms: fn(Product, Placement) -> Terms,
    /// Whether a product that it has billed once may be billed until the connection is deleted, whatever is fetched (A15).
    pub bills_until_deleted: bool,
}

/// The terms of a provider that publishes no price by product: what stands in the link is prepared with it.
pub fn by_contract(_: Product, placement: Placement) -> Terms {
    let preparation = if placement.is_fetched() { Preparation::Prefetched } else { Preparation::AtFirstUse };
    Terms { billing: Billing::ByContract, preparation }
}

impl Spec {
    /// Whether the code behind a connection's status says that the customer took the permission back.
    pub fn is_revocation(&self, code: &str) -> bool {
        self.revocation_codes.contains(&code)
    }

    /// What the plan of a link needs of it (B8).
    pub fn offer(&self) -> Offer {
        Offer {
            provider: self.id,
            products: self.products,
            consent_scopes: self.consent_scopes,
            terms: self.terms,
            institution: None,
        }
    }

    /// What a refresh of these products costs (E11): the dearest of what it asks for. A refresh takes what it covers from the
    /// institution; the rest is read.
    pub fn billing_of_refresh(&self, products: &[Product]) -> Billing {
        if let (Some(live), [Product::Balances]) = (self.live_balances, products) {
            return live;
        }
        let costs = |&product: &Product| match (self.terms)(product, Placement::Optional).billing {
            _ if self.refreshable.contains(&product) => self.refresh_billing,
            // They come with the list of accounts.
            Billing::PerCall if product == Product::Balances => Billing::Never,
            read => read,
        };
        let costs: Vec<Billing> = products.iter().map(costs).collect();
        let dearest = [Billing::PerCall, Billing::ByContract].into_iter().find(|class| costs.contains(class));
        // What was billed with the link, or is at its first use, is not billed again for being read.
        dearest.unwrap_or(Billing::Never)
    }

    /// The deadline of an operation: 30 seconds unless listed.
    pub fn deadline(&self, operation: &str) -> Duration {
        self.slow_operations
            .iter()
            .find(|(name, _)| *name == operation)
            .map_or(Duration::from_secs(30), |(_, deadline)| *deadline)
    }
}

/// How accounts come that were not there at the first import (E5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewAccounts {
    /// With what is read anyway, or they are offered, and the customer shares them in a repair.
    Offered,
    /// With a refresh that asks for them, where the consent takes new ones; else with a consent that is given anew.
    ByRefresh,
    /// With a consent that is given anew.
    ByConsent,
}

/// How a provider's webhooks show whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookProof {
    /// By a signature or password that `verify_webhook` judges.
    Verified,
    /// The same, but none of them is about a connection or a session: what changes is found out by reading alone.
    Unrelated,
    /// By nothing but the address, which holds a secret of this installation. Such a webhook only ever causes a reading.
    SecretPath,
}

/// How the customer gets to the provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LaunchKind {
    /// By a redirect to an address.
    Redirect,
    /// By a script in the page.
    Script,
    /// By a form that the page posts.
    FormPost,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::domain::addition::tests::offered;
    use crate::domain::product::Product;
    use crate::providers::LIST;

    #[test]
    fn a3_the_tests_of_additions_know_what_each_provider_has() {
        let set = |products: &[Product]| products.iter().copied().collect::<BTreeSet<_>>();
        for listed in LIST {
            assert_eq!(set(listed.spec.products), set(offered(listed.id)), "{}", listed.id);
        }
    }
}
