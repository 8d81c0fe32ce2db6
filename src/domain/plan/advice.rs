//! What would be better than the arrays that were asked for (rule B11).

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::combination::{conflicts, is_other_than_bank_income};
use super::super::placement::Placement;
use super::super::product::Product;
use super::super::service_provider::ServiceProvider;
use super::super::support_matrix::same_upstream;
use super::{Activation, Asked, Coverage, FirstCharge, Offer, ProductAt};

use Placement::{AdditionalConsented, Optional, Required, RequiredIfSupported};
use Product::{
    Assets, Identifiers, Income, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions,
};

wire_enum! {
    /// What to do.
    pub enum AdviceCode {
        /// Ask for it where it is supported, so that no institution is left out for its sake.
        UseRequiredIfSupported = "USE_REQUIRED_IF_SUPPORTED",
        /// Ask for it as an optional product, so that the link succeeds without it.
        UseOptional = "USE_OPTIONAL",
        /// Ask for consent only, and add it when it is needed.
        UseConsentOnly = "USE_CONSENT_ONLY",
        /// Ask for it now rather than later.
        IncludeNow = "INCLUDE_NOW",
        /// Ask for it in a session of its own (B7).
        SeparateSession = "SEPARATE_SESSION",
    }
}

wire_enum! {
    /// What is gained by it.
    pub enum Gain {
        /// Less is billed.
        Cheaper = "CHEAPER",
        /// Data is there sooner.
        Faster = "FASTER",
        /// More customers get through.
        HigherConversion = "HIGHER_CONVERSION",
        /// Without it the link cannot be started.
        Possible = "POSSIBLE",
    }
}

/// A piece of advice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Advice {
    /// What to do.
    pub code: AdviceCode,
    /// With which product.
    pub product: Product,
    /// Products that these providers treat as the same one: they have to move too (B6).
    pub with: Vec<Product>,
    /// The array to which it would move, where it moves.
    pub placement: Option<Placement>,
    /// The providers at which it holds.
    pub service_providers: Vec<ServiceProvider>,
    /// What is gained.
    pub gain: Gain,
    /// Why, for people.
    pub reason: String,
    /// The rule's number.
    pub rule: &'static str,
}

/// A recommended shape, told by what departs from it: a product that stands in one of these arrays beside one of those.
struct Tip {
    product: Product,
    stands: &'static [Placement],
    beside: &'static [(Product, Placement)],
    code: AdviceCode,
    to: Placement,
    gain: Gain,
    /// What brings it as it stands, where the reason is about that.
    later: &'static [Activation],
    reason: &'static str,
}

const FETCHED: &[Placement] = &[Required, RequiredIfSupported, Optional];
const BUDGETING: &[(Product, Placement)] = &[(Transactions, Required)];
const SLOW: &[(Product, Placement)] = &[
    (Transactions, Required),
    (Transactions, RequiredIfSupported),
    (Transactions, Optional),
    (InvestmentHoldings, Required),
    (InvestmentHoldings, RequiredIfSupported),
    (InvestmentHoldings, Optional),
    (InvestmentTransactions, Required),
    (InvestmentTransactions, RequiredIfSupported),
    (InvestmentTransactions, Optional),
];

