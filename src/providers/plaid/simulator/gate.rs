//! What an access token may see: the Item behind it, how that stands, and which products it may use.

use std::convert::Infallible;

use chrono::{DateTime, Utc};

use super::Simulator;
use super::call::Call;
use super::errors::{Error, Result};
use super::ids;
use super::product::{Product, allowed_by, scopes};
use super::state::{ACCESS_TOKEN, AccessToken, HistoryStart, ITEM, Item, Verification};
use super::webhooks;
use crate::bank::{Access, BankAccount, BankInstitution, Books};
use crate::domain::institution::InstitutionHealth;

/// An Item in good order, with the books behind it.
pub struct Open {
    /// The Item.
    pub item: Item,
    /// Its user's books.
    pub books: Books,
    /// The accounts that are shared and open.
    pub accounts: Vec<BankAccount>,
}

impl Open {
    /// Joins an Item with its books.
    pub fn new(item: Item, books: Books) -> Self {
        let accounts =
            books.accounts().into_iter().filter(|account| item.accounts.contains_key(&account.key)).collect();
        Self { item, books, accounts }
    }

    /// The accounts that suit a product.
    pub fn suited(&self, product: Product) -> impl Iterator<Item = &BankAccount> {
        self.accounts.iter().filter(move |account| product.suits(account))
    }
}

/// Plaid's id of an account; another for each Item.
pub fn account_id(item_id: &str, key: &str) -> String {
    ids::id(&["account", item_id, key])
}

/// Days of transactions where nobody asks for more.
pub const DEFAULT_DAYS: u32 = 90;

impl Simulator {
    /// The Item that an access token opens, however it stands.
    pub async fn item(&self, call: &Call, access_token: &str) -> Result<Item> {
        let found: Option<AccessToken> =
            self.shared.documents.get(ACCESS_TOKEN, &ids::fingerprint(access_token)).await?;
        let AccessToken { item_id } = found.ok_or_else(|| unknown_token(access_token))?;
        self.shared.calls.count(&call.operation, Some(&item_id));
        self.shared.documents.get(ITEM, &item_id).await?.ok_or_else(|| Error::new("ITEM_NOT_FOUND"))
    }

    /// The Item that an access token opens, if it is in good order.
    pub async fn open(&self, call: &Call, access_token: &str) -> Result<Open> {
        let item = self.item(call, access_token).await?;
        let books = self.shared.bank.books(&item.login.user).await?;
        match item_error(&item, &books, self.shared.clock.now()).or_else(|| outage(&item, &books)) {
            Some(error) => Err(error),
            None => Ok(Open::new(item, books)),
        }
    }

    /// The Item, if it may use the product, which is added to it by that (C1).
    pub async fn open_with(&self, call: &Call, access_token: &str, product: Product) -> Result<Open> {
        let open = self.open(call, access_token).await?;
        self.initialise(open, product, DEFAULT_DAYS).await
    }

    /// Adds the product to the Item, if the Item may use it. The days are those of a history of transactions that begins with it.
    pub async fn initialise(&self, open: Open, product: Product, days: u32) -> Result<Open> {
        if let Err(error) = permit(&open, product) {
            if error.code() == "ACCESS_NOT_GRANTED" && matches!(product, Product::Auth | Product::Identity) {
                self.send(&open.item, webhooks::permissions_required(product, &open.item.id)).await?;
            }
            return Err(error);
        }
        let known = open.item.products.contains(&product) && open.item.billed.contains(&product);
        if known && (product != Product::Transactions || open.item.history.is_some()) {
            return Ok(open);
        }
        let now = self.shared.clock.now();
        let change = |item: &mut Item| {
            item.products.insert(product);
            item.billed.insert(product);
            if product == Product::Transactions && item.history.is_none() {
                item.history = Some(HistoryStart::new(&item.login, now, days));
            }
        };
        Ok(Open { item: self.update_item(&open.item.id, change).await?, ..open })
    }

    /// Changes an Item under a lock; the Item as it is afterwards.
    pub async fn update_item(&self, item_id: &str, change: impl FnOnce(&mut Item) + Send) -> Result<Item> {
        let changed = |item: &mut Item| {
            change(item);
            Ok::<_, Infallible>(item.clone())
        };
        match self.shared.documents.update(ITEM, item_id, changed).await? {
            Some(Ok(item)) => Ok(item),
            None => Err(Error::new("ITEM_NOT_FOUND")),
        }
    }
}

fn unknown_token(token: &str) -> Error {
    let error = Error::new("INVALID_ACCESS_TOKEN");
    if token.starts_with("access-sandbox-") {
        return error;
    }
    error.saying("provided access token is in an invalid format. expected format: access-<environment>-<identifier>")
}

