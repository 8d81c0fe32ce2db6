//! Opening a session: `/link/token/create`, for a first link and for update mode in its three uses.

use std::collections::BTreeMap;

use url::Url;

use crate::domain::placement::Placements;
use crate::domain::product::Product;
use crate::providers::Failure;
use crate::providers::link::{Launch, LaunchScript, LinkBegun, LinkPurpose, LinkRequest};
use crate::providers::plaid::config::PlaidConfig;
use crate::providers::plaid::error::RELINK_NEEDED;
use crate::providers::plaid::map::products::plaid_name;
use crate::providers::plaid::map::subtypes;
use crate::providers::plaid::spec::SPEC;
use crate::providers::plaid::wire::link::{
    AccountFilter, AuthFlow, Days, HostedLink, TokenCreated, TokenRequest, Update, User,
};

use super::{Api, Operation, countries, income, options, placement, refused};

/// A token that nobody opens costs nothing and lapses.
const TOKEN_CREATE: Operation = Operation::repeatable("/link/token/create");
/// The script that opens Link with a token.
const SCRIPT_URL: &str = "https://cdn.plaid.com/link/v2/stable/link-initialize.js";
/// What Link needs of a page, by Plaid's own recommendation for a `Content-Security-Policy`.
pub static LAUNCH_SCRIPT: LaunchScript = LaunchScript {
    source: include_str!("../launch.js"),
    script_src: SCRIPT_URL,
    frame_src: "https://cdn.plaid.com",
    connect_src: "https://production.plaid.com https://sandbox.plaid.com",
};
/// A hosted page lives 21 days at most.
const LONGEST_LIFETIME: u32 = 21 * 24 * 60 * 60;

/// Opens a session.
pub async fn begin(api: &Api<'_>, request: &LinkRequest) -> Result<LinkBegun, Failure> {
    let mut body = serde_json::to_value(token_request(api.config(), request)?)
        .map_err(|_| refused("REQUEST", "the session cannot be put into JSON"))?;
    // Income belongs to a user.
    if body.get("income_verification").is_some() {
        income::name_user(&mut body, &income::user(api, &request.customer_ref).await?);
    }
    let created = api.post(TOKEN_CREATE, &body).await.map_err(|failure| refusal(&request.purpose, failure))?;
    begun(created)
}

/// The option that a first link hangs on: what stands alone is an object of Plaid's that our caller names, and there is no other field
/// of theirs in the request.
fn named_object(purpose: &LinkPurpose) -> Option<&'static str> {
    let LinkPurpose::Connect(placements) = purpose else { return None };
    match placements.alone()? {
        Product::PaymentInitiation => Some("/productOptions/PAYMENT_INITIATION/paymentId"),
        Product::IdentityVerification => Some("/productOptions/IDENTITY_VERIFICATION/templateId"),
        _ => None,
    }
}

/// Update mode that Plaid refuses to open for a lost Item will never restore it (G1).
fn refusal(purpose: &LinkPurpose, mut failure: Failure) -> Failure {
    let lost = matches!(failure.code.as_str(), "USER_PERMISSION_REVOKED" | "ITEM_NOT_SUPPORTED");
    if lost && matches!(purpose, LinkPurpose::Repair { .. }) {
        failure.condition = Some(RELINK_NEEDED);
    }
    // Plaid says of an object that it does not know, or that was used up, that the field is wrong.
    if matches!(failure.code.as_str(), "INVALID_FIELD" | "NOT_FOUND") {
        failure.given = named_object(purpose);
    }
    failure
}

fn begun(created: TokenCreated) -> Result<LinkBegun, Failure> {
    let token = created.link_token.expose().to_owned();
    let launch = match created.hosted_link_url {
        // The customer's browser is sent there: it must be a page.
        Some(url) if !is_page(&url) => return Err(Failure::unreadable("hosted_link_url of /link/token/create")),
        Some(url) => Launch::Redirect { url, token: Some(token) },
        None => Launch::Script { script_url: SCRIPT_URL.into(), token, config: serde_json::Map::new() },
    };
    Ok(LinkBegun {
        launch,
        issued: Some(created.link_token.clone()),
        provider_session: created.link_token,
        expires_at: created.expiration,
        request_id: created.request_id,
    })
}

