//! What a customer's agreement gives: which products a new Item has (B1–B3, P1–P9), and what an update changes (U1–U10).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::errors::Error;
use super::product::Product;
use super::state::{Asked, Deposits, HistoryStart, IncomeAsked, Item, Link, StatementRange, Told, Verification};
use crate::bank::pages::Finished;
use crate::bank::{BankAccount, BankInstitution};
use crate::domain::product::Product as Kind;

/// What a new Item has.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grant {
    /// The initialised products.
    pub products: BTreeSet<Product>,
    /// Those of them that are billed at once.
    pub billed: BTreeSet<Product>,
}

/// Why there is no Item.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// The customer withheld what is needed, and is asked again.
    Again(Error),
    /// It cannot be.
    Ended(Error),
}

/// Decides on a first link: what was asked for, and what the customer shares and allows.
pub fn grant(
    asked: &Asked,
    institution: &BankInstitution,
    accounts: &[BankAccount],
    allowed: &[Kind],
) -> Result<Grant, Refused> {
    let permitted = |product: &Product| !institution.per_product_consent || allowed.contains(&product.kind());
    let suits = |product: &Product| accounts.iter().any(|account| product.suits(account));
    // The institution has numbers at once, or small deposits verify them.
    let reachable = |product: &Product| {
        product.at(institution)
            && (*product != Product::Auth || institution.instant_identifiers || asked.deposits.is_some())
    };
    for product in &asked.required {
        if !reachable(product) {
            return Err(Refused::Ended(Error::new("PRODUCTS_NOT_SUPPORTED")));
        }
        if !suits(product) {
            return Err(Refused::Ended(product.without_account()));
        }
    }
    if asked.deposits == Some(Deposits::SameDay) {
        // The customer types numbers in instead of logging in: nothing else comes with them.
        return Ok(Grant { products: asked.required.clone(), billed: asked.required.clone() });
    }
    let supported: BTreeSet<Product> =
        asked.if_supported.iter().copied().filter(|product| reachable(product) && suits(product)).collect();
    if !asked.required.union(&supported).all(permitted) {
        return Err(Refused::Again(Error::new("ACCESS_NOT_GRANTED")));
    }
    let instant = |product: &Product| *product != Product::Auth || institution.instant_identifiers;
    let optional = asked.optional.iter().copied();
    let optional =
        optional.filter(|product| product.at(institution) && suits(product) && permitted(product) && instant(product));
    let mut grant = Grant { products: asked.required.union(&supported).copied().collect(), billed: BTreeSet::new() };
    grant.billed.extend(grant.products.iter().filter(|product| **product != Product::Assets));
    for product in optional {
        grant.products.insert(product);
        if !product.billed_at_first_use() {
            grant.billed.insert(product);
        }
    }
    Ok(grant)
}

/// A new Item of that id.
pub fn new_item(id: String, link: &Link, institution: &BankInstitution, finished: &Finished, grant: Grant) -> Item {
    let now = finished.login.at;
    let history = grant.products.contains(&Product::Transactions);
    let verification = match link.asked.deposits {
        _ if !grant.products.contains(&Product::Auth) => None,
        Some(Deposits::SameDay) => Some(Verification::Manual),
        _ => (!institution.instant_identifiers).then_some(Verification::Pending),
    };
    Item {
        id,
        institution: institution.key.clone(),
        login: finished.login.clone(),
        created_at: now,
        accounts: finished.accounts.iter().map(|key| (key.clone(), 0)).collect(),
        selection: 0,
        webhook: link.webhook.clone(),
        products: grant.products,
        billed: grant.billed,
        consented: has_consent_page(institution).then(|| link.asked.all()),
        permitted: permitted(institution, &link.asked.all(), &finished.granted),
        consent_expires_at: consent_end(institution, now),
        broken: false,
        revoked: false,
        verification,
        wrong_amounts: 0,
        days_requested: link.days_requested,
        statements: statements(link, now),
        statements_refresh: None,
        income: income(link, now),
        history: history.then(|| HistoryStart::new(&finished.login, now, link.days_requested)),
        synced: false,
        custom: Vec::new(),
        told: Told { history: 0, moment: None, custom: 0, selection: 0, error: None, accounts_at: now, expiry: None },
        last_webhook: None,
    }
}

fn statements(link: &Link, now: DateTime<Utc>) -> Option<StatementRange> {
    link.statements.map(|(from, to)| StatementRange { from, to, asked_at: now })
}

fn income(link: &Link, now: DateTime<Utc>) -> Option<IncomeAsked> {
    let (user, days) = (link.user.clone()?, link.income_days?);
    Some(IncomeAsked { user, days, asked_at: now })
}

