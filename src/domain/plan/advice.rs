//! What would be better than the arrays that were asked for (rule B11).

use serde::Serialize;
use serde_json::{Map, Value};

use super::super::combination::conflicts;
use super::super::placement::{Placement, Placements};
use super::super::product::Product;
use super::super::service_provider::ServiceProvider;
use super::{Activation, Billing, Offer};

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
    reason: &'static str,
}

const FETCHED: &[Placement] = &[Required, RequiredIfSupported, Optional];
const BUDGETING: &[(Product, Placement)] = &[(Transactions, Required)];
const SLOW: &[(Product, Placement)] = &[
    (Transactions, Required),
    (Transactions, RequiredIfSupported),
    (InvestmentTransactions, Required),
    (InvestmentTransactions, RequiredIfSupported),
];

#[rustfmt::skip]
const TIPS: &[Tip] = &[
    Tip { product: Owners, stands: &[Required], beside: &[(Identifiers, Required), (Transactions, Required)],
        code: AdviceCode::UseRequiredIfSupported, to: RequiredIfSupported, gain: Gain::HigherConversion,
        reason: "Not every institution knows the owners. Required if supported asks for them wherever they are, and leaves no institution out." },
    Tip { product: Identifiers, stands: &[Required], beside: &[(Assets, Required)],
        code: AdviceCode::UseRequiredIfSupported, to: RequiredIfSupported, gain: Gain::HigherConversion,
        reason: "Lending needs the asset report; the numbers matter for the payout alone, and not every institution has them." },
    Tip { product: Identifiers, stands: &[Required, RequiredIfSupported], beside: BUDGETING,
        code: AdviceCode::UseOptional, to: Optional, gain: Gain::HigherConversion,
        reason: "Where payments are an add-on to budgeting, the numbers should keep nobody from linking: as an optional product they come where they can be had at once." },
    Tip { product: Transactions, stands: FETCHED, beside: &[(Identifiers, Required)],
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper,
        reason: "Where budgeting is an add-on to payments, its subscription should begin with the customers who use it." },
    Tip { product: Transactions, stands: FETCHED, beside: &[(Income, Required)],
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper,
        reason: "Bank income brings its own transactions. The subscription should begin with the customers who use it." },
    Tip { product: Liabilities, stands: FETCHED, beside: BUDGETING,
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper,
        reason: "Many customers have no card or loan. Add it once the accounts show that they do." },
    Tip { product: InvestmentHoldings, stands: FETCHED, beside: BUDGETING,
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper,
        reason: "Many customers have no investment account. Add it once the accounts show that they do." },
    Tip { product: InvestmentTransactions, stands: FETCHED, beside: BUDGETING,
        code: AdviceCode::UseConsentOnly, to: AdditionalConsented, gain: Gain::Cheaper,
        reason: "Many customers have no investment account. Add it once the accounts show that they do." },
    Tip { product: Assets, stands: &[RequiredIfSupported, Optional, AdditionalConsented], beside: &[(Income, Required)],
        code: AdviceCode::IncludeNow, to: Required, gain: Gain::Faster,
        reason: "Beside bank income the asset report needs no more of the customer now; later it needs a repair session." },
    Tip { product: Identifiers, stands: &[AdditionalConsented], beside: SLOW,
        code: AdviceCode::IncludeNow, to: Optional, gain: Gain::Faster,
        reason: "What is added right after a product with a history waits for it. If it is wanted at once, ask for it now." },
    Tip { product: Owners, stands: &[AdditionalConsented], beside: SLOW,
        code: AdviceCode::IncludeNow, to: Optional, gain: Gain::Faster,
        reason: "What is added right after a product with a history waits for it. If it is wanted at once, ask for it now." },
];

/// What would be better, for the providers that take part.
pub fn advise(placements: &Placements, options: &Map<String, Value>, offers: &[Offer]) -> Vec<Advice> {
    let apart = conflicts(placements, options).into_iter().map(|conflict| Advice {
        code: AdviceCode::SeparateSession,
        product: conflict.product,
        placement: None,
        service_providers: having(offers, conflict.product),
        gain: Gain::Possible,
        reason: conflict.detail,
        rule: "B7",
    });
    let better = TIPS.iter().filter_map(|tip| {
        let providers = tip.providers(placements, offers);
        let fits = tip.fits(placements) && !providers.is_empty();
        fits.then(|| Advice {
            code: tip.code,
            product: tip.product,
            placement: Some(tip.to),
            service_providers: providers,
            gain: tip.gain,
            reason: tip.reason.to_owned(),
            rule: "B11",
        })
    });
    apart.chain(better).collect()
}

fn having(offers: &[Offer], product: Product) -> Vec<ServiceProvider> {
    offers.iter().filter(|offer| offer.products.contains(&product)).map(|offer| offer.provider).collect()
}

impl Tip {
    fn fits(&self, placements: &Placements) -> bool {
        placements.of(self.product).is_some_and(|placement| self.stands.contains(&placement))
            && self.beside.iter().any(|&(product, placement)| placements.of(product) == Some(placement))
    }

    /// Where it holds. Less is billed only where the link itself is, and a product that is left for later must come without the
    /// customer then.
    fn providers(&self, placements: &Placements, offers: &[Offer]) -> Vec<ServiceProvider> {
        let mut providers = having(offers, self.product);
        if self.gain == Gain::Cheaper {
            let fetched = placements.fetched();
            providers.retain(|&provider| {
                offers.iter().filter(|offer| offer.provider == provider).any(|offer| {
                    let now = placements.of(self.product).map(|now| (offer.terms)(self.product, now).billing);
                    now.is_some_and(|billing| matches!(billing, Billing::AtLink | Billing::AtFirstUse))
                        && offer.of(self.product, self.to, &fetched).activation == Activation::Products
                })
            });
        }
        providers
    }
}
