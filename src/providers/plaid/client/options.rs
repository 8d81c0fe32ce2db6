//! What single products cannot start without (B14), in Plaid's form.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDate};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::domain::product::Product;
use crate::providers::{Failure, FailureKind, Persistence};

use super::refused;

/// The purposes that Plaid knows, a closed list.
const PURPOSES: [&str; 8] = [
    "ACCOUNT_REVIEW_CREDIT",
    "ACCOUNT_REVIEW_NON_CREDIT",
    "EXTENSION_OF_CREDIT",
    "LEGITIMATE_BUSINESS_NEED_TENANT_SCREENING",
    "LEGITIMATE_BUSINESS_NEED_OTHER",
    "WRITTEN_INSTRUCTION_PREQUALIFICATION",
    "WRITTEN_INSTRUCTION_OTHER",
    "ELIGIBILITY_FOR_GOVT_BENEFITS",
];

/// `/statements/refresh`: "You can request up to two years of data."
const STATEMENTS_SPAN: Months = Months::new(24);

#[derive(Deserialize)]
struct Statements {
    from: NaiveDate,
    to: NaiveDate,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct IdentityVerification {
    template_id: String,
}

/// Which payment the customer authorises.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentInitiation {
    /// Plaid's id of it.
    pub payment_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ConsumerReport {
    permissible_purpose: String,
    days: u16,
}

/// The fields of `/link/token/create` for those of the products that need some.
pub fn fields(
    products: impl Iterator<Item = Product>,
    options: &Map<String, Value>,
    history_days: u16,
) -> Result<BTreeMap<&'static str, Value>, Failure> {
    let mut fields = BTreeMap::new();
    for product in products {
        match product {
            Product::Income => {
                // A bank's alone: income of other sources is refused before (B14).
                let days = history_days.clamp(1, 731);
                let income = json!({ "income_source_types": ["bank"], "bank_income": { "days_requested": days } });
                fields.insert("income_verification", income);
            }
            Product::Statements => {
                let Statements { from, to } = of(product, options)?;
                fields.insert("statements", json!({ "start_date": from, "end_date": to }));
            }
            Product::IdentityVerification => {
                let IdentityVerification { template_id } = of(product, options)?;
                fields.insert("identity_verification", json!({ "template_id": template_id }));
            }
            Product::PaymentInitiation => {
                let PaymentInitiation { payment_id } = of(product, options)?;
                fields.insert("payment_initiation", json!({ "payment_id": payment_id }));
            }
            Product::ConsumerReport => {
                let ConsumerReport { permissible_purpose, days } = of(product, options)?;
                if !PURPOSES.contains(&permissible_purpose.as_str()) {
                    return Err(unknown_purpose());
                }
                fields.insert("consumer_report_permissible_purpose", permissible_purpose.into());
                fields.insert("cra_options", json!({ "days_requested": days.clamp(180, 731) }));
            }
            _ => {}
        }
    }
    Ok(fields)
}

/// From when to when statements are fetched anew: from the day that was asked for, as far as Plaid goes back, to today.
pub fn statements_until(today: NaiveDate, options: &Map<String, Value>) -> Option<(NaiveDate, NaiveDate)> {
    let Statements { from, .. } = of(Product::Statements, options).ok()?;
    Some((from.max(today - STATEMENTS_SPAN), today)).filter(|(from, to)| from <= to)
}

/// The options of a product.
pub fn of<T: DeserializeOwned>(product: Product, options: &Map<String, Value>) -> Result<T, Failure> {
    let given = options.get(product.as_str()).cloned().unwrap_or_default();
    serde_json::from_value(given).map_err(|_| missing(product))
}

fn unknown_purpose() -> Failure {
    let message = format!("permissiblePurpose is one of {}", PURPOSES.join(", "));
    Failure::new(FailureKind::Invalid, Persistence::Permanent, "PERMISSIBLE_PURPOSE", message)
        .of_given("/productOptions/CONSUMER_REPORT/permissiblePurpose")
}

fn missing(product: Product) -> Failure {
    refused("PRODUCT_OPTIONS_REQUIRED", &format!("{product} cannot start without its productOptions"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn sent(product: Product, options: Value) -> Value {
        let Value::Object(options) = json!({ product.as_str(): options }) else { panic!("an object") };
        json!(fields([product].into_iter(), &options, 400).unwrap())
    }

    #[test]
    fn b14_options_are_sent_as_plaid_names_them() {
        assert_eq!(
            sent(Product::Statements, json!({"from": "2024-01-01", "to": "2025-12-31"})),
            json!({"statements": {"start_date": "2024-01-01", "end_date": "2025-12-31"}})
        );
        assert_eq!(
            sent(Product::IdentityVerification, json!({"templateId": "idvtmp_1"})),
            json!({"identity_verification": {"template_id": "idvtmp_1"}})
        );
        assert_eq!(
            sent(Product::PaymentInitiation, json!({"paymentId": "payment-1"})),
            json!({"payment_initiation": {"payment_id": "payment-1"}})
        );
        assert_eq!(
            sent(Product::ConsumerReport, json!({"permissiblePurpose": "EXTENSION_OF_CREDIT", "days": 30})),
            json!({"consumer_report_permissible_purpose": "EXTENSION_OF_CREDIT", "cra_options": {"days_requested": 180}})
        );
    }

    #[test]
    fn b14_income_is_a_banks() {
        assert_eq!(
            sent(Product::Income, json!({"source": "BANK"})),
            json!({"income_verification": {"income_source_types": ["bank"], "bank_income": {"days_requested": 400}}})
        );
    }

    #[test]
    fn statements_are_fetched_anew_to_this_day_and_two_years_back_at_most() {
        let until = |from: &str| {
            let options = json!({"STATEMENTS": {"from": from, "to": "2026-01-31"}});
            statements_until("2026-11-22".parse().unwrap(), options.as_object().unwrap())
                .map(|(from, to)| format!("{from} {to}"))
        };
        assert_eq!(until("2025-12-01").as_deref(), Some("2025-12-01 2026-11-22"));
        assert_eq!(until("2024-02-01").as_deref(), Some("2024-11-22 2026-11-22"));
        assert_eq!(until("2027-01-01"), None);
        assert_eq!(statements_until("2026-11-22".parse().unwrap(), &Map::new()), None);
    }

    #[test]
    fn b14_an_unknown_purpose_is_named_to_who_gave_it() {
        let options = json!({"CONSUMER_REPORT": {"permissiblePurpose": "FUN", "days": 30}});
        let failure = fields([Product::ConsumerReport].into_iter(), options.as_object().unwrap(), 90).unwrap_err();
        assert_eq!(failure.given, Some("/productOptions/CONSUMER_REPORT/permissiblePurpose"));
    }

    #[test]
    fn b14_missing_options_are_refused() {
        for product in
            [Product::Statements, Product::IdentityVerification, Product::PaymentInitiation, Product::ConsumerReport]
        {
            let failure = fields([product].into_iter(), &Map::new(), 90).unwrap_err();
            assert_eq!(failure.code, "PRODUCT_OPTIONS_REQUIRED", "{product}");
        }
        let nothing = fields([Product::Transactions, Product::Assets].into_iter(), &Map::new(), 90).unwrap();
        assert!(nothing.is_empty());
    }
}
