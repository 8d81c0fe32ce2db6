//! What is asked of the institution for one account, and billed: numbers, owners, live balances.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::Simulator;
use super::accounts::account_id;
use super::call::{Answer, Caller, Error, Result, amount};
use super::state::InstitutionLogin;
use crate::bank::{BankAccount, Books};
use crate::domain::account::{Address, Owner};
use crate::domain::product::Product;
use crate::providers::finicity::map::subtypes;

/// An account, with all around it.
pub struct Open {
    /// Its login.
    pub login: InstitutionLogin,
    /// Its user's books.
    pub books: Books,
    /// The account.
    pub account: BankAccount,
}

impl Simulator {
    /// The account of that customer and number.
    pub(super) async fn open(&self, customer: &str, id: &str) -> Result<Open> {
        let unknown = || Error::new("38003");
        let own = |login: InstitutionLogin| {
            let key = login.accounts.iter().find(|key| account_id(&login, key).to_string() == id)?.clone();
            Some((login, key))
        };
        let (login, key) = self.logins(customer).await?.into_iter().find_map(own).ok_or_else(unknown)?;
        let books = self.shared.bank.books(&login.login.user).await?;
        let account = books.accounts().into_iter().find(|account| account.key == key).ok_or_else(unknown)?;
        Ok(Open { login, books, account })
    }
}

impl Open {
    /// The institution is asked: it has to serve the login, and to have the product.
    fn ask(&self, simulator: &Simulator, product: Product) -> Result<()> {
        match self.login.code(&self.books, simulator.shared.clock.now()) {
            0 if self.books.institution().has(product) => Ok(()),
            0 => Err(Error::unsuited()),
            code => Err(Error::aggregation(code)),
        }
    }

    fn with_numbers(&self) -> Result<()> {
        if subtypes::has_numbers(self.account.subtype) { Ok(()) } else { Err(Error::unsuited()) }
    }
}

/// `GET …/accounts/{account}/availableBalance/live`.
pub async fn live_balance(
    State(simulator): State<Simulator>,
    Path((customer, account)): Path<(String, String)>,
    _: Caller,
) -> Answer {
    let open = simulator.open(&customer, &account).await?;
    open.with_numbers()?;
    open.ask(&simulator, Product::Balances)?;
    let now = open.books.now();
    let balances = open.books.balances(&open.account.key, now).unwrap_or_default();
    Ok(Json(json!({
        "id": customer.parse::<i64>().unwrap_or_default(), "realAccountNumberLast4": open.account.mask,
        "availableBalance": amount(balances.available.unwrap_or_default()),
        "availableBalanceDate": now.at.timestamp(),
        "clearedBalance": amount(balances.current.unwrap_or_default()), "clearedBalanceDate": now.at.timestamp(),
        "aggregationStatusCode": 0, "currency": open.account.currency,
    })))
}

/// `GET …/accounts/{account}/details`.
pub async fn numbers(
    State(simulator): State<Simulator>,
    Path((customer, account)): Path<(String, String)>,
    _: Caller,
) -> Answer {
    let open = simulator.open(&customer, &account).await?;
    open.with_numbers()?;
    open.ask(&simulator, Product::Identifiers)?;
    let ach = open.account.identifiers.ach.as_ref().ok_or_else(Error::unsuited)?;
    Ok(Json(json!({ "routingNumber": ach.routing, "realAccountNumber": ach.account })))
}

/// `GET …/accounts/{account}/owner`.
pub async fn owner(
    State(simulator): State<Simulator>,
    Path((customer, account)): Path<(String, String)>,
    _: Caller,
) -> Answer {
    let open = simulator.open(&customer, &account).await?;
    open.ask(&simulator, Product::Owners)?;
    let joint = open.account.owners.len() > 1;
    let holders: Vec<Value> = open.account.owners.iter().map(|owner| holder(owner, joint)).collect();
    Ok(Json(json!({ "holders": holders })))
}

fn holder(owner: &Owner, joint: bool) -> Value {
    let emails: Vec<Value> = owner
        .emails
        .iter()
        .enumerate()
        .map(|(n, email)| json!({ "email": email, "isPrimary": n == 0, "emailType": "Personal" }))
        .collect();
    let phones: Vec<Value> =
        owner.phone_numbers.iter().map(|phone| json!({ "phone": phone, "type": "CELL", "country": "1" })).collect();
    json!({
        "relationship": if joint { "PRIMARY_JOINT" } else { "SOLE_OWNER" },
        "ownerName": owner.names.first().cloned().unwrap_or_default(), "nameClassification": "person",
        "addresses": owner.addresses.iter().map(address).collect::<Vec<_>>(), "emails": emails, "phones": phones,
    })
}

fn address(address: &Address) -> Value {
    let parts = [&address.street, &address.city, &address.region, &address.postal_code];
    let line: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    let mut shown = json!({ "ownerAddress": line.join(" "), "type": "Home" });
    let named = [
        ("line1", &address.street),
        ("city", &address.city),
        ("state", &address.region),
        ("postalCode", &address.postal_code),
        ("country", &address.country),
    ];
    for (name, value) in named {
        if let Some(value) = value {
            shown[name] = json!(value);
        }
    }
    shown
}
