//! What an id token may see: the consent behind it, how that stands, and what was granted.

use axum::http::{HeaderMap, header};

use super::Simulator;
use super::errors::{Error, Result};
use super::state::{GRANT, Grant, ID_TOKEN, IdToken, SERVICE_TOKEN, ServiceToken};
use super::tokens::fingerprint;
use crate::bank::{Access, BankAccount, Books};
use crate::domain::product::Product;

/// A consent in good order, with the books behind it.
pub struct Open {
    /// The books.
    pub books: Books,
    /// The accounts that are shared and open.
    pub accounts: Vec<BankAccount>,
}

impl Open {
    /// A shared account by its id.
    pub fn account(&self, id: &str) -> Result<&BankAccount> {
        self.accounts.iter().find(|account| account.key == id).ok_or_else(Error::account_not_found)
    }
}

/// Where a call for data goes: the first two parts of its path.
#[derive(serde::Deserialize)]
pub struct Place {
    /// `v2`, `v3`
    pub version: String,
    /// The institution's id.
    pub provider: String,
}

impl Simulator {
    /// What a call may see, if it may see that product.
    pub async fn open(&self, headers: &HeaderMap, place: &Place, product: Product) -> Result<Open> {
        if !matches!(place.version.as_str(), "v2" | "v3") {
            return Err(Error::no_such_path());
        }
        check_headers(headers, &place.version)?;
        let grant = self.grant(headers).await?;
        if grant.institution != place.provider || !grant.products.contains(&product) {
            return Err(Error::no_subscription());
        }
        let books = self.shared.bank.books(&grant.login.user).await?;
        match books.access(&grant.login) {
            Access::Good if grant.broken => return Err(Error::not_authorized()),
            Access::Good => {}
            Access::LoginRequired | Access::Locked => return Err(Error::not_authorized()),
            Access::InstitutionDown => return Err(Error::maintenance()),
            Access::Revoked => return Err(Error::customer_not_found()),
        }
        let accounts = books.accounts().into_iter().filter(|one| grant.accounts.contains(&one.key)).collect();
        Ok(Open { books, accounts })
    }

    async fn grant(&self, headers: &HeaderMap) -> Result<Grant> {
        let now = self.shared.clock.now();
        let token: Option<IdToken> = self.shared.documents.get(ID_TOKEN, &fingerprint(bearer(headers)?)).await?;
        let token = token.filter(|token| token.taken_until > now).ok_or_else(Error::not_authorized)?;
        let grant: Option<Grant> = self.shared.documents.get(GRANT, &token.grant_id).await?;
        let grant = grant.filter(|grant| !grant.revoked).ok_or_else(Error::customer_not_found)?;
        match grant.expires_at {
            Some(end) if end <= now => Err(Error::not_authorized()),
            _ => Ok(grant),
        }
    }

    /// Whether a call of the application's own has a good service token.
    pub async fn check_service_token(&self, headers: &HeaderMap) -> Result<()> {
        let token: Option<ServiceToken> =
            self.shared.documents.get(SERVICE_TOKEN, &fingerprint(bearer(headers)?)).await?;
        match token {
            Some(token) if token.expires_at > self.shared.clock.now() => Ok(()),
            _ => Err(Error::not_authorized()),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Result<&str> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    value.and_then(|value| value.strip_prefix("Bearer ")).ok_or_else(Error::not_authorized)
}

/// The one header of all calls: lower case in version 2, upper case from version 3 on.
fn check_headers(headers: &HeaderMap, version: &str) -> Result<()> {
    let allowed = if version == "v2" { ["user", "batch"] } else { ["USER", "BATCH"] };
    let given = headers.get("x-akoya-interaction-type");
    if given.is_none_or(|value| allowed.iter().any(|one| value == one)) {
        return Ok(());
    }
    Err(Error::invalid("x-akoya-interaction-type must be user or batch"))
}