#[rustfmt::skip]
const TIPS: &[Tip] = &[
    Tip { product: Owners, stands: &[Required], beside: &[(Identifiers, Required), (Transactions, Required)],
        code: AdviceCode::UseRequiredIfSupported, to: RequiredIfSupported, gain: Gain::HigherConversion, later: &[],
        reason: "Not every institution knows the owners. Required if supported asks for them wherever they are, and leaves no institution out." },
    Tip { product: Identifiers, stands: &[Required], beside: &[(Assets, Required)],
        code: AdviceCode::UseRequiredIfSupported, to: RequiredIfSupported, gain: Gain::HigherConversion, later: &[],
        reason: "Lending needs the asset report; the numbers matter for the payout alone, and not every institution has them." },
    Tip { product: Identifiers, stands: &[Required, RequiredIfSupported], beside: BUDGETING,
        code: AdviceCode::UseOptional, to: Optional, gain: Gain::HigherConversion, later: &[],
        reason: "Where payments are an add-on to budgeting, the numbers should keep nobody from linking: as an optional product they come where they can be had at once." },
    Tip { product: Transactions, stands: FETCHED, beside: &[(Identifiers, Required)],
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper, later: &[],
        reason: "Where budgeting is an add-on to payments, its subscription should begin with the customers who use it." },
    Tip { product: Transactions, stands: FETCHED, beside: &[(Income, Required)],
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper, later: &[],
        reason: "Bank income brings its own transactions. The subscription should begin with the customers who use it." },
    Tip { product: Liabilities, stands: FETCHED, beside: BUDGETING,
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper, later: &[],
        reason: "Many customers have no card or loan. Add it once the accounts show that they do." },
    Tip { product: InvestmentHoldings, stands: FETCHED, beside: BUDGETING,
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper, later: &[],
        reason: "Many customers have no investment account. Add it once the accounts show that they do." },
    Tip { product: InvestmentTransactions, stands: FETCHED, beside: BUDGETING,
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper, later: &[],
        reason: "Many customers have no investment account. Add it once the accounts show that they do." },
    Tip { product: Assets, stands: &[RequiredIfSupported, Optional, AdditionalConsented], beside: &[(Income, Required)],
        code: AdviceCode::IncludeNow, to: Required, gain: Gain::Faster, later: &[Activation::Link, Activation::Repair],
        reason: "Beside bank income the asset report needs no more of the customer now. Left to chance or to later, it may need a repair session." },
    Tip { product: Identifiers, stands: &[AdditionalConsented], beside: SLOW,
        code: AdviceCode::IncludeNow, to: Optional, gain: Gain::Faster, later: &[Activation::Products],
        reason: "What is added right after a product with a history waits for it. If it is wanted at once, ask for it now." },
    Tip { product: Owners, stands: &[AdditionalConsented], beside: SLOW,
        code: AdviceCode::IncludeNow, to: Optional, gain: Gain::Faster, later: &[Activation::Products],
        reason: "What is added right after a product with a history waits for it. If it is wanted at once, ask for it now." },
];

/// What would be better, for the providers that could do it.
pub fn advise(asked: Asked<'_>, offers: &[Offer], coverage: &Coverage) -> Vec<Advice> {
    let mut advice = separate(asked, offers);
    for one in TIPS.iter().flat_map(|tip| tip.advice(asked, offers, coverage)) {
        if !advice.iter().any(|earlier| earlier.covers(&one)) {
            advice.push(one);
        }
    }
    advice
}

/// What cannot be asked for with the rest, each once (B7).
fn separate(asked: Asked<'_>, offers: &[Offer]) -> Vec<Advice> {
    let mut advice: Vec<Advice> = Vec::new();
    for conflict in conflicts(asked.placements, asked.identifiers_flow, asked.product_options) {
        let product = conflict.apart;
        // Income of other sources than a bank is had in no link at all.
        let is_hopeless = product == Income && is_other_than_bank_income(asked.product_options);
        let providers: Vec<_> = having(offers, product).map(|offer| offer.provider).collect();
        if is_hopeless || providers.is_empty() || advice.iter().any(|earlier| earlier.product == product) {
            continue;
        }
        advice.push(Advice {
            code: AdviceCode::SeparateSession,
            product,
            with: Vec::new(),
            placement: None,
            service_providers: providers,
            gain: Gain::Possible,
            reason: conflict.detail,
            rule: "B7",
        });
    }
    advice
}

fn having(offers: &[Offer], product: Product) -> impl Iterator<Item = &Offer> {
    offers.iter().filter(move |offer| offer.has(product))
}

impl Advice {
    /// Whether who follows this one has followed that one too.
    fn covers(&self, other: &Self) -> bool {
        self.code == other.code
            && self.with.contains(&other.product)
            && other.with.contains(&self.product)
            && other.service_providers.iter().all(|provider| self.service_providers.contains(provider))
    }
}

