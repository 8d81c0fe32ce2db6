//! Opens MX's Connect widget: one page, good once and for ten minutes.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::placement::{Placement, Placements};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::net::HeaderName;
use crate::net::header::ACCEPT_LANGUAGE;
use crate::providers::link::{Launch, LinkBegun, LinkPurpose, LinkRequest};
use crate::providers::mx::config::{UseCase, Version};
use crate::providers::mx::map::status::{self, RELINK_NEEDED, Standing};
use crate::providers::mx::spec::SPEC;
use crate::providers::mx::wire::institution::InstitutionAnswer;
use crate::providers::mx::wire::member::Member;
use crate::providers::mx::wire::{Guid, UserAnswer, Users, WidgetAnswer};
use crate::providers::records::{Attempt, Made, Make, Record};
use crate::providers::{Failure, FailureKind, Persistence};

use super::session::{Session, members_at};
use super::{Api, Link, ORDINARY_DAYS, Request, members};

/// How long the page can be opened.
const URL_LIFE: TimeDelta = TimeDelta::minutes(10);

/// The longest session that MX sends back with its webhooks.
const LONGEST_PAYLOAD: usize = 1024;

/// Opens a session.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let (user, session, settings) = match &request.purpose {
        LinkPurpose::Connect(placements) => connect(api, request, placements).await?,
        LinkPurpose::Repair { credential, fetched, consent, permissions, .. } => {
            let products = fetched.iter().chain(consent).chain(permissions).copied().collect();
            repair(api, request, Link::of(credential)?, &products).await?
        }
    };
    let payload = session.to_secret();
    let mut call = Request::post(
        "begin_link",
        format!("/users/{user}/widget_urls"),
        Some(json!({ "widget_url": widget(api, request, settings) })),
    )
    .with_header(ACCEPT_LANGUAGE, language(&request.language));
    if payload.expose().len() <= LONGEST_PAYLOAD {
        call = call.with_header(HeaderName::from_static("x-callback-payload"), payload.expose());
    }
    let answer: WidgetAnswer = match api.send(call).await {
        Err(failure) if failure.kind == FailureKind::NotFound => return Err(forget(api, request, &user, failure).await),
        answer => answer?,
    };
    Ok(LinkBegun {
        issued: Some(Secret::new(answer.widget_url.url.as_str())),
        launch: Launch::Redirect { url: answer.widget_url.url, token: None },
        provider_session: payload,
        expires_at: api.now() + URL_LIFE,
        request_id: None,
    })
}

/// Products of which it shows after a link whether anything came.
const SHOWN: [Product; 3] = [Product::Identifiers, Product::Owners, Product::Transactions];

async fn connect(
    api: &Api<'_>,
    request: &LinkRequest,
    placements: &Placements,
) -> Result<(Guid, Session, Map<String, Value>), Failure> {
    let user = user(api, &request.customer_ref).await?;
    let wanted = fetched(placements, &request.institution_products);
    let history = request.history_days > ORDINARY_DAYS
        && [Product::Transactions, Product::InvestmentTransactions].iter().any(|one| wanted.contains(one))
        && has_long_history(api, request.institution.as_deref()).await?;
    let mut settings = asked_for(api.config().version, &wanted, history);
    if let Some(code) = &request.institution {
        settings.insert("current_institution_code".into(), json!(code));
        settings.insert("disable_institution_search".into(), json!(true));
    }
    let since = began(&request.session_id).unwrap_or(api.now());
    let here = members_at(api, &user, request.institution.as_deref()).await?;
    let older = |member: &&Member| member.id.is_none() && member.aggregated_at.is_none_or(|at| at < since);
    let session = Session {
        session: request.session_id.clone(),
        user: user.to_string(),
        begun: api.now().timestamp(),
        institution: request.institution.clone(),
        passed: here.iter().filter(older).map(|member| member.guid.to_string()).collect(),
        asked: SHOWN.into_iter().filter(|product| wanted.contains(product)).collect(),
        history,
        repair: None,
    };
    Ok((user, session, settings))
}

async fn repair(
    api: &Api<'_>,
    request: &LinkRequest,
    link: Link,
    products: &BTreeSet<Product>,
) -> Result<(Guid, Session, Map<String, Value>), Failure> {
    let member = members::member(api, &link).await?;
    let standing = status::of(&member);
    if standing == Standing::Settled(RELINK_NEEDED) {
        let message = "MX no longer connects to this login";
        let mut failure = Failure::new(FailureKind::UserAction, Persistence::NeedsUser, status::code(&member), message);
        failure.condition = Some(RELINK_NEEDED);
        return Err(failure);
    }
    let broken = matches!(standing, Standing::Settled(condition) if condition.status.needs_customer());
    let mut settings = asked_for(api.config().version, products, false);
    settings.insert("current_member_guid".into(), json!(link.member.as_str()));
    // Else the widget finds nothing to do.
    settings.insert("update_credentials".into(), json!(!broken));
    let session = Session::repairing(request, &link, &member, broken, api.now());
    Ok((link.user, session, settings))
}

/// The widget's settings beside what it is for.
fn widget(api: &Api<'_>, request: &LinkRequest, mut settings: Map<String, Value>) -> Value {
    let config = api.config();
    settings.insert("widget_type".into(), json!("connect_widget"));
    settings.insert("ui_message_version".into(), json!(4));
    settings.insert("client_redirect_url".into(), json!(request.return_url));
    // Only so does MX lead back to us at the end of OAuth.
    settings.insert("oauth_referral_source".into(), json!("APP"));
    let countries: Vec<&String> =
        request.country_codes.iter().filter(|code| SPEC.countries.contains(&code.as_str())).collect();
    if !countries.is_empty() {
        settings.insert("iso_country_code".into(), json!(countries));
    }
    if !config.use_cases.is_empty() {
        let names: Vec<&str> = config.use_cases.iter().copied().map(UseCase::as_str).collect();
        settings.insert("use_cases".into(), json!(names));
    }
    Value::Object(settings)
}

