//! Reads and judges what `/link/token/create` is asked for. Pure.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::super::errors::{Error, Result};
use super::super::fields::Fields;
use super::super::gate::DEFAULT_DAYS;
use super::super::institutions;
use super::super::product::Product;
use super::super::state::{Asked, Deposits, Link};
use super::known;

/// The longest life of a hosted page: 21 days.
const LONGEST_LIFE: u32 = 21 * 24 * 60 * 60;

/// The link that is asked for; its Item, in update mode, is for the caller to find.
pub fn read(fields: &Fields, now: DateTime<Utc>) -> Result<Link> {
    let update = fields.has("access_token");
    fields.one_of("language", known::LANGUAGES)?;
    check_user(fields)?;
    let asked = asked(fields)?;
    check_products(&asked, fields, update)?;
    let account_selection = account_selection(fields, update)?;
    if update && !account_selection && fields.has("account_filters") {
        return Err(Error::invalid_field("account_filters can only be used in update mode with account selection"));
    }
    let (life, completion_redirect_uri) = life(fields, update)?;
    let redirect_uri = fields.url("redirect_uri")?;
    if redirect_uri.as_ref().is_some_and(|url| url.query().is_some()) {
        return Err(Error::invalid_field("redirect_uri must not contain a query string"));
    }
    let transactions = fields.object("transactions", &[], &["days_requested"])?.unwrap_or_default();
    let institution = fields
        .text("institution_id")?
        .map(|id| institutions::find(id).map(|one| one.key.clone()).ok_or_else(|| Error::new("INVALID_INSTITUTION")));
    Ok(Link {
        created_at: now,
        expires_at: now + life,
        client_name: fields.need("client_name")?.to_owned(),
        language: fields.need("language")?.to_owned(),
        country_codes: institutions::countries(fields)?,
        webhook: fields.url("webhook")?.map(String::from),
        redirect_uri: redirect_uri.map(String::from),
        institution: institution.transpose()?,
        asked,
        account_filters: account_filters(fields)?,
        days_requested: transactions.integer("days_requested", 1..=730)?.unwrap_or(DEFAULT_DAYS),
        user: None,
        client_user_id: fields
            .object("user", &["client_user_id"], known::USER)?
            .and_then(|user| user.text("client_user_id").ok().flatten().map(str::to_owned)),
        income_days: income_days(fields)?,
        statements: statements(fields)?,
        payment: payment(fields)?,
        template: template(fields)?,
        item_id: None,
        account_selection,
        hosted: fields.has("hosted_link"),
        completion_redirect_uri,
        sessions: Vec::new(),
    })
}

fn check_user(fields: &Fields) -> Result<()> {
    match fields.object("user", &["client_user_id"], known::USER)? {
        Some(user) => user.need("client_user_id").map(|_| ()),
        None if fields.has("user_id") => fields.need("user_id").map(|_| ()),
        None => Err(Error::missing_fields(&["user".to_owned()])),
    }
}

fn asked(fields: &Fields) -> Result<Asked> {
    let list = |name: &str| {
        let products = Product::read_all(fields, name)?;
        if products.contains(&Product::Balance) {
            return Err(Error::invalid_field(format!(
                "{name} must not contain balance, which needs no initialization"
            )));
        }
        Ok(products)
    };
    Ok(Asked {
        required: list("products")?,
        if_supported: list("required_if_supported_products")?,
        optional: list("optional_products")?,
        consented: list("additional_consented_products")?,
        deposits: deposits(fields)?,
    })
}

fn deposits(fields: &Fields) -> Result<Option<Deposits>> {
    let auth = fields.object("auth", &[], known::AUTH)?.unwrap_or_default();
    let is_on = |name: &str| auth.boolean(name).map(Option::unwrap_or_default);
    let automated = is_on("automated_microdeposits_enabled")?.then_some(Deposits::Automated);
    Ok(if is_on("same_day_microdeposits_enabled")? { Some(Deposits::SameDay) } else { automated })
}

