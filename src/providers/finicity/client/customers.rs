//! The customer's record at Finicity: one for each of ours, however many institutions they link.

use serde_json::{Value, json};

use crate::domain::service_provider::ServiceProvider;
use crate::providers::Failure;
use crate::providers::finicity::config::{CustomerKind, FinicityConfig};
use crate::providers::finicity::error;
use crate::providers::finicity::wire::link::{Customer, Customers};
use crate::providers::records::{Attempt, Made, Make, Record};

use super::{Api, Operation, is_id};

const ENROLL: Operation = Operation::once("enroll");
const FIND: Operation = Operation::repeatable("find_customer");
/// The shortest name that Finicity takes has 6 characters.
const NAME_PREFIX: &str = "linkspan-";

/// Finicity's id of our customer, who is enrolled first where that was not done.
pub async fn customer(api: &Api<'_>, customer_ref: &str) -> Result<String, Failure> {
    let make: Make<'_> = Box::new(|attempt| Box::pin(enroll(api, attempt)));
    let record = Record::Customer(customer_ref);
    let kept = api.cx.records.get(ServiceProvider::Finicity, record, api.cx.now, make).await?;
    let id = kept.expose().to_owned();
    if is_id(&id) { Ok(id) } else { Err(Failure::unreadable("the record of a customer")) }
}

async fn enroll(api: &Api<'_>, attempt: Attempt) -> Result<Made, Failure> {
    let name = username(attempt.seed.expose());
    let (path, body) = request(api.config(), &name);
    let id = match api.post::<Customer>(ENROLL, path, &body).await {
        Ok(customer) if customer.username == name => customer.id.0,
        Ok(_) => return Err(Failure::unreadable("another customer than was enrolled")),
        // An earlier attempt got that far, and its answer never came.
        Err(failure) if error::is_name_taken(&failure) => find(api, &name, failure).await?,
        Err(failure) => return Err(failure),
    };
    Ok(Made { secret: crate::domain::secret::Secret::new(id), expires_at: None })
}

async fn find(api: &Api<'_>, name: &str, taken: Failure) -> Result<String, Failure> {
    let found: Customers = api.get(FIND, format!("/aggregation/v1/customers?username={name}&limit=1")).await?;
    let customer = found.customers.into_iter().find(|customer| customer.username == name);
    customer.map(|customer| customer.id.0).ok_or(taken)
}

/// A name that nobody chose: "any mix of uppercase, lowercase, numeric, and ! @ . # $ % & * _ - +".
fn username(seed: &str) -> String {
    let plain = seed.chars().filter(|c| c.is_ascii_alphanumeric()).take(60);
    NAME_PREFIX.chars().chain(plain).collect()
}

fn request(config: &FinicityConfig, name: &str) -> (String, Value) {
    let kind = match config.customers {
        CustomerKind::Active => "active",
        CustomerKind::Testing => "testing",
    };
    let mut body = json!({ "username": name });
    if let Some(application) = &config.application_id {
        body["applicationId"] = json!(application);
    }
    (format!("/aggregation/v2/customers/{kind}"), body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_is_of_one_kind_and_nobody_s_name() {
        let mut config = FinicityConfig::default();
        assert_eq!(
            request(&config, "linkspan-1"),
            ("/aggregation/v2/customers/active".to_owned(), json!({ "username": "linkspan-1" }))
        );
        config.customers = CustomerKind::Testing;
        config.application_id = Some("app".to_owned());
        let (path, body) = request(&config, "linkspan-1");
        assert_eq!((path.as_str(), &body["applicationId"]), ("/aggregation/v2/customers/testing", &json!("app")));
        assert_eq!(username("aB-9_&=x"), "linkspan-aB9x");
    }
}