/// Renews an Item by what the customer agreed to in update mode.
pub fn renew(item: &mut Item, link: &Link, institution: &BankInstitution, finished: &Finished) {
    let now = finished.login.at;
    let asked = asked_in_update(item, &link.asked);
    if verifies_deposits(item) {
        // No login was asked for, and nothing else changes.
        item.verification = Some(Verification::Entered);
        return;
    }
    item.login = finished.login.clone();
    (item.broken, item.revoked) = (false, false);
    (item.told.error, item.told.accounts_at) = (None, now);
    item.consent_expires_at = consent_end(institution, now);
    if let Some(consented) = &mut item.consented {
        consented.extend(link.asked.all());
    }
    item.permitted = permitted(institution, &asked, &finished.granted);
    item.income = income(link, now).or(item.income.take());
    item.statements = statements(link, now).or(item.statements.take());
    item.products.extend(link.asked.required.iter().filter(|product| product.at(institution)));
    if link.account_selection || institution.own_account_picker {
        select(item, &finished.accounts);
    }
}

/// How often wrong amounts may be entered.
pub const MOST_WRONG_AMOUNTS: u32 = 3;

/// Whether an update asks for the amounts of the deposits instead of the login.
pub fn verifies_deposits(item: &Item) -> bool {
    item.verification == Some(Verification::Manual) && !item.broken && !item.revoked
}

/// Counts wrong amounts; too many, and the deposits are void.
pub fn count_wrong_amounts(item: &mut Item, more: u32) {
    item.wrong_amounts = item.wrong_amounts.saturating_add(more);
    if item.wrong_amounts >= MOST_WRONG_AMOUNTS {
        item.verification = Some(Verification::Failed);
    }
}

/// The products that an update asks the customer for: those that the Item has or may use, and the new ones.
pub fn asked_in_update(item: &Item, asked: &Asked) -> BTreeSet<Product> {
    let known = item.products.iter().chain(item.consented.iter().flatten()).chain(item.permitted.iter().flatten());
    known.copied().chain(asked.all()).collect()
}

/// Whether the required products of an update were allowed.
pub fn check_update(link: &Link, institution: &BankInstitution, allowed: &[Kind]) -> Result<(), Refused> {
    let permitted = |product: &Product| !institution.per_product_consent || allowed.contains(&product.kind());
    if link.asked.required.iter().all(permitted) {
        Ok(())
    } else {
        Err(Refused::Again(Error::new("ACCESS_NOT_GRANTED")))
    }
}

fn select(item: &mut Item, accounts: &[String]) {
    let next = item.selection + 1;
    let number = |key: &String| item.accounts.get(key).copied().unwrap_or(next);
    let selected = accounts.iter().map(|key| (key.clone(), number(key))).collect();
    if item.accounts != selected {
        (item.accounts, item.selection) = (selected, next);
    }
}

/// Data Transparency Messaging is for the United States and Canada (P11).
pub fn has_consent_page(institution: &BankInstitution) -> bool {
    matches!(institution.country(), "US" | "CA")
}

fn permitted(institution: &BankInstitution, asked: &BTreeSet<Product>, allowed: &[Kind]) -> Option<BTreeSet<Product>> {
    let permitted = || asked.iter().copied().filter(|product| allowed.contains(&product.kind())).collect();
    institution.per_product_consent.then(permitted)
}

