//! `/institutions/*`.

use chrono::{DurationRound, TimeDelta};
use serde_json::{Value, json};

use super::accounts::time;
use super::call::{Answer, Call, reply};
use super::errors::{Error, Result};
use super::fields::Fields;
use super::product::{Product, names};
use crate::bank::{self, BankInstitution};
use crate::domain::institution::InstitutionHealth;

/// The countries that Plaid knows.
pub const COUNTRIES: &[&str] = &[
    "US", "GB", "ES", "NL", "FR", "IE", "CA", "DE", "IT", "PL", "DK", "NO", "SE", "EE", "LT", "LV", "PT", "BE", "AT",
    "FI",
];

/// The test institutions that Plaid's own sandbox has under these ids.
const KNOWN: &[(&str, &str)] = &[("first_platypus", "ins_109508"), ("platypus_oauth", "ins_127287")];

/// The others' ids are numbered from here, in the bank's order.
const FIRST_OTHER: usize = 200_000;

/// Plaid's id of an institution; `None` for a key that the bank does not have.
pub fn id(key: &str) -> Option<String> {
    if let Some((_, id)) = KNOWN.iter().find(|known| known.0 == key) {
        return Some((*id).to_owned());
    }
    let place = bank::institutions().iter().position(|institution| institution.key == key)?;
    Some(format!("ins_{}", FIRST_OTHER + place))
}

/// The institution of that id.
pub fn find(id: &str) -> Option<&'static BankInstitution> {
    if let Some((key, _)) = KNOWN.iter().find(|known| known.1 == id) {
        return bank::institution(key);
    }
    let number: usize = id.strip_prefix("ins_")?.parse().ok()?;
    let found = bank::institutions().get(number.checked_sub(FIRST_OTHER)?)?;
    // A known one has one id alone, and so has a number with leading zeros.
    (self::id(&found.key).as_deref() == Some(id)).then_some(found)
}

/// Countries as a request gives them, at least one.
pub fn countries(fields: &Fields) -> Result<Vec<String>> {
    let codes = fields.texts("country_codes")?.unwrap_or_default();
    if codes.is_empty() || !codes.iter().all(|code| COUNTRIES.contains(&code.as_str())) {
        return Err(Error::invalid_field("country_codes must be a non-empty array of supported country codes"));
    }
    Ok(codes)
}

/// What an institution is shown with.
#[derive(Default)]
struct Detail {
    metadata: bool,
    auth: bool,
    status: bool,
}

impl Detail {
    fn read(options: &Fields) -> Result<Self> {
        options.boolean("include_payment_initiation_metadata")?;
        Ok(Self {
            metadata: options.boolean("include_optional_metadata")?.unwrap_or_default(),
            auth: options.boolean("include_auth_metadata")?.unwrap_or_default(),
            status: options.boolean("include_status")?.unwrap_or_default(),
        })
    }
}

/// `/institutions/get`
pub async fn list(call: Call) -> Answer {
    let fields = call.fields(&["count", "offset", "country_codes"], &["options"])?;
    let known = [
        "products",
        "routing_numbers",
        "oauth",
        "include_optional_metadata",
        "include_auth_metadata",
        "include_payment_initiation_metadata",
    ];
    let options = fields.object("options", &[], &known)?.unwrap_or_default();
    let count = fields.integer("count", 1..=500)?.unwrap_or(1) as usize;
    let offset = fields.integer("offset", 0..=u32::MAX)?.unwrap_or_default() as usize;
    let products = kinds(&options)?;
    let (oauth, detail) = (options.boolean("oauth")?, Detail::read(&options)?);
    // The bank's institutions have no routing numbers of their own, so that none is found by them.
    let by_routing = options.texts("routing_numbers")?.is_some_and(|numbers| !numbers.is_empty());
    let mut found = bank::search("", &countries(&fields)?, &products);
    found.retain(|one| !by_routing && oauth.is_none_or(|oauth| one.oauth == oauth));
    let page: Vec<Value> = found.iter().skip(offset).take(count).map(|one| institution(&call, one, &detail)).collect();
    reply(json!({ "institutions": page, "total": found.len() }))
}

/// `/institutions/get_by_id`
pub async fn get(call: Call) -> Answer {
    let fields = call.fields(&["institution_id", "country_codes"], &["options"])?;
    let known =
        ["include_optional_metadata", "include_status", "include_auth_metadata", "include_payment_initiation_metadata"];
    let options = fields.object("options", &[], &known)?.unwrap_or_default();
    let countries = countries(&fields)?;
    let found = find(fields.need("institution_id")?);
    let found = found.filter(|one| countries.iter().any(|code| one.country_codes.contains(&code.as_str())));
    let found = found.ok_or_else(|| Error::new("INVALID_INSTITUTION"))?;
    reply(json!({ "institution": institution(&call, found, &Detail::read(&options)?) }))
}