fn check_products(asked: &Asked, fields: &Fields, update: bool) -> Result<()> {
    let all = asked.all();
    let lists = [&asked.required, &asked.if_supported, &asked.optional, &asked.consented];
    if lists.iter().map(|list| list.len()).sum::<usize>() != all.len() {
        return Err(Error::invalid_field("a product must not be in more than one of the arrays of products"));
    }
    if update {
        let extra = !asked.if_supported.is_empty() || !asked.optional.is_empty();
        if extra || !asked.required.iter().all(|product| product.in_update_mode()) {
            return Err(Error::invalid_field("products must not be set when an access_token is given"));
        }
    } else if asked.required.is_empty() {
        return Err(Error::missing_fields(&["products".to_owned()]));
    }
    check_combination(asked)?;
    check_settings(asked, fields)
}

/// Products that do not go together (P18).
fn check_combination(asked: &Asked) -> Result<()> {
    use Product::{Assets, Auth, ConsumerReport, IdentityVerification, Income, PaymentInitiation};
    let all = asked.all();
    for alone in [IdentityVerification, PaymentInitiation] {
        if all.contains(&alone) && all.len() > 1 {
            return Err(Error::invalid_field(format!("{} cannot be used with any other product", alone.as_str())));
        }
    }
    if all.contains(&ConsumerReport) && (all.contains(&Assets) || all.contains(&Income)) {
        return Err(Error::invalid_field("cra_base_report cannot be used with assets or income_verification"));
    }
    let deposits = asked.deposits == Some(Deposits::SameDay);
    if deposits && (asked.required.iter().any(|product| *product != Auth) || !asked.optional.is_empty()) {
        return Err(Error::invalid_field("same-day micro-deposits can only be used with auth as the only product"));
    }
    Ok(())
}

/// Products that need settings of their own.
fn check_settings(asked: &Asked, fields: &Fields) -> Result<()> {
    let settings = [
        (Product::Statements, "statements"),
        (Product::Income, "income_verification"),
        (Product::ConsumerReport, "consumer_report_permissible_purpose"),
        (Product::IdentityVerification, "identity_verification"),
        (Product::PaymentInitiation, "payment_initiation"),
    ];
    for (product, field) in settings {
        if asked.required.contains(&product) && !fields.has(field) {
            return Err(Error::missing_fields(&[field.to_owned()]));
        }
    }
    Ok(())
}

/// Days of bank income, where that is asked for.
fn income_days(fields: &Fields) -> Result<Option<u32>> {
    let known =
        ["income_verification_id", "asset_report_id", "access_tokens", "payroll_income", "stated_income_sources"];
    let known: Vec<&str> = known.into_iter().chain(["income_source_types", "bank_income"]).collect();
    let Some(income) = fields.object("income_verification", &[], &known)? else { return Ok(None) };
    if !fields.has("user_token") && !fields.has("user_id") {
        return Err(Error::missing_fields(&["user_token".to_owned()]));
    }
    let known = ["days_requested", "enable_multiple_items"];
    let Some(bank) = income.object("bank_income", &["days_requested"], &known[1..])? else { return Ok(None) };
    bank.integer("days_requested", 1..=731)
}

/// First and last day of the statements.
fn statements(fields: &Fields) -> Result<Option<(NaiveDate, NaiveDate)>> {
    let Some(range) = fields.object("statements", &["start_date", "end_date"], &[])? else { return Ok(None) };
    let (Some(from), Some(to)) = (range.date("start_date")?, range.date("end_date")?) else { return Ok(None) };
    if from > to {
        return Err(Error::invalid_field("statements.start_date must not be after statements.end_date"));
    }
    Ok(Some((from, to)))
}

/// The payment that is to be authorised. Payments are made elsewhere: whatever else is an id of one.
fn payment(fields: &Fields) -> Result<Option<String>> {
    let Some(payment) = fields.object("payment_initiation", &[], &["payment_id", "consent_id"])? else {
        return Ok(None);
    };
    if payment.has("consent_id") {
        return Err(Error::invalid_field("payment_initiation.consent_id is not a consent of this client"));
    }
    payment.need("payment_id").map(|id| Some(id.to_owned()))
}

