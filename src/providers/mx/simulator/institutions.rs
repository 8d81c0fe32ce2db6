//! `/institutions`, in the form of either version.

use axum::extract::Path;
use serde_json::{Value, json};

use super::call::{Answer, Call, Error};
use super::state::guid;
use crate::bank::{BankInstitution, institutions};
use crate::domain::product::Product;
use crate::providers::mx::config::Version;

/// Where MX has institutions.
const COUNTRIES: [&str; 2] = ["US", "CA"];

/// The country that MX files an institution under; `None` for one that it does not have.
fn country(institution: &BankInstitution) -> Option<&'static str> {
    Some(institution.country()).filter(|country| COUNTRIES.contains(country))
}

/// The institution of that code, if MX has it.
pub fn find(code: &str) -> Option<&'static BankInstitution> {
    crate::bank::institution(code).filter(|one| country(one).is_some())
}

/// `GET /institutions`
pub async fn list(call: Call) -> Answer {
    let name = call.query("name").unwrap_or_default().to_lowercase();
    let countries: Vec<&str> = call.all("iso_country_code").collect();
    let products: Vec<&str> = call.all("supported_products").collect();
    let wanted = |one: &&BankInstitution| {
        country(one).is_some_and(|country| countries.is_empty() || countries.contains(&country))
            && one.name.to_lowercase().contains(&name)
            && products.iter().all(|product| supported(one).contains(product))
    };
    let all: Vec<Value> = institutions().iter().filter(wanted).map(|one| body(&call, one)).collect();
    call.page("institutions", 100, &all)
}

/// `GET /institutions/{code}`
pub async fn get(Path(code): Path<String>, call: Call) -> Answer {
    let institution = find(&code).ok_or_else(Error::not_found)?;
    let body = body(&call, institution);
    call.answer(200, json!({ "institution": body }))
}

/// What can be had there, in the newer version's words.
fn supported(institution: &BankInstitution) -> Vec<&'static str> {
    let names = [
        ("account_verification", Product::Identifiers),
        ("identity_verification", Product::Owners),
        ("transactions", Product::Transactions),
        ("transaction_history", Product::Transactions),
        ("investments", Product::InvestmentHoldings),
        ("statements", Product::Statements),
    ];
    names.iter().filter(|(_, product)| institution.has(*product)).map(|(name, _)| *name).collect()
}

fn body(call: &Call, institution: &BankInstitution) -> Value {
    let mut body = json!({
        "code": institution.key, "name": institution.name, "url": institution.url,
        "iso_country_code": country(institution).unwrap_or("US"),
        "is_disabled_by_client": false, "supports_oauth": institution.oauth, "supports_tax_document": false,
        "medium_logo_url": null, "small_logo_url": null, "instructional_text": null, "instructional_text_steps": null,
        "forgot_password_url": null, "forgot_username_url": null, "trouble_signing_in_url": null,
    });
    let more = match call.version {
        Version::V20111101 => json!({
            "supports_account_identification": institution.has(Product::Owners),
            "supports_account_verification": institution.has(Product::Identifiers),
            "supports_account_statement": institution.has(Product::Statements),
            "supports_transaction_history": institution.has(Product::Transactions),
        }),
        Version::V20250224 => json!({
            "guid": guid("INS", &[&institution.key]), "created_at": "2025-02-13T18:08:00+00:00", "is_hidden": false,
            "supported_products": supported(institution),
        }),
    };
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}