/// `/institutions/search`
pub async fn search(call: Call) -> Answer {
    let fields = call.fields(&["query", "country_codes"], &["products", "options"])?;
    let known = [
        "oauth",
        "include_optional_metadata",
        "include_auth_metadata",
        "include_payment_initiation_metadata",
        "payment_initiation",
    ];
    let options = fields.object("options", &[], &known)?.unwrap_or_default();
    let (oauth, detail) = (options.boolean("oauth")?, Detail::read(&options)?);
    let mut found = bank::search(fields.need("query")?, &countries(&fields)?, &kinds(&fields)?);
    found.retain(|one| oauth.is_none_or(|oauth| one.oauth == oauth));
    let hits: Vec<Value> = found.iter().take(10).map(|one| institution(&call, one, &detail)).collect();
    reply(json!({ "institutions": hits }))
}

fn kinds(fields: &Fields) -> Result<Vec<crate::domain::product::Product>> {
    let products = Product::read_all(fields, "products")?;
    if fields.has("products") && products.is_empty() {
        return Err(Error::invalid_field("products must not be empty"));
    }
    Ok(products.into_iter().map(Product::kind).collect())
}

fn institution(call: &Call, one: &BankInstitution, detail: &Detail) -> Value {
    let products: Vec<Product> = Product::ALL.iter().copied().filter(|product| product.at(one)).collect();
    // Numbers are listed for the instant flow alone; the metadata name the other ways.
    let listed = products.iter().filter(|product| **product != Product::Auth || one.instant_identifiers);
    let mut row = json!({
        "institution_id": id(&one.key),
        "name": one.name,
        "products": names(listed),
        "country_codes": one.country_codes,
        "routing_numbers": [],
        "dtc_numbers": [],
        "oauth": one.oauth,
    });
    if detail.metadata {
        row["url"] = json!(one.url);
        row["primary_color"] = json!(null);
        row["logo"] = json!(null);
    }
    if detail.auth && products.contains(&Product::Auth) {
        row["auth_metadata"] = json!({ "supported_methods": {
            "instant_auth": one.instant_identifiers, "instant_match": false,
            "automated_micro_deposits": !one.instant_identifiers, "instant_micro_deposits": false,
        }});
    } else if detail.auth {
        row["auth_metadata"] = json!(null);
    }
    if detail.status {
        let now = call.simulator.shared.clock.now();
        row["status"] = status(one, &time(now.duration_trunc(TimeDelta::days(1)).unwrap_or(now)), &products);
    }
    row
}

/// How well each part of it works; all parts alike.
fn status(one: &BankInstitution, since: &str, products: &[Product]) -> Value {
    let (status, success, errors, interval) = match one.health {
        InstitutionHealth::Down => ("DOWN", 0.0, 1.0, "STOPPED"),
        InstitutionHealth::Degraded => ("DEGRADED", 0.5, 0.5, "DELAYED"),
        InstitutionHealth::Healthy | InstitutionHealth::Unknown => ("HEALTHY", 0.98, 0.02, "NORMAL"),
    };
    let part = |updated: bool| {
        let mut breakdown = json!({ "success": success, "error_plaid": 0.0, "error_institution": errors });
        if updated {
            breakdown["refresh_interval"] = json!(interval);
        }
        json!({ "status": status, "last_status_change": since, "breakdown": breakdown })
    };
    let mut parts = json!({ "item_logins": part(false) });
    let named = [
        (Product::Transactions, "transactions_updates", true),
        (Product::Auth, "auth", false),
        (Product::Identity, "identity", false),
        (Product::Investments, "investments_updates", true),
        (Product::Liabilities, "liabilities_updates", true),
    ];
    for (_, name, updated) in named.iter().filter(|(product, ..)| products.contains(product)) {
        parts[*name] = part(*updated);
    }
    parts
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use super::*;

    #[test]
    fn every_institution_has_one_id_that_leads_back_to_it() {
        for one in bank::institutions() {
            assert_eq!(find(&id(&one.key).unwrap()).unwrap().key, one.key);
        }
        assert_eq!(id("first_platypus").as_deref(), Some("ins_109508"));
        for nothing in ["ins_200000", "ins_0200005", "ins_", "ins_999999999", "200005", "ins_1"] {
            assert!(find(nothing).is_none(), "{nothing}");
        }
    }

    #[test]
    fn plaid_knows_every_country_of_the_bank() {
        let mut codes = bank::institutions().iter().flat_map(|one| one.country_codes);
        assert!(codes.all(|code| COUNTRIES.contains(code)));
    }
}