/// The error that an Item has: what only its customer can mend.
pub fn item_error(item: &Item, books: &Books, now: DateTime<Utc>) -> Option<Error> {
    let access = books.access(&item.login);
    if item.revoked || access == Access::Revoked {
        return Some(Error::new("USER_PERMISSION_REVOKED"));
    }
    let login_required = || Error::new("ITEM_LOGIN_REQUIRED");
    if item.consent_expires_at.is_some_and(|end| end <= now) {
        return Some(login_required().because("OAUTH_CONSENT_EXPIRED"));
    }
    if item.broken || access == Access::LoginRequired {
        let oauth = books.institution().oauth;
        return Some(if oauth { login_required().because("OAUTH_INVALID_TOKEN") } else { login_required() });
    }
    (access == Access::Locked).then(|| Error::new("ITEM_LOCKED"))
}

/// An outage of the institution.
pub fn outage(item: &Item, books: &Books) -> Option<Error> {
    let down =
        books.access(&item.login) == Access::InstitutionDown || books.institution().health == InstitutionHealth::Down;
    down.then(|| Error::new("INSTITUTION_DOWN"))
}

/// The products that the customer's consent covers; `None` where none is asked for.
pub fn consented(item: &Item) -> Option<std::collections::BTreeSet<Product>> {
    item.consented.as_ref().map(|products| allowed_by(&scopes(products)))
}

/// Whether the Item may use the product (C1–C8, P10–P16, P23).
fn permit(open: &Open, product: Product) -> Result<()> {
    may_use(&open.item, open.books.institution(), product)?;
    match open.suited(product).next() {
        Some(_) => Ok(()),
        None => Err(product.without_account()),
    }
}

fn may_use(item: &Item, institution: &BankInstitution, product: Product) -> Result<()> {
    let new = !item.products.contains(&product);
    let by_hand = item.verification.is_some_and(Verification::is_by_hand);
    if new && (by_hand || !product.at(institution)) {
        return Err(Error::new("PRODUCTS_NOT_SUPPORTED"));
    }
    if new && consented(item).is_some_and(|consented| !consented.contains(&product)) {
        return Err(Error::additional_consent(product.as_str()));
    }
    if item.permitted.as_ref().is_some_and(|permitted| !permitted.contains(&product)) {
        return Err(Error::new("ACCESS_NOT_GRANTED"));
    }
    // Only the instant flow adds numbers after the link (C6).
    if new && product == Product::Auth && !institution.instant_identifiers {
        return Err(Error::new("PRODUCTS_NOT_SUPPORTED"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use std::collections::BTreeSet;

    use super::super::grant::tests::item;
    use super::*;
    use crate::bank::institution;

    fn code(item: &Item, product: Product) -> String {
        let institution = institution(&item.institution).unwrap();
        may_use(item, institution, product).err().map(|error| error.code().to_owned()).unwrap_or_default()
    }

    #[test]
    fn c2_a_product_without_consent_is_refused() {
        let mut item = item("first_platypus");
        item.consented = Some(BTreeSet::from([Product::Transactions]));
        assert_eq!(code(&item, Product::Liabilities), "ADDITIONAL_CONSENT_REQUIRED");
        assert_eq!(code(&item, Product::Transactions), "");
        item.consented = Some(BTreeSet::from([Product::Liabilities]));
        assert_eq!(code(&item, Product::Liabilities), "");
        item.consented = None;
        assert_eq!(code(&item, Product::Identity), "");
    }

    #[test]
    fn c3_a_product_that_was_withheld_at_the_institution_is_refused() {
        let mut item = item("platypus_oauth");
        item.consented = Some(BTreeSet::from([Product::Transactions, Product::Identity]));
        item.permitted = Some(BTreeSet::from([Product::Transactions]));
        item.products = BTreeSet::from([Product::Transactions, Product::Identity]);
        assert_eq!(code(&item, Product::Identity), "ACCESS_NOT_GRANTED");
        assert_eq!(code(&item, Product::Transactions), "");
    }

    #[test]
    fn c6_numbers_come_afterwards_only_by_the_instant_flow() {
        let mut item = item("houndstooth");
        item.consented = Some(BTreeSet::from([Product::Auth]));
        assert_eq!(code(&item, Product::Auth), "PRODUCTS_NOT_SUPPORTED");
        item.products = BTreeSet::from([Product::Auth]);
        assert_eq!(code(&item, Product::Auth), "");
    }

    #[test]
    fn a_product_that_the_institution_lacks_is_refused() {
        assert_eq!(code(&item("windowpane"), Product::Investments), "PRODUCTS_NOT_SUPPORTED");
    }

    #[test]
    fn a_token_of_another_format_is_told_apart() {
        assert!(unknown_token("access-production-1").message().contains("invalid format"));
        assert_eq!(unknown_token("access-sandbox-1").message(), "could not find matching access token");
    }
}
