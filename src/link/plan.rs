//! The plan of a link before it is started (B8): nothing is created, and no provider is asked.

use std::collections::BTreeMap;

use super::{Linking, StartRequest};
use crate::domain::ids::InstitutionId;
use crate::domain::plan::{Advice, Asked, Coverage, Offer, PlannedProduct, advise, plan};
use crate::domain::problem::{Code, Problem};
use crate::domain::product::Product;
use crate::providers::Entry;
use crate::routing::{Wanted, facts};
use crate::store::{Institution, InstitutionCount, InstitutionFilter};

/// What a link would be.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// What the start call would answer, where it would refuse.
    pub refusal: Option<Problem>,
    /// The institutions that have every required product; `None` where the customer chooses none.
    pub institutions: Option<InstitutionCount>,
    /// Each product, strongest arrays first.
    pub products: Vec<PlannedProduct>,
    /// The institutions that have it, by product; those that are had of no institution are absent.
    pub having: BTreeMap<Product, InstitutionCount>,
    /// What would be better.
    pub advice: Vec<Advice>,
}

impl Linking {
    /// What would come of a start call.
    pub async fn plan(&self, request: StartRequest) -> Result<LinkPlan, Problem> {
        let request = &self.with_countries(request).await?;
        let refusal = match self.check_start(request).await {
            Err(problem) if matches!(problem.code, Code::Unavailable | Code::InternalError) => return Err(problem),
            judged => judged.err(),
        };
        let wanted = Wanted::new(&request.placements, &request.settings);
        let candidates = wanted.candidates(&self.registry);
        let offers = self.offers(&candidates, wanted, request.institution_id).await?;
        let all = wanted.institutions(candidates.iter().map(|entry| entry.id()).collect());
        let all = InstitutionFilter { only: request.institution_id.map(|id| vec![id]), ..all };
        let mut having = BTreeMap::new();
        for (product, _) in request.placements.iter().filter(|(product, _)| product.is_of_institution()) {
            let with_it = InstitutionFilter { products: vec![product], ..all.clone() };
            having.insert(product, self.store.count_institutions(&with_it).await?);
        }
        let institutions = match request.placements.are_of_institution() {
            true => Some(self.store.count_institutions(&all).await?),
            false => None,
        };
        let asked = Asked {
            placements: wanted.placements,
            identifiers_flow: wanted.identifiers_flow,
            product_options: &request.settings.product_options,
            original_call_rule: self.original_call_rule,
        };
        let coverage = match &institutions {
            Some(remaining) => self.coverage(&all, remaining, &having).await?,
            None => Coverage::default(),
        };
        let advice = advise(asked, &offers, &coverage);
        Ok(LinkPlan { refusal, institutions, products: plan(asked, &offers), having, advice })
    }

    /// How many institutions remain, and how many would if one product less were required.
    async fn coverage(
        &self,
        all: &InstitutionFilter,
        remaining: &InstitutionCount,
        having: &BTreeMap<Product, InstitutionCount>,
    ) -> Result<Coverage, Problem> {
        let mut without = BTreeMap::new();
        for &product in &all.products {
            let others = all.products.iter().copied().filter(|&other| other != product).collect();
            let wider = InstitutionFilter { products: others, ..all.clone() };
            without.insert(product, self.store.count_institutions(&wider).await?.by_provider);
        }
        let having = having.iter().map(|(&product, count)| (product, count.by_provider.clone())).collect();
        Ok(Coverage { remaining: Some(remaining.by_provider.clone()), having, without })
    }

    /// What each of these providers offers: at the institution, where one is named, if it can be linked there.
    async fn offers(
        &self,
        candidates: &[&Entry],
        wanted: Wanted<'_>,
        institution: Option<InstitutionId>,
    ) -> Result<Vec<Offer>, Problem> {
        let general = candidates.iter().map(|entry| entry.provider.spec().offer());
        let Some(id) = institution else { return Ok(general.collect()) };
        let Some(institution) = self.store.institution(id).await? else { return Ok(Vec::new()) };
        Ok(general.filter_map(|offer| at(offer, &institution, wanted)).collect())
    }
}

/// The offer at that institution, if the provider has all that is required there.
fn at(offer: Offer, institution: &Institution, wanted: Wanted<'_>) -> Option<Offer> {
    let record = institution.providers.iter().find(|one| one.service_provider == offer.provider)?;
    let can = wanted.placements.products.is_subset(&record.products);
    can.then(|| Offer { institution: Some(facts(record)), ..offer })
}
