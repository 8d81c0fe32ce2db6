//! What would be better than the arrays that were asked for (rule B11).

use serde::Serialize;

use super::super::combination::conflicts;
use super::super::placement::Placement;
use super::super::product::Product;
use super::super::service_provider::ServiceProvider;
use super::{Activation, Asked, FirstCharge, Offer, ProductAt};

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
        reason: "Beside bank income the asset report needs no more of the customer now; later it needs a repair session." },
    Tip { product: Identifiers, stands: &[AdditionalConsented], beside: SLOW,
        code: AdviceCode::IncludeNow, to: Optional, gain: Gain::Faster, later: &[Activation::Products],
        reason: "What is added right after a product with a history waits for it. If it is wanted at once, ask for it now." },
    Tip { product: Owners, stands: &[AdditionalConsented], beside: SLOW,
        code: AdviceCode::IncludeNow, to: Optional, gain: Gain::Faster, later: &[Activation::Products],
        reason: "What is added right after a product with a history waits for it. If it is wanted at once, ask for it now." },
];

/// What would be better, for the providers that could do it.
pub fn advise(asked: Asked<'_>, offers: &[Offer]) -> Vec<Advice> {
    let apart = conflicts(asked.placements, asked.product_options).into_iter().map(|conflict| Advice {
        code: AdviceCode::SeparateSession,
        product: conflict.product,
        placement: None,
        service_providers: having(offers, conflict.product).map(|offer| offer.provider).collect(),
        gain: Gain::Possible,
        reason: conflict.detail,
        rule: "B7",
    });
    let better = TIPS.iter().filter_map(|tip| {
        let providers = tip.providers(asked, offers);
        (!providers.is_empty()).then(|| Advice {
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

fn having(offers: &[Offer], product: Product) -> impl Iterator<Item = &Offer> {
    offers.iter().filter(move |offer| offer.has(product))
}

impl Tip {
    /// Where it holds.
    fn providers(&self, asked: Asked<'_>, offers: &[Offer]) -> Vec<ServiceProvider> {
        let placements = asked.placements;
        let Some(now) = placements.of(self.product).filter(|now| self.stands.contains(now)) else { return Vec::new() };
        if !self.beside.iter().any(|&(product, placement)| placements.of(product) == Some(placement)) {
            return Vec::new();
        }
        let mut moved = placements.clone();
        moved.put(self.product, self.to);
        let moved = Asked { placements: &moved, ..asked };
        let gains = |offer: &&Offer| {
            let (is, would_be) = (offer.of(self.product, now, asked), offer.of(self.product, self.to, moved));
            self.gains(offer, &is, &would_be)
        };
        having(offers, self.product).filter(gains).map(|offer| offer.provider).collect()
    }

    /// Whether anything is gained there. What is left for later must be billed by then and come without the customer; what is to be
    /// asked for now must come with the link, and its way later be the one that the reason tells; and where the institution is settled,
    /// none is left out.
    fn gains(&self, offer: &Offer, is: &ProductAt, would_be: &ProductAt) -> bool {
        match self.code {
            AdviceCode::UseConsentOnly => {
                is.first_charge == Some(FirstCharge::WithLink)
                    && would_be.activation == Activation::Products
                    && would_be.activation_any_of.is_empty()
            }
            AdviceCode::IncludeNow => self.later.contains(&is.activation) && would_be.activation == Activation::Link,
            AdviceCode::UseRequiredIfSupported => offer.institution.is_none(),
            AdviceCode::UseOptional => would_be.activation == Activation::Link,
            AdviceCode::SeparateSession => false,
        }
    }
}
