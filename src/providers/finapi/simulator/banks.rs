//! Banks: `GET /api/v2/banks`.

use axum::Json;
use serde_json::{Value, json};

use super::errors::Result;
use super::gate::Caller;
use super::values::{Query, paged, without_nulls};
use crate::bank::ids;
use crate::bank::{self, BankInstitution};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

/// finAPI's id of an institution.
pub fn bank_id(institution: &str) -> i64 {
    ids::number(&["bank", institution])
}

/// The institution with that id.
pub fn find(id: i64) -> Option<&'static BankInstitution> {
    bank::institutions().iter().find(|one| bank_id(&one.key) == id)
}

/// `GET /api/v2/banks`
pub async fn list(caller: Caller, query: Query) -> Result<Json<Value>> {
    caller.as_client()?;
    let countries: Vec<String> =
        query.get("location").map(|codes| codes.split(',').map(str::to_owned).collect()).unwrap_or_default();
    let is_asked = query.get("isTestBank").is_none_or(|is_test| is_test == "true");
    let search = query.get("search").map(String::as_str).unwrap_or_default();
    let mut all = if is_asked { bank::search(search, &countries, &[]) } else { Vec::new() };
    all.sort_by_key(|one| bank_id(&one.key));
    paged(&query, "banks", all.into_iter().map(bank).collect(), json!({}))
}

/// The interface that an import takes: owners come through one alone.
pub fn interface(institution: &BankInstitution, owners: bool) -> &'static str {
    match (institution.oauth, owners && has_scraper(institution)) {
        (_, true) => "WEB_SCRAPER",
        (true, false) => "XS2A",
        (false, false) => "FINTS_SERVER",
    }
}

/// Whether owners can be had there.
pub fn has_scraper(institution: &BankInstitution) -> bool {
    !institution.oauth && institution.has(Product::Owners)
}

/// A bank as it is sent.
pub fn bank(institution: &'static BankInstitution) -> Value {
    let country = institution.country();
    let letters = institution.key.bytes().filter(u8::is_ascii_alphabetic).chain(*b"XXXX").take(4);
    let letters: String = letters.map(|b| char::from(b.to_ascii_uppercase())).collect();
    let mut interfaces = vec![interface(institution, false)];
    interfaces.extend(has_scraper(institution).then_some("WEB_SCRAPER"));
    without_nulls(json!({
        "id": bank_id(&institution.key), "name": institution.name, "bic": format!("{letters}{country}FFXXX"),
        "blz": format!("DEMO{:04}", bank_id(&institution.key) % 10_000), "location": country, "isTestBank": true,
        "popularity": 50, "isBeta": false,
        "interfaces": interfaces.into_iter().map(|name| described(institution, name)).collect::<Vec<_>>(),
    }))
}

fn described(institution: &BankInstitution, name: &str) -> Value {
    let health = match institution.health {
        InstitutionHealth::Healthy | InstitutionHealth::Unknown => 100,
        InstitutionHealth::Degraded => 60,
        InstitutionHealth::Down => 0,
    };
    let field = |label: &str, secret: bool| json!({ "label": label, "isSecret": secret, "isVolatile": false, "isMandatory": true });
    let is_redirect = name == "XS2A";
    let fields = if is_redirect { Vec::new() } else { vec![field("Anmeldename", false), field("PIN", true)] };
    let mut types = Vec::new();
    if institution.has(Product::Transactions) {
        types.extend(["Checking", "Savings", "CreditCard"]);
    }
    types.extend(institution.has(Product::InvestmentHoldings).then_some("Security"));
    json!({
        "bankingInterface": name, "loginCredentials": fields,
        "properties": if is_redirect { vec!["REDIRECT_APPROACH"] } else { Vec::new() }, "health": health,
        "isAisSupported": true, "isPisSupported": false, "aisAccountTypes": types,
        "paymentCapabilities": {
            "sepaDirectDebit": false, "sepaMoneyTransfer": false, "sepaInstantMoneyTransfer": false,
            "sepaCollectiveMoneyTransfer": false, "sepaFutureDatedMoneyTransfer": false, "sepaStandingOrder": false,
            "domesticMoneyTransfer": false, "domesticCollectiveMoneyTransfer": false,
            "domesticFutureDatedMoneyTransfer": false,
        },
    })
}
