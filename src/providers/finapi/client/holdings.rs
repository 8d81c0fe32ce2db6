//! What is held.

use crate::domain::account::AccountType;
use crate::providers::Failure;
use crate::providers::data::ProviderHolding;
use crate::providers::finapi::map::securities;
use crate::providers::finapi::wire::Securities;
use crate::providers::rows::check_whose;

use super::credential::Credential;
use super::{Api, Caller, Operation, connections, no_account, path};

const SECURITIES: Operation = Operation::reading("GET /api/v2/securities");
/// The most pages of 500 that are read.
const MOST_PAGES: u64 = 100;

/// Everything that is held.
pub async fn holdings(api: &Api<'_>, credential: &Credential) -> Result<Vec<ProviderHolding>, Failure> {
    connections::served(api, credential).await?;
    let ids = connections::account_ids(api, credential, Some(AccountType::Investment)).await?;
    if ids.is_empty() {
        return Err(no_account("the bank connection has no securities account"));
    }
    let accounts = ids.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    let mut positions = Vec::new();
    for page in 1..=MOST_PAGES {
        let number = page.to_string();
        let query = [("accountIds", accounts.as_str()), ("page", &number), ("perPage", "500"), ("order", "id,asc")];
        let path = path("/api/v2/securities", &query);
        let found: Securities = api.get(Caller::User(&credential.user), SECURITIES, &path).await?;
        check_whose("securities", &found.securities, |one| !ids.contains(&one.account_id))?;
        positions.extend(found.securities);
        if page >= found.paging.page_count {
            return Ok(securities::holdings(&positions));
        }
    }
    // What is not read would be taken for sold.
    Err(Failure::unreadable(format_args!("securities have more than {MOST_PAGES} pages")))
}
