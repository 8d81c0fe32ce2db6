//! Institutions of the simulated bank as integrations: those in the US that have securities.

use serde_json::{Value, json};

use super::call::{Answer, Call, ok};
use super::state::uuid;
use crate::bank::{self, BankInstitution};
use crate::domain::institution::InstitutionHealth;
use crate::domain::product::Product;

/// The type of all of them: types are a closed list of real institutions, but for this one.
pub const BROKER_TYPE: &str = "sandbox";

fn served() -> impl Iterator<Item = &'static BankInstitution> {
    let is_served = |one: &&BankInstitution| one.country() == "US" && one.has(Product::InvestmentHoldings);
    bank::institutions().iter().filter(is_served)
}

fn id(institution: &BankInstitution) -> String {
    uuid(&["integration", &institution.key]).to_string()
}

/// The institution of an integration.
pub fn find(integration: &str) -> Option<&'static BankInstitution> {
    served().find(|one| id(one) == integration)
}

/// `GET /api/v1/integrations`
pub async fn list(_: Call) -> Answer {
    let of = |one: &BankInstitution| {
        json!({
            "id": id(one), "name": one.name, "type": BROKER_TYPE, "categories": ["brokerage"],
            "cryptoTransfersSupported": false,
        })
    };
    ok(json!({ "items": served().map(of).collect::<Vec<Value>>() }))
}

/// `GET /api/v1/status`
pub async fn status(_: Call) -> Answer {
    ok(served().map(fares).collect())
}

fn fares(one: &BankInstitution) -> Value {
    let names = [
        (Product::Balances, "balance"),
        (Product::InvestmentHoldings, "holdings"),
        (Product::InvestmentTransactions, "orders"),
    ];
    let products: Vec<&str> =
        names.into_iter().filter(|(product, _)| one.has(*product)).map(|(_, name)| name).collect();
    let is_up = one.health != InstitutionHealth::Down;
    json!({ "type": BROKER_TYPE, "name": one.name, "isUp": is_up, "supportedProducts": products })
}
