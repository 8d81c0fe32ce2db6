//! Accounts, and what is known of them: numbers, owners, positions, terms; and by them, how the connection stands.

use std::collections::BTreeSet;

use crate::domain::account::Owner;
use crate::domain::connection::{Condition, Status, StatusReason};
use crate::domain::product::Product;
use crate::providers::akoya::map;
use crate::providers::akoya::map::products::Listing;
use crate::providers::akoya::wire::account::{Account, Accounts, Kind};
use crate::providers::akoya::wire::contact::{Contacts, CurrentCustomer, PaymentNetworks};
use crate::providers::data::{AccountsWanted, Observation, ProviderAccount, ProviderHolding, ProviderLiability};
use crate::providers::{Failure, FailureKind};

use super::credential::Credential;
use super::{Answer, Api};

const BALANCES: &str = "balances";
const ACCOUNTS: &str = "accounts";
const ACCOUNTS_INFO: &str = "accounts-info";
const PAYMENTS: &str = "payments";
const CONTACTS: &str = "contacts";
const CUSTOMERS: &str = "customers";

/// The open accounts, by the call with most of what was granted.
pub async fn list(api: &Api<'_>, credential: &Credential) -> Result<Answer<Vec<(Kind, Account)>>, Failure> {
    list_by(api, credential, map::products::listing(credential.claims.products.as_deref())).await
}

async fn list_by(
    api: &Api<'_>,
    credential: &Credential,
    listing: Listing,
) -> Result<Answer<Vec<(Kind, Account)>>, Failure> {
    let operation = match listing {
        Listing::Balances => BALANCES,
        Listing::Everything => ACCOUNTS,
        Listing::Info => ACCOUNTS_INFO,
    };
    let path = api.path(operation, &credential.provider_id, &[]);
    let answer: Answer<Accounts> = api.data(operation, credential, path).await?;
    Ok(Answer { body: map::accounts::open_accounts(answer.body), partial: answer.partial })
}

/// How the connection stands: an account list is the one thing that every consent covers.
pub async fn status(api: &Api<'_>, credential: &Credential) -> Result<Observation, Failure> {
    let partial = match list(api, credential).await {
        Ok(answer) => answer.partial,
        Err(failure) => return lost(credential, failure),
    };
    Ok(observation(credential, if partial { PARTIAL } else { Condition::HEALTHY }, None))
}

const PARTIAL: Condition = Condition::new(Status::PartiallyActive, StatusReason::PartialAggregationSuccess);

/// What the customer must mend is a state of the connection, and no failure to ask for it.
fn lost(credential: &Credential, failure: Failure) -> Result<Observation, Failure> {
    match failure.condition.filter(|condition| condition.status.needs_customer()) {
        Some(condition) => Ok(observation(credential, condition, Some(failure.code))),
        None => Err(failure),
    }
}

fn observation(credential: &Credential, condition: Condition, code: Option<String>) -> Observation {
    Observation {
        condition,
        code,
        provider_connection_id: credential.claims.connection_id().to_owned(),
        provider_institution_id: Some(credential.provider_id.clone()),
        // Nothing is prepared ahead of its reading.
        initialized: BTreeSet::new(),
        consented: map::products::granted(credential.claims.products.as_deref()),
        consent_expires_at: None,
        updating: None,
    }
}

/// The accounts. Where numbers or owners fail, all does: who can do without them asks for them alone.
pub async fn accounts(
    api: &Api<'_>,
    credential: &Credential,
    wanted: AccountsWanted,
) -> Result<Vec<ProviderAccount>, Failure> {
    for (asked, product) in [(wanted.identifiers, Product::Identifiers), (wanted.owners, Product::Owners)] {
        if asked {
            credential.check_granted(product)?;
        }
    }
    let listed = list(api, credential).await?.body;
    let mut accounts = Vec::with_capacity(listed.len());
    for (kind, account) in &listed {
        let sub = &credential.claims.sub.0;
        let mut one = map::accounts::account(*kind, account, &credential.provider_id, sub);
        if wanted.identifiers && *kind == Kind::Deposit {
            one.identifiers = identifiers(api, credential, account).await?;
        }
        accounts.push(one);
    }
    if wanted.owners {
        add_owners(api, credential, &mut accounts).await?;
    }
    Ok(accounts)
}

async fn identifiers(
    api: &Api<'_>,
    credential: &Credential,
    account: &Account,
) -> Result<Option<crate::domain::account::Identifiers>, Failure> {
    let path = api.path(PAYMENTS, &credential.provider_id, &[&account.account_id.0, "payment-networks"]);
    let answer: Option<Answer<PaymentNetworks>> = unless_missing(api.data(PAYMENTS, credential, path).await)?;
    Ok(answer.and_then(|answer| map::accounts::identifiers(&answer.body)))
}

/// The holders of each account; where the institution does not list them, the customer who logged in.
async fn add_owners(api: &Api<'_>, credential: &Credential, accounts: &mut [ProviderAccount]) -> Result<(), Failure> {
    let mut customer: Option<Vec<Owner>> = None;
    for account in accounts {
        let path = api.path(CONTACTS, &credential.provider_id, &[&account.provider_account_id]);
        let answer: Option<Answer<Contacts>> = unless_missing(api.data(CONTACTS, credential, path).await)?;
        let holders = answer.map(|answer| map::owners::holders(answer.body)).unwrap_or_default();
        account.owners = Some(match (holders.is_empty(), &customer) {
            (false, _) => holders,
            (true, Some(customer)) => customer.clone(),
            (true, None) => {
                let path = api.path(CUSTOMERS, &credential.provider_id, &["current"]);
                let answer: Answer<CurrentCustomer> = api.data(CUSTOMERS, credential, path).await?;
                customer.insert(map::owners::customer(answer.body)).clone()
            }
        });
    }
    Ok(())
}

/// What one account lacks, others may have.
fn unless_missing<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(None),
        answer => answer.map(Some),
    }
}

/// What is held.
pub async fn holdings(api: &Api<'_>, credential: &Credential) -> Result<Vec<ProviderHolding>, Failure> {
    credential.check_granted(Product::InvestmentHoldings)?;
    let listed = list_by(api, credential, Listing::Everything).await?.body;
    let invested = listed.iter().filter(|(kind, _)| matches!(kind, Kind::Investment | Kind::Insurance));
    Ok(invested.flat_map(|(_, account)| map::holdings::holdings(account)).collect())
}

/// Terms of cards and loans.
pub async fn liabilities(api: &Api<'_>, credential: &Credential) -> Result<Vec<ProviderLiability>, Failure> {
    credential.check_granted(Product::Liabilities)?;
    let listed = list(api, credential).await?.body;
    Ok(listed.iter().filter_map(|(kind, account)| map::liabilities::liability(*kind, account)).collect())
}
