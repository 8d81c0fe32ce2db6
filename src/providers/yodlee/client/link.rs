//! Opens FastLink. It is all in the launch: a token of the user's, made for the browser alone, and what FastLink is to do.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::{Map, Value};
use url::form_urlencoded;

use crate::domain::connection::{Status, StatusReason};
use crate::domain::placement::{Placement, Placements};
use crate::domain::product::Product;
use crate::domain::secret::Secret;
use crate::providers::Failure;
use crate::providers::link::{Launch, LinkBegun, LinkPurpose, LinkRequest};
use crate::providers::yodlee::config::YodleeConfig;
use crate::providers::yodlee::map::products::{PROFILE, dataset};
use crate::providers::yodlee::map::status::observation;
use crate::providers::yodlee::wire::provider_account::ProviderAccount;

use super::credential::{Aim, Credential, Session};
use super::{Api, logins, notifications, refused};

/// FastLink's script.
const SCRIPT: &str = "https://cdn.yodlee.com/fastlink/v4/initialize.js";

/// Opens a session.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let fastlink = api.fastlink_url()?.as_str();
    let (user, profile, aim) = match &request.purpose {
        LinkPurpose::Connect(placements) => add(api, request, placements).await?,
        LinkPurpose::Repair { credential, consent, permissions, .. } => {
            edit(api, &Credential::read(credential)?, consent.iter().chain(permissions)).await?
        }
    };
    let token = api.new_token(&user).await?;
    if let Some(url) = &request.webhook_url {
        notifications::ensure(api, url).await;
    }
    let expires_at = api.now() + TimeDelta::seconds(i64::from(token.expires_in));
    let session = Session { user, profile, expires_at, aim };
    let parameters = parameters(api.config(), &session);
    let launch = if api.config().fastlink_script {
        script(fastlink, &token.access_token, parameters)
    } else {
        form(fastlink, &token.access_token, parameters, &request.return_url)
    };
    // The token is the user's, of however many visits.
    Ok(LinkBegun { launch, provider_session: session.secret(), issued: None, expires_at, request_id: None })
}

/// A first login, beside those that the user has.
async fn add(api: &Api<'_>, request: &LinkRequest, placements: &Placements) -> Result<(String, bool, Aim), Failure> {
    let user = user(&request.customer_ref)?;
    let known = logins::list(api, &user).await?.iter().map(|login| login.id.to_string()).collect();
    let fetched = placements.iter().filter(|(_, placement)| *placement != Placement::AdditionalConsented);
    let profile = fetched.into_iter().any(|(product, _)| needs_profile(product));
    Ok((user, profile, Aim::Add { institution: request.institution.clone(), known }))
}

/// Work on a login that is there; one whose consent the customer took back cannot be worked on (G1).
async fn edit<'a>(
    api: &Api<'_>,
    credential: &Credential,
    asked: impl Iterator<Item = &'a Product>,
) -> Result<(String, bool, Aim), Failure> {
    let login = logins::get(api, &credential.user, &credential.login).await?;
    let condition = observation(&login, &[]).condition;
    if (condition.status, condition.reason) == (Status::Unrecoverable, Some(StatusReason::RelinkNeeded)) {
        let mut failure = refused("RELINK_NEEDED", "FastLink cannot restore this login: link it anew");
        failure.condition = Some(condition);
        return Err(failure);
    }
    let profile = credential.profile || asked.copied().any(needs_profile);
    let aim = Aim::Edit { login: credential.login.clone(), attempted: attempted(&login) };
    Ok((credential.user.clone(), profile, aim))
}

/// What tells one update of a login from the next: when it was, and its request.
pub fn attempted(login: &ProviderAccount) -> Option<String> {
    let attempts = login.dataset.iter().flatten().filter_map(|dataset| dataset.last_update_attempt.as_deref());
    attempts.max().map(|at| format!("{at} {}", login.request_id.as_deref().unwrap_or_default()))
}

/// The customer's user at Yodlee. One that is new is made by naming it, so that nothing but our own id may be in it.
fn user(customer_ref: &str) -> Result<String, Failure> {
    let plain = customer_ref.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !plain || !(1..=100).contains(&customer_ref.len()) {
        return Err(refused("CUSTOMER", "the customer's id cannot be a login name"));
    }
    Ok(format!("linkspan-{customer_ref}"))
}

fn needs_profile(product: Product) -> bool {
    dataset(product) == PROFILE
}

