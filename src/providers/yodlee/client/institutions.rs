//! Institutions, page by page. Yodlee cannot be asked for those of some countries: the others are passed over here.

use crate::providers::Failure;
use crate::providers::data::{InstitutionsPage, InstitutionsRequest};
use crate::providers::yodlee::map::institutions::institution;
use crate::providers::yodlee::wire::institution::Providers;

use super::{Api, Operation, path, refused};

const PROVIDERS: Operation = Operation::reading("GET /providers");
/// The largest page that Yodlee gives.
const PAGE: u64 = 500;
/// Yodlee has about 20,000; far more are no honest number.
const MOST_INSTITUTIONS: u64 = 200_000;
/// As whom they are read where no administrator is configured; every call is made as somebody.
const READER: &str = "linkspan-institutions";

/// One page; its name is the number of institutions before it.
pub async fn page(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    let no_page = || refused("PAGE", "no page has this name");
    let before: u64 = request.page.as_deref().map_or(Ok(0), |page| page.parse().map_err(|_| no_page()))?;
    let (skip, top) = (before.to_string(), PAGE.to_string());
    let path = path("/providers", &[("skip", skip.as_str()), ("top", top.as_str())]);
    let user = api.config().admin_login.as_deref().unwrap_or(READER);
    let found = api.get::<Providers>(user, PROVIDERS, &path).await?.provider.unwrap_or_default();
    let after = before.saturating_add(PAGE);
    let is_last = (found.len() as u64) < PAGE || after >= MOST_INSTITUTIONS;
    let asked = |codes: &[String]| codes.iter().any(|code| request.country_codes.contains(code));
    Ok(InstitutionsPage {
        institutions: found.into_iter().filter_map(institution).filter(|one| asked(&one.country_codes)).collect(),
        next: (!is_last).then(|| after.to_string()),
    })
}
