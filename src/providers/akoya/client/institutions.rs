//! The institutions that the application may reach, and the service token that such questions need.

use chrono::TimeDelta;
use serde::de::DeserializeOwned;

use crate::domain::service_provider::ServiceProvider;
use crate::net::{Call, StatusCode, header};
use crate::providers::Failure;
use crate::providers::akoya::config::ListedInstitution;
use crate::providers::akoya::error::Asked;
use crate::providers::akoya::map;
use crate::providers::akoya::spec::SPEC;
use crate::providers::akoya::wire::token::{Provider, Providers, ServiceToken};
use crate::providers::akoya::wire::{Id, Text};
use crate::providers::data::{InstitutionsPage, InstitutionsRequest};
use crate::providers::records::{Made, Make, Record};

use super::{Api, SERVICE, STS, basic, bearer, path};

const PROVIDERS: &str = "/manage/v2/recipients/{recipientId}/providers";
const SERVICE_TOKEN: &str = "/oauth2/token";
/// How long a service token is good that does not say so.
const SHORTEST: TimeDelta = TimeDelta::minutes(5);

/// All of them, in one page: those that the operator lists, else those of the recipient.
pub async fn page(api: &Api<'_>, request: &InstitutionsRequest) -> Result<InstitutionsPage, Failure> {
    let Some(country) = SPEC.countries.iter().find(|code| request.country_codes.iter().any(|asked| asked == *code))
    else {
        return Ok(InstitutionsPage { institutions: Vec::new(), next: None });
    };
    let listed = &api.config().institutions;
    let providers = if listed.is_empty() { ask(api).await? } else { listed.iter().map(provider).collect() };
    let institutions = providers.iter().map(|one| map::institutions::institution(one, country)).collect();
    Ok(InstitutionsPage { institutions, next: None })
}

fn provider(listed: &ListedInstitution) -> Provider {
    Provider {
        provider_id: Id(listed.id.clone()),
        name: Text(Some(listed.name.clone())),
        products: listed.products.clone(),
    }
}

async fn ask(api: &Api<'_>) -> Result<Vec<Provider>, Failure> {
    let recipient = &api.config().recipient_id;
    let path = path(["manage", "v2", "recipients", recipient, "providers"]);
    let call = Call::get(PROVIDERS, path).repeatable();
    let answer: Providers = service_call(api, SERVICE, &api.config().management_scope, call).await?;
    Ok(answer.providers)
}

/// Sends a call with a service token for that scope. A token that is refused is forgotten, and asked for anew, once.
pub async fn service_call<T: DeserializeOwned>(
    api: &Api<'_>,
    host: &str,
    scope: &str,
    call: Call,
) -> Result<T, Failure> {
    let name = format!("service token {scope}");
    let record = Record::Shared(&name);
    let operation = call.operation;
    for last in [false, true] {
        let make: Make<'_> = Box::new(|_| Box::pin(service_token(api, scope)));
        let token = api.records().get(ServiceProvider::Akoya, record, api.now(), make).await?;
        let authorized = call.clone().header(header::AUTHORIZATION, bearer(&token)?);
        let reply = api.send(api.host(host), authorized).await?;
        if reply.status == StatusCode::UNAUTHORIZED && !last {
            api.records().forget(ServiceProvider::Akoya, record, &token).await?;
            continue;
        }
        return api.read(Asked::Service, operation, &reply, &[&token]);
    }
    Err(Failure::unreadable(operation))
}

async fn service_token(api: &Api<'_>, scope: &str) -> Result<Made, Failure> {
    let fields = [("grant_type", "client_credentials"), ("scope", scope)];
    let call = Call::post_form(SERVICE_TOKEN, SERVICE_TOKEN, fields)
        .repeatable()
        .header(header::AUTHORIZATION, basic(api.config())?);
    let reply = api.send(api.host(STS), call).await?;
    let token: ServiceToken = api.read(Asked::Service, SERVICE_TOKEN, &reply, &[])?;
    let life = token.expires_in.map_or(SHORTEST, |seconds| TimeDelta::seconds(i64::from(seconds)));
    Ok(Made { secret: token.access_token, expires_at: Some(api.now() + life) })
}
