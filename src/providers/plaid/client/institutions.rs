//! Institutions, page by page.

use serde_json::{Value, json};

use crate::providers::Failure;
use crate::providers::data::{InstitutionsPage, InstitutionsRequest};
use crate::providers::plaid::map;
use crate::providers::plaid::wire::institution::Institutions;

use super::{Api, Operation, countries, offset, page_at};

const INSTITUTIONS_GET: Operation = Operation::repeatable("/institutions/get");
/// The largest page that Plaid gives.
const PAGE: u64 = 500;
/// Plaid has about 12,000; far more are no honest number.
const MOST_INSTITUTIONS: u64 = 200_000;

/// One page; its name is the number of institutions before it. Plaid leaves those out of a page that have nothing our team
/// may use, but counts them: the next page begins after those asked for, not after those that came.
pub async fn page(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    let before = offset(request.page.as_deref())?;
    let answer: Institutions = api.post(INSTITUTIONS_GET, &body(request, before)?).await?;
    let next = page_at(before.saturating_add(PAGE), answer.total, MOST_INSTITUTIONS, INSTITUTIONS_GET)?;
    let institutions = answer.institutions.into_iter().map(map::institutions::institution).collect();
    Ok(InstitutionsPage { institutions, next })
}

/// The request, with logos and the ways to account numbers.
pub fn body(request: &InstitutionsRequest, before: u64) -> Result<Value, Failure> {
    Ok(json!({
        "count": PAGE,
        "offset": before,
        "country_codes": countries(&request.country_codes)?,
        "options": { "include_optional_metadata": true, "include_auth_metadata": true },
    }))
}
