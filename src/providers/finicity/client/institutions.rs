//! Institutions, page by page.

use crate::providers::Failure;
use crate::providers::data::{InstitutionsPage, InstitutionsRequest};
use crate::providers::finicity::map;
use crate::providers::finicity::wire::institution::Institutions;

use super::{Api, Operation, refused};

const INSTITUTIONS: Operation = Operation::repeatable("institutions");
/// The largest page is 1,000; this one stays well below the largest answer.
const PAGE: u32 = 500;
/// More pages are no honest list.
const MOST_PAGES: u32 = 1_000;

/// One page.
pub async fn page(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    if !request.country_codes.iter().any(|code| code == "US") {
        return Err(refused("COUNTRY_NOT_SUPPORTED", "Finicity serves none of these countries"));
    }
    let number = request.page.as_deref().map_or(Ok(1), str::parse::<u32>);
    let number = number.map_err(|_| refused("PAGE", "no page has this name"))?;
    let path = format!("/institution/v2/institutions?start={number}&limit={PAGE}&supportedCountries=us");
    let answer: Institutions = api.get(INSTITUTIONS, path).await?;
    let more = answer.more_available.0 && !answer.institutions.is_empty();
    if more && number >= MOST_PAGES {
        return Err(Failure::unreadable("the number of pages of institutions"));
    }
    Ok(InstitutionsPage {
        institutions: answer.institutions.into_iter().map(map::institutions::institution).collect(),
        next: more.then(|| (number + 1).to_string()),
    })
}