fn is_page(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// The request for a session.
pub fn token_request<'a>(config: &'a PlaidConfig, request: &'a LinkRequest) -> Result<TokenRequest<'a>, Failure> {
    let language = request.language.as_str();
    let common = TokenRequest {
        client_name: &config.client_name,
        language: if SPEC.languages.contains(&language) { language } else { "en" },
        country_codes: countries(&request.country_codes)?,
        user: User { client_user_id: &request.customer_ref },
        redirect_uri: request.oauth_redirect_url.as_deref(),
        hosted_link: config.hosted_link.then(|| HostedLink {
            completion_redirect_uri: &request.return_url,
            url_lifetime_seconds: request.lifetime_seconds.clamp(1, LONGEST_LIFETIME),
        }),
        ..TokenRequest::default()
    };
    match &request.purpose {
        LinkPurpose::Connect(placements) => first_link(config, request, placements, common),
        LinkPurpose::Repair { credential, account_selection, consent, permissions, .. } => {
            let body = TokenRequest { access_token: Some(credential.expose()), ..common };
            update_mode(config, request, *account_selection, placement::repair(consent, permissions), consent, body)
        }
    }
}

fn first_link<'a>(
    config: &'a PlaidConfig,
    request: &'a LinkRequest,
    placements: &Placements,
    common: TokenRequest<'a>,
) -> Result<TokenRequest<'a>, Failure> {
    let deposits = request.same_day_microdeposits && placements.products.contains(&Product::Identifiers);
    let arrays = placement::connect(placements, request.match_all_accounts, deposits)?;
    let with_options = placements.iter().map(|(product, _)| product).filter(|product| {
        // A consent-only product needs its options when it is used, not now.
        plaid_name(*product).is_some_and(|name| arrays.fetches(name))
            || request.product_options.contains_key(product.as_str())
    });
    Ok(TokenRequest {
        product_options: options::fields(with_options, &request.product_options, request.history_days)?,
        // For what is only consented to, the first call says how far back.
        transactions: arrays
            .fetches("transactions")
            .then(|| Days { days_requested: request.history_days.clamp(1, SPEC.history_days) }),
        auth: auth_flow(&arrays, deposits),
        webhook: config.webhook_url.as_ref().map(Url::as_str).or(request.webhook_url.as_deref()),
        link_customization_name: config.link_customization.as_deref(),
        institution_id: request.institution.as_deref(),
        account_filters: account_filters(request)?,
        products: arrays.products,
        required_if_supported_products: arrays.required_if_supported,
        optional_products: arrays.optional,
        additional_consented_products: arrays.additional_consented,
        ..common
    })
}

/// How numbers may be verified: by deposits that the customer enters where that was asked for; else, where they must be had
/// and do not come at once, by deposits that Plaid recognises itself (A6).
fn auth_flow(arrays: &placement::Arrays, same_day: bool) -> Option<AuthFlow> {
    let must_be_had = [&arrays.products, &arrays.required_if_supported].iter().any(|array| array.contains(&"auth"));
    must_be_had.then_some(AuthFlow {
        same_day_microdeposits_enabled: same_day.then_some(true),
        automated_microdeposits_enabled: (!same_day).then_some(true),
    })
}

/// Update mode: to log in again, and to choose accounts or to consent where that is asked for. The Item keeps its webhook
/// address and its institution, and account filters go only with a choice of accounts (U7).
fn update_mode<'a>(
    config: &'a PlaidConfig,
    request: &'a LinkRequest,
    account_selection: bool,
    arrays: placement::Arrays,
    consent: &[Product],
    common: TokenRequest<'a>,
) -> Result<TokenRequest<'a>, Failure> {
    let customization = match (consent.is_empty(), account_selection) {
        (false, _) => &config.consent_customization,
        (true, true) => &config.account_selection_customization,
        (true, false) => &config.link_customization,
    };
    let with_options = consent.iter().copied();
    Ok(TokenRequest {
        link_customization_name: customization.as_deref().or(config.link_customization.as_deref()),
        update: account_selection.then_some(Update { account_selection_enabled: true }),
        account_filters: if account_selection { account_filters(request)? } else { None },
        product_options: options::fields(with_options, &request.product_options, request.history_days)?,
        products: arrays.products,
        additional_consented_products: arrays.additional_consented,
        ..common
    })
}

fn account_filters(request: &LinkRequest) -> Result<Option<BTreeMap<&'static str, AccountFilter>>, Failure> {
    let Some(wanted) = &request.account_filters else { return Ok(None) };
    let filters = subtypes::filters(wanted)
        .ok_or_else(|| refused("ACCOUNT_FILTERS", "Plaid has no accounts of these types and subtypes"))
        .map_err(|failure| failure.of_given("/accountFilters"))?;
    let filter = |(name, account_subtypes)| (name, AccountFilter { account_subtypes });
    Ok(Some(filters.into_iter().map(filter).collect()))
}

#[cfg(test)]
mod tests;
