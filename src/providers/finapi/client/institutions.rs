//! Institutions, page by page.

use crate::providers::Failure;
use crate::providers::data::{InstitutionsPage, InstitutionsRequest};
use crate::providers::finapi::map::institutions::institution;
use crate::providers::finapi::wire::Banks;

use super::{Api, Caller, Operation, path, refused};

const BANKS: Operation = Operation::reading("GET /api/v2/banks");
/// The most pages of 500 that are read; finAPI has some ten thousand banks.
const MOST_PAGES: u64 = 400;

/// One page; its name is its number.
pub async fn page(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    let page = match request.page.as_deref() {
        None => 1,
        Some(page) => page.parse().map_err(|_| refused("PAGE", "no page has this name"))?,
    };
    let (location, number): (_, String) = (request.country_codes.join(","), u64::to_string(&page));
    let mut query = vec![("location", location.as_str()), ("page", &number), ("perPage", "500"), ("order", "id,asc")];
    query.extend((api.config().test_banks != Some(true)).then_some(("isTestBank", "false")));
    let found: Banks = api.get(Caller::Client, BANKS, &path("/api/v2/banks", &query)).await?;
    let asked = |codes: &[String]| codes.iter().any(|code| request.country_codes.contains(code));
    let institutions = found.banks.iter().filter_map(|bank| institution(bank, api.config().healthy_from));
    let more = page < found.paging.page_count.min(MOST_PAGES);
    Ok(InstitutionsPage {
        institutions: institutions.filter(|one| asked(&one.country_codes)).collect(),
        next: more.then(|| (page + 1).to_string()),
    })
}
