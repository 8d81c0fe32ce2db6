//! The plan of a link before it is started (B8): nothing is created, and no provider is asked.

use std::collections::BTreeMap;

use super::{Linking, StartRequest};
use crate::domain::combination::lacks_company;
use crate::domain::plan::{Advice, PlannedProduct, advise, plan};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Entry;
use crate::store::{InstitutionCount, InstitutionFilter};

/// What a link would be.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// What the start call would answer, where it would refuse.
    pub refusal: Option<Problem>,
    /// The institutions that have every required product.
    pub institutions: InstitutionCount,
    /// Each product, strongest arrays first.
    pub products: Vec<PlannedProduct>,
    /// The institutions that have it, by product.
    pub having: BTreeMap<Product, InstitutionCount>,
    /// What would be better.
    pub advice: Vec<Advice>,
}

impl Linking {
    /// What would come of a start call.
    pub async fn plan(&self, request: &StartRequest) -> Result<LinkPlan, Problem> {
        let refusal = match self.check_start(request).await {
            Err(problem) if matches!(problem.code, Code::Unavailable | Code::InternalError) => return Err(problem),
            judged => judged.err(),
        };
        let settings = &request.settings;
        let serves = |entry: &&Entry| {
            settings.pinned_provider.is_none_or(|pinned| pinned == entry.id())
                && settings.country_codes.iter().any(|code| entry.provider.spec().countries.contains(&code.as_str()))
        };
        let entries: Vec<&Entry> = self.registry.iter().filter(serves).collect();
        let offers: Vec<_> = entries.iter().map(|entry| entry.provider.spec().offer()).collect();
        let required: Vec<Product> = request.placements.products.iter().copied().collect();
        let takes_them = |entry: &&&Entry| !lacks_company(&request.placements, entry.provider.spec().never_alone);
        let taking: Vec<_> = entries.iter().filter(takes_them).map(|entry| entry.id()).collect();
        let all: Vec<_> = entries.iter().map(|entry| entry.id()).collect();
        let mut having = BTreeMap::new();
        for (product, _) in request.placements.iter() {
            having.insert(product, self.count(request, vec![product], &all).await?);
        }
        Ok(LinkPlan {
            refusal,
            institutions: self.count(request, required, &taking).await?,
            products: plan(&request.placements, &offers),
            having,
            advice: advise(&request.placements, &settings.product_options, &offers),
        })
    }

    /// The institutions of the request's countries, or the one that it names, that have all of these products at one provider.
    async fn count(
        &self,
        request: &StartRequest,
        products: Vec<Product>,
        providers: &[ServiceProvider],
    ) -> Result<InstitutionCount, Problem> {
        let filter = InstitutionFilter {
            products,
            country_codes: request.settings.country_codes.clone(),
            only: request.institution_id.map(|id| vec![id]),
            ..InstitutionFilter::default()
        };
        Ok(self.store.count_institutions_with(&filter, providers).await?)
    }
}