/// The template of the verification.
fn template(fields: &Fields) -> Result<Option<String>> {
    let known = ["consent", "gave_consent"];
    let Some(verification) = fields.object("identity_verification", &["template_id"], &known)? else { return Ok(None) };
    verification.boolean("gave_consent")?;
    let template = verification.need("template_id")?;
    // A template is made in the dashboard, which there is none of: any will do that looks like one.
    if !template.starts_with("idvtmp_") {
        return Err(Error::invalid_field("identity_verification.template_id is not a template of this client"));
    }
    Ok(Some(template.to_owned()))
}

fn account_selection(fields: &Fields, update: bool) -> Result<bool> {
    let known = ["account_selection_enabled", "reauthorization_enabled", "user", "item_ids"];
    let settings = fields.object("update", &[], &known)?;
    if settings.is_some() && !update {
        return Err(Error::invalid_field("update can only be used with an access_token"));
    }
    let settings = settings.unwrap_or_default();
    settings.boolean("reauthorization_enabled")?;
    Ok(settings.boolean("account_selection_enabled")?.unwrap_or_default())
}

/// How long the token lives, and where a hosted page leads to at the end.
fn life(fields: &Fields, update: bool) -> Result<(TimeDelta, Option<String>)> {
    let known = ["delivery_method", "completion_redirect_uri", "url_lifetime_seconds", "is_mobile_app"];
    let Some(hosted) = fields.object("hosted_link", &[], &known)? else {
        return Ok((if update { TimeDelta::minutes(30) } else { TimeDelta::hours(4) }, None));
    };
    hosted.boolean("is_mobile_app")?;
    let usual = match hosted.one_of("delivery_method", &["sms", "email"])? {
        Some("email") => TimeDelta::days(7),
        Some(_) => TimeDelta::days(1),
        None => TimeDelta::minutes(30),
    };
    let seconds = hosted.integer("url_lifetime_seconds", 1..=LONGEST_LIFE)?;
    let life = seconds.map_or(usual, |seconds| TimeDelta::seconds(i64::from(seconds)));
    Ok((life, hosted.url("completion_redirect_uri")?.map(String::from)))
}