impl Tip {
    /// Where it holds: one piece for the providers at which the product moves alone, one for those at which others move with it.
    fn advice(&self, asked: Asked<'_>, offers: &[Offer], coverage: &Coverage) -> Vec<Advice> {
        let Some(now) = asked.placements.of(self.product).filter(|now| self.stands.contains(now)) else {
            return Vec::new();
        };
        if !self.beside.iter().any(|&(product, placement)| asked.placements.of(product) == Some(placement)) {
            return Vec::new();
        }
        let mut providers: BTreeMap<Vec<Product>, Vec<ServiceProvider>> = BTreeMap::new();
        for offer in having(offers, self.product) {
            let with = self.moves_with(asked, offer);
            if self.holds(asked, now, offer, &with) {
                providers.entry(with).or_default().push(offer.provider);
            }
        }
        providers.into_iter().filter_map(|(with, providers)| self.told(with, providers, coverage)).collect()
    }

    /// What is one with it there and would keep it in the link (B6).
    fn moves_with(&self, asked: Asked<'_>, offer: &Offer) -> Vec<Product> {
        let fetched = |other: &Product| asked.placements.of(*other).is_some_and(Placement::is_fetched);
        let other = same_upstream(offer.provider, self.product).filter(fetched);
        other.filter(|_| self.code == AdviceCode::UseConsentOnly).into_iter().collect()
    }

    fn holds(&self, asked: Asked<'_>, now: Placement, offer: &Offer, with: &[Product]) -> bool {
        let mut moved = asked.placements.clone();
        with.iter().chain([&self.product]).for_each(|&product| moved.put(product, self.to));
        let moved = Asked { placements: &moved, ..asked };
        let (is, would_be) = (offer.of(self.product, now, asked), offer.of(self.product, self.to, moved));
        is_startable(moved) && self.gains(offer, &is, &would_be)
    }

    /// Whether anything is gained there. What is left for later must be billed by then and come without the customer; what is to be
    /// asked for now must come with the link, and its way later be the one that the reason tells; and where the institution is settled,
    /// none is left out.
    fn gains(&self, offer: &Offer, is: &ProductAt, would_be: &ProductAt) -> bool {
        match self.code {
            AdviceCode::UseConsentOnly => {
                is.first_charge == Some(FirstCharge::WithLink)
                    && would_be.first_charge != Some(FirstCharge::WithLink)
                    && would_be.activation == Activation::Products
                    && would_be.activation_any_of.is_empty()
            }
            AdviceCode::IncludeNow => self.later.contains(&is.activation) && would_be.activation == Activation::Link,
            AdviceCode::UseRequiredIfSupported => offer.institution.is_none(),
            AdviceCode::UseOptional => would_be.activation == Activation::Link,
            AdviceCode::SeparateSession => false,
        }
    }

    /// The advice, where it leads to institutions, and to more of them where that is what it promises. Where none remains as things
    /// stand, it is what makes the link possible.
    fn told(&self, with: Vec<Product>, providers: Vec<ServiceProvider>, coverage: &Coverage) -> Option<Advice> {
        let is_had = |provider: &ServiceProvider| coverage.is_had(self.product, *provider);
        let widens = |provider: &ServiceProvider| coverage.grows_without(self.product, *provider);
        let (mut able, mut unable): (Vec<_>, Vec<_>) =
            providers.into_iter().filter(is_had).partition(|&one| coverage.has_some(one));
        let is_possible = !able.is_empty();
        if self.code == AdviceCode::UseRequiredIfSupported {
            able.retain(widens);
        }
        unable.retain(widens);
        let providers = if is_possible { able } else { unable };
        (!providers.is_empty()).then(|| Advice {
            code: self.code,
            product: self.product,
            with,
            placement: Some(self.to),
            service_providers: providers,
            gain: if is_possible { self.gain } else { Gain::Possible },
            reason: self.reason.to_owned(),
            rule: "B11",
        })
    }
}

/// Whether nothing that was asked for stands in the way of the rest.
fn is_startable(asked: Asked<'_>) -> bool {
    let has_numbers = asked.placements.products.contains(&Identifiers);
    !asked.placements.products.is_empty()
        && (asked.identifiers_flow.is_none() || has_numbers)
        && conflicts(asked.placements, asked.identifiers_flow, asked.product_options).is_empty()
}