/// The configuration that brings what is asked for.
pub fn fastlink_config(config: &YodleeConfig, profile: bool) -> &str {
    let with_profile = config.fastlink_profile_config.as_deref().filter(|_| profile);
    with_profile.unwrap_or(&config.fastlink_config)
}

/// What FastLink is to do. Without a flow it begins with the choice of an institution.
fn parameters<'a>(config: &'a YodleeConfig, session: &'a Session) -> Vec<(&'static str, &'a str)> {
    let mut parameters = vec![("configName", fastlink_config(config, session.profile))];
    match &session.aim {
        Aim::Add { institution: Some(id), .. } => parameters.extend([("flow", "add"), ("providerId", id.as_str())]),
        Aim::Add { institution: None, .. } => {}
        Aim::Edit { login, .. } => parameters.extend([("flow", "edit"), ("providerAccountId", login.as_str())]),
    }
    parameters
}

fn form(fastlink: &str, token: &Secret, parameters: Vec<(&str, &str)>, return_url: &str) -> Launch {
    let mut extra = form_urlencoded::Serializer::new(String::new());
    extra.extend_pairs(parameters).append_pair("callback", return_url);
    let fields = BTreeMap::from([
        ("accessToken".to_owned(), format!("Bearer {}", token.expose())),
        ("extraParams".to_owned(), extra.finish()),
    ]);
    Launch::FormPost { url: fastlink.to_owned(), fields }
}

fn script(fastlink: &str, token: &Secret, parameters: Vec<(&str, &str)>) -> Launch {
    let parameters: Map<String, Value> =
        parameters.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    let config = [("fastLinkURL", Value::from(fastlink)), ("params", Value::Object(parameters))];
    Launch::Script {
        script_url: SCRIPT.to_owned(),
        token: format!("Bearer {}", token.expose()),
        config: config.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

    use super::*;

    fn session(aim: Aim, profile: bool) -> Session {
        Session { user: "linkspan-1".into(), profile, expires_at: chrono::DateTime::UNIX_EPOCH, aim }
    }

    #[test]
    fn fastlink_is_told_what_to_do_and_where_to_go_back() {
        let config = YodleeConfig { fastlink_profile_config: Some("Verification".into()), ..YodleeConfig::default() };
        let add = session(Aim::Add { institution: Some("16441".into()), known: Vec::new() }, false);
        let way_back = "https://link.example/connect/callback/X?state=a&b";
        let Launch::FormPost { url, fields } =
            form("https://fl4.example/", &Secret::new("t0"), parameters(&config, &add), way_back)
        else {
            panic!("not a form")
        };
        assert_eq!((url.as_str(), fields["accessToken"].as_str()), ("https://fl4.example/", "Bearer t0"));
        let extra: BTreeMap<String, String> =
            form_urlencoded::parse(fields["extraParams"].as_bytes()).into_owned().collect();
        let of = |name: &str| extra.get(name).map(String::as_str);
        assert_eq!((of("configName"), of("flow"), of("providerId")), (Some("Aggregation"), Some("add"), Some("16441")));
        assert_eq!(of("callback"), Some(way_back));
    }

    #[test]
    fn a_repair_names_the_login_and_numbers_their_configuration() {
        let config = YodleeConfig { fastlink_profile_config: Some("Verification".into()), ..YodleeConfig::default() };
        let edit = session(Aim::Edit { login: "77".into(), attempted: None }, true);
        let expected = [("configName", "Verification"), ("flow", "edit"), ("providerAccountId", "77")];
        assert_eq!(parameters(&config, &edit), expected);
        let anywhere = session(Aim::Add { institution: None, known: Vec::new() }, true);
        assert_eq!(parameters(&YodleeConfig::default(), &anywhere), [("configName", "Aggregation")]);
        let Launch::Script { token, config, .. } =
            script("https://fl4.example/", &Secret::new("t0"), expected.to_vec())
        else {
            panic!("not a script")
        };
        assert_eq!((token.as_str(), config["params"]["flow"].as_str()), ("Bearer t0", Some("edit")));
    }

    #[test]
    fn a_user_is_never_named_by_somebody_else() {
        assert_eq!(
            user("0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e").unwrap(),
            "linkspan-0198f2c4-6b1e-7c3a-9d52-3f0a8b7c6d5e"
        );
        for odd in ["", "a b", "admin@x", "a/b", "ä"] {
            assert!(user(odd).is_err(), "{odd}");
        }
    }
}