fn account_filters(fields: &Fields) -> Result<Option<BTreeMap<String, Vec<String>>>> {
    let types: Vec<&str> = known::SUBTYPES.iter().map(|(kind, _)| *kind).collect();
    let Some(filters) = fields.object("account_filters", &[], &types)? else { return Ok(None) };
    let mut read = BTreeMap::new();
    for (kind, subtypes) in known::SUBTYPES {
        let Some(filter) = filters.object(kind, &["account_subtypes"], &["limited_purpose_types"])? else { continue };
        let wanted = filter.texts("account_subtypes")?.unwrap_or_default();
        if wanted.is_empty() || !wanted.iter().all(|wanted| subtypes.contains(&wanted.as_str())) {
            let message = format!("account_filters.{kind}.account_subtypes must be valid subtypes of {kind}");
            return Err(Error::invalid_field(message));
        }
        read.insert((*kind).to_owned(), wanted);
    }
    Ok(Some(read))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]
    use serde_json::{Map, Value, json};

    use super::*;

    fn link(more: Value) -> Result<Link> {
        let mut body = json!({
            "client_name": "App", "language": "en", "country_codes": ["US"], "user": { "client_user_id": "1" },
        });
        let body: &mut Map<String, Value> = body.as_object_mut().unwrap();
        body.extend(more.as_object().unwrap().clone());
        let required = ["client_name", "language", "country_codes"];
        read(&Fields::new(body.clone(), &required, known::OPTIONAL)?, DateTime::UNIX_EPOCH)
    }

    fn refusal(more: Value) -> String {
        link(more).err().map(|error| error.code().to_owned()).unwrap_or_default()
    }

    #[test]
    fn products_are_judged_as_plaid_judges_them() {
        assert_eq!(refusal(json!({})), "MISSING_FIELDS");
        assert_eq!(refusal(json!({ "products": [] })), "MISSING_FIELDS");
        assert_eq!(refusal(json!({ "products": ["nothing"] })), "INVALID_FIELD");
        assert_eq!(refusal(json!({ "products": ["layer"] })), "INVALID_PRODUCT");
        assert_eq!(refusal(json!({ "products": ["balance"] })), "INVALID_FIELD");
        assert_eq!(refusal(json!({ "products": ["auth"], "optional_products": ["auth"] })), "INVALID_FIELD");
        let overlap = json!({ "products": ["auth"], "optional_products": ["identity"], "additional_consented_products": ["identity"] });
        assert_eq!(refusal(overlap), "INVALID_FIELD");
        let fine = json!({ "products": ["transactions"], "required_if_supported_products": ["identity"],
            "optional_products": ["auth"], "additional_consented_products": ["investments"] });
        assert_eq!(link(fine).unwrap().asked.all().len(), 4);
    }

    #[test]
    fn p18_some_products_do_not_go_together() {
        let cases = [
            json!({ "products": ["payment_initiation", "auth"], "payment_initiation": { "payment_id": "p" } }),
            json!({ "products": ["cra_base_report", "assets"], "consumer_report_permissible_purpose": "x" }),
            json!({ "products": ["auth", "identity"], "auth": { "same_day_microdeposits_enabled": true } }),
        ];
        for case in cases {
            assert_eq!(refusal(case), "INVALID_FIELD");
        }
        assert_eq!(refusal(json!({ "products": ["statements"] })), "MISSING_FIELDS");
    }

    #[test]
    fn u3_update_mode_takes_no_products_but_credit_products() {
        let update = |products: Value| refusal(json!({ "access_token": "access-sandbox-1", "products": products }));
        assert_eq!(update(json!([])), "");
        assert_eq!(update(json!(["transactions"])), "INVALID_FIELD");
        assert_eq!(update(json!(["assets"])), "");
        assert_eq!(
            refusal(json!({ "products": ["auth"], "update": { "account_selection_enabled": true } })),
            "INVALID_FIELD"
        );
    }

    #[test]
    fn u7_account_filters_in_update_mode_need_account_selection() {
        let filters = json!({ "depository": { "account_subtypes": ["checking"] } });
        assert_eq!(refusal(json!({ "access_token": "a", "account_filters": filters })), "INVALID_FIELD");
        let selection = json!({ "account_selection_enabled": true });
        assert_eq!(refusal(json!({ "access_token": "a", "account_filters": filters, "update": selection })), "");
        let wrong = json!({ "credit": { "account_subtypes": ["checking"] } });
        assert_eq!(refusal(json!({ "products": ["auth"], "account_filters": wrong })), "INVALID_FIELD");
    }

    #[test]
    fn addresses_are_judged() {
        let with = |name: &str, url: &str| refusal(json!({ "products": ["auth"], name: url }));
        assert_eq!(with("redirect_uri", "https://app.example/back"), "");
        assert_eq!(with("redirect_uri", "https://app.example/back?state=1"), "INVALID_FIELD");
        assert_eq!(with("webhook", "not an address"), "INVALID_FIELD");
        assert_eq!(with("institution_id", "ins_0"), "INVALID_INSTITUTION");
    }

    #[test]
    fn tokens_live_as_long_as_plaids() {
        let minutes = |more: Value| (link(more).unwrap().expires_at - DateTime::UNIX_EPOCH).num_minutes();
        assert_eq!(minutes(json!({ "products": ["auth"] })), 240);
        assert_eq!(minutes(json!({ "access_token": "a" })), 30);
        assert_eq!(minutes(json!({ "products": ["auth"], "hosted_link": {} })), 30);
        assert_eq!(minutes(json!({ "products": ["auth"], "hosted_link": { "url_lifetime_seconds": 600 } })), 10);
        let long = json!({ "products": ["auth"], "hosted_link": { "url_lifetime_seconds": LONGEST_LIFE + 1 } });
        assert_eq!(refusal(long), "INVALID_FIELD");
    }
}
