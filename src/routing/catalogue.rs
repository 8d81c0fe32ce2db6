//! Filling the institution catalogue from a provider's pages.

use crate::clock::Clock;
use crate::domain::problem::{Code, Problem};
use crate::domain::service_provider::ServiceProvider;
use crate::providers::Registry;
use crate::providers::data::InstitutionsRequest;
use crate::store::Store;

/// The most pages that one filling reads; a provider that never ends its list is no reason to go on for ever.
const MOST_PAGES: usize = 1000;

/// Reads every page of a provider's institutions and stores each; how many there were.
pub async fn fill(
    store: &Store,
    registry: &Registry,
    clock: &Clock,
    provider: ServiceProvider,
) -> Result<usize, Problem> {
    let entry = registry.require(Some(provider))?;
    let country_codes = entry.provider.spec().countries.iter().map(|code| (*code).to_owned()).collect();
    let mut request = InstitutionsRequest { country_codes, page: None };
    let mut count = 0;
    for _ in 0..MOST_PAGES {
        let page = entry
            .provider
            .institutions(&entry.in_job(clock), &request)
            .await
            .map_err(|failure| entry.problem(failure))?;
        count += page.institutions.len();
        store.put_institutions(provider, &page.institutions, clock.now()).await?;
        if page.next.is_none() || page.next == request.page {
            store.mark_filled(provider, clock.now()).await?;
            tracing::info!(%provider, count, "institutions are up to date");
            return Ok(count);
        }
        request.page = page.next;
    }
    Err(Problem::new(
        Code::ProviderError,
        format!("{provider} did not end its list of institutions within {MOST_PAGES} pages."),
    ))
}