fn consent_end(institution: &BankInstitution, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    institution.consent_days.map(|days| from + TimeDelta::days(i64::from(days)))
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;
    use crate::bank::{Login, UserRef, institution};
    use crate::domain::account::{AccountSubtype, AccountType, Identifiers};

    pub fn account(account_type: AccountType, subtype: AccountSubtype) -> BankAccount {
        BankAccount {
            key: subtype.as_str().to_owned(),
            name: "An account".to_owned(),
            official_name: "An Account".to_owned(),
            mask: "0000".to_owned(),
            account_type,
            subtype,
            currency: "USD",
            identifiers: Identifiers::default(),
            owners: Vec::new(),
            opened_at: None,
            closed_at: None,
        }
    }

    fn finished(institution: &str, accounts: &[&str], granted: &[Kind]) -> Finished {
        let user = UserRef { institution: institution.to_owned(), username: "user_good".to_owned() };
        let login = Login { user, generation: 0, at: DateTime::from_timestamp(1_700_000_000, 0).unwrap() };
        let accounts = accounts.iter().map(|key| (*key).to_owned()).collect();
        Finished { login, accounts, granted: granted.to_vec() }
    }

    fn link(asked: Asked) -> Link {
        Link {
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH,
            client_name: "App".to_owned(),
            language: "en".to_owned(),
            country_codes: vec!["US".to_owned()],
            webhook: None,
            redirect_uri: None,
            institution: None,
            asked,
            account_filters: None,
            days_requested: 90,
            user: None,
            client_user_id: None,
            income_days: None,
            statements: None,
            payment: None,
            template: None,
            item_id: None,
            account_selection: false,
            hosted: true,
            completion_redirect_uri: None,
            sessions: Vec::new(),
        }
    }

    pub fn item(key: &str) -> Item {
        let institution = institution(key).unwrap();
        new_item("item".to_owned(), &link(Asked::default()), institution, &finished(key, &["a"], &[]), Grant::default())
    }

    fn set(products: &[Product]) -> BTreeSet<Product> {
        products.iter().copied().collect()
    }

    const CHECKING: (AccountType, AccountSubtype) = (AccountType::Depository, AccountSubtype::Checking);

    #[test]
    fn p6_required_if_supported_is_ignored_without_an_account_for_it() {
        let asked = Asked {
            required: set(&[Product::Transactions]),
            if_supported: set(&[Product::Investments, Product::Identity]),
            ..Asked::default()
        };
        let accounts = [account(CHECKING.0, CHECKING.1)];
        let granted = grant(&asked, institution("first_platypus").unwrap(), &accounts, &[]).unwrap();
        assert_eq!(granted.products, set(&[Product::Transactions, Product::Identity]));
        assert_eq!(granted.billed, granted.products);
    }

    #[test]
    fn p7_what_is_needed_and_withheld_is_asked_again() {
        let asked = Asked {
            required: set(&[Product::Transactions]),
            if_supported: set(&[Product::Identity]),
            optional: set(&[Product::Auth]),
            ..Asked::default()
        };
        let bank = institution("platypus_oauth").unwrap();
        let accounts = [account(CHECKING.0, CHECKING.1)];
        let withheld = grant(&asked, bank, &accounts, &[Kind::Transactions]);
        assert_eq!(withheld, Err(Refused::Again(Error::new("ACCESS_NOT_GRANTED"))));
        let granted = grant(&asked, bank, &accounts, &[Kind::Transactions, Kind::Owners]).unwrap();
        assert_eq!(granted.products, set(&[Product::Transactions, Product::Identity]));
    }

    #[test]
    fn p4_p9_optional_numbers_come_only_at_once_and_are_billed_later() {
        let asked =
            Asked { required: set(&[Product::Transactions]), optional: set(&[Product::Auth]), ..Asked::default() };
        let accounts = [account(CHECKING.0, CHECKING.1)];
        let instant = grant(&asked, institution("first_platypus").unwrap(), &accounts, &[]).unwrap();
        assert_eq!(instant.products, set(&[Product::Auth, Product::Transactions]));
        assert_eq!(instant.billed, set(&[Product::Transactions]));
        let slow = grant(&asked, institution("houndstooth").unwrap(), &accounts, &[]).unwrap();
        assert_eq!(slow.products, set(&[Product::Transactions]));
    }

    #[test]
    fn a_required_product_needs_an_account_and_an_institution() {
        let asked = Asked { required: set(&[Product::Investments]), ..Asked::default() };
        let accounts = [account(CHECKING.0, CHECKING.1)];
        let code = |key: &str| match grant(&asked, institution(key).unwrap(), &accounts, &[]) {
            Err(Refused::Ended(error)) => error.code().to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(code("first_platypus"), "NO_INVESTMENT_ACCOUNTS");
        assert_eq!(code("windowpane"), "PRODUCTS_NOT_SUPPORTED");
    }

    #[test]
    fn required_numbers_without_the_instant_flow_wait_for_a_deposit() {
        let bank = institution("houndstooth").unwrap();
        let link = link(Asked { required: set(&[Product::Auth]), ..Asked::default() });
        let granted = Grant { products: set(&[Product::Auth]), billed: set(&[Product::Auth]) };
        let item = new_item("item".to_owned(), &link, bank, &finished("houndstooth", &["a"], &[]), granted);
        assert_eq!(item.verification, Some(Verification::Pending));
    }

    #[test]
    fn u8_an_update_changes_the_accounts_only_where_they_are_chosen() {
        let mut updated = item("first_platypus");
        updated.broken = true;
        let bank = institution("first_platypus").unwrap();
        let mut link = link(Asked { consented: set(&[Product::Liabilities]), ..Asked::default() });
        renew(&mut updated, &link, bank, &finished("first_platypus", &["b"], &[]));
        assert!(!updated.broken && updated.accounts.contains_key("a") && updated.selection == 0);
        assert!(updated.consented.as_ref().unwrap().contains(&Product::Liabilities));
        link.account_selection = true;
        renew(&mut updated, &link, bank, &finished("first_platypus", &["a", "b"], &[]));
        assert_eq!(updated.accounts.into_iter().collect::<Vec<_>>(), [("a".to_owned(), 0), ("b".to_owned(), 1)]);
    }

    #[test]
    fn an_update_at_an_institution_that_asks_for_each_replaces_what_is_permitted() {
        let mut updated = item("platypus_oauth");
        updated.permitted = Some(set(&[Product::Transactions]));
        let bank = institution("platypus_oauth").unwrap();
        let link = link(Asked { consented: set(&[Product::Identity]), ..Asked::default() });
        renew(&mut updated, &link, bank, &finished("platypus_oauth", &["a"], &[Kind::Owners]));
        assert_eq!(updated.permitted, Some(set(&[Product::Identity])));
    }
}