fn language(code: &str) -> &'static str {
    match code {
        "es" => "es",
        "fr" => "fr-CA",
        _ => "en-US",
    }
}

/// What the session is to fetch: everything but what is only consented to, as far as the institution has it.
fn fetched(placements: &Placements, has: &[Product]) -> BTreeSet<Product> {
    let wanted = placements.iter().filter(|(product, placement)| match placement {
        Placement::Required => true,
        Placement::AdditionalConsented => false,
        _ => has.is_empty() || has.contains(product),
    });
    wanted.map(|(product, _)| product).collect()
}

/// Those products in the words of either version.
fn asked_for(version: Version, wanted: &BTreeSet<Product>, history: bool) -> Map<String, Value> {
    use Product::{Identifiers, InvestmentHoldings, InvestmentTransactions, Liabilities, Owners, Transactions};
    let any = |products: &[Product]| products.iter().any(|product| wanted.contains(product));
    let numbers_or_owners = any(&[Identifiers, Owners]);
    let lasting = any(&[Transactions, InvestmentHoldings, InvestmentTransactions, Liabilities]);
    let mut settings = Map::new();
    // Whoever asks for numbers or owners alone pays for no background aggregation.
    settings.insert("disable_background_agg".into(), json!(numbers_or_owners && !lasting));
    match version {
        Version::V20111101 => {
            let mode = if wanted.contains(&Identifiers) { "verification" } else { "aggregation" };
            settings.insert("mode".into(), json!(mode));
            settings.insert("include_identity".into(), json!(wanted.contains(&Owners)));
            settings.insert("include_transactions".into(), json!(lasting || !numbers_or_owners));
        }
        Version::V20250224 => {
            let names = [
                ("account_verification", any(&[Identifiers])),
                ("identity_verification", any(&[Owners])),
                ("investments", any(&[InvestmentHoldings, InvestmentTransactions])),
                ("transactions", any(&[Transactions, InvestmentTransactions]) || !(numbers_or_owners || lasting)),
                ("transaction_history", history),
            ];
            let mut names: Vec<&str> = names.iter().filter(|(_, asked)| *asked).map(|(name, _)| *name).collect();
            // Terms come with any aggregation.
            if names.is_empty() {
                names.push("transactions");
            }
            settings.insert("data_request".into(), json!({ "products": names }));
        }
    }
    settings
}

/// Whether the institution has the extended history, so that the customer is at hand if it asks for something.
async fn has_long_history(api: &Api<'_>, institution: Option<&str>) -> Result<bool, Failure> {
    // The older version's widget cannot be asked for it.
    let (Version::V20250224, Some(code)) = (api.config().version, institution) else { return Ok(false) };
    let name: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
    let path = format!("/institutions/{}", name.replace('+', "%20"));
    let answer: Result<InstitutionAnswer, Failure> = api.send(Request::get("institution", path)).await;
    match answer {
        Ok(answer) => {
            let listed = answer.institution.supported_products.unwrap_or_default();
            Ok(listed.iter().any(|product| product == "transaction_history"))
        }
        // The widget will say what is wrong with it.
        Err(failure) if failure.kind == FailureKind::NotFound => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// When our session began, as its id says.
fn began(session_id: &str) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = Uuid::parse_str(session_id).ok()?.get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

/// MX's record of the customer, made where there is none.
async fn user(api: &Api<'_>, customer_ref: &str) -> Result<Guid, Failure> {
    let make: Make<'_> = Box::new(move |_: Attempt| Box::pin(make_user(api, customer_ref)));
    let record = Record::Customer(customer_ref);
    let kept = api.context().records.get(SPEC.id, record, api.now(), make).await?;
    kept.expose().parse().map_err(|_| Failure::unreadable("the kept id of MX's user"))
}

async fn make_user(api: &Api<'_>, customer_ref: &str) -> Result<Made, Failure> {
    let body = json!({ "user": { "id": customer_ref } });
    let made: Result<UserAnswer, Failure> =
        api.send(Request::post("create_user", "/users".to_owned(), Some(body))).await;
    let user = match made {
        Ok(UserAnswer { user }) if user.id.as_deref().is_none_or(|id| id == customer_ref) => user,
        Ok(_) => return Err(Failure::unreadable("another user than was to be made")),
        // An earlier attempt has made it, and its answer was lost.
        Err(failure) if failure.code == "HTTP_409" => {
            let path = format!("/users?id={customer_ref}");
            let found: Users = api.send(Request::get("find_user", path)).await?;
            let ours = found.users.into_iter().find(|user| user.id.as_deref() == Some(customer_ref));
            ours.ok_or(failure)?
        }
        Err(failure) => return Err(failure),
    };
    Ok(Made { secret: Secret::new(user.guid.as_str()), expires_at: None })
}

/// MX does not know the user any more: it is made anew next time, where nothing hangs on it.
async fn forget(api: &Api<'_>, request: &LinkRequest, user: &Guid, failure: Failure) -> Failure {
    if let LinkPurpose::Repair { .. } = request.purpose {
        return Failure { condition: Some(RELINK_NEEDED), ..failure };
    }
    let record = Record::Customer(&request.customer_ref);
    match api.context().records.forget(SPEC.id, record, &Secret::new(user.as_str())).await {
        Ok(()) => {
            let message = "MX no longer knows the customer; try again";
            Failure::new(FailureKind::Unavailable, Persistence::Temporary, "USER_GONE", message)
        }
        Err(failure) => failure,
    }
}
