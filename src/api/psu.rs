//! The headers of a request that the end user asked for (E3).

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::App;
use crate::domain::problem::Problem;
use crate::providers::data::Psu;

/// All three or none.
const HEADERS: [&str; 3] = ["PSU-IP-Address", "PSU-Device-OS", "PSU-User-Agent"];
/// The longest value of the latter two, in bytes.
const LONGEST: usize = 1_000;

/// The end user, if the request says who it is.
pub(super) struct EndUser(pub(super) Option<Psu>);

impl FromRequestParts<App> for EndUser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        read(&parts.headers).map(Self)
    }
}

fn read(headers: &HeaderMap) -> Result<Option<Psu>, Problem> {
    let given = HEADERS.map(|name| headers.get_all(name).iter().collect::<Vec<_>>());
    if given.iter().all(Vec::is_empty) {
        return Ok(None);
    }
    let mut values = Vec::new();
    for (name, values_of_it) in HEADERS.iter().zip(given) {
        let [value] = values_of_it[..] else {
            let detail = "Send each of PSU-IP-Address, PSU-Device-OS and PSU-User-Agent once, or none.";
            return Err(Problem::invalid(*name, "INCOMPLETE", detail));
        };
        let text = value.to_str().ok().map(str::trim).filter(|text| (1..=LONGEST).contains(&text.len()));
        let wrong =
            || Problem::invalid(*name, "INVALID_VALUE", format!("{name} must be 1 to {LONGEST} ASCII characters."));
        values.push(text.ok_or_else(wrong)?.to_owned());
    }
    let [ip_address, device_os, user_agent] = <[String; 3]>::try_from(values).unwrap_or_default();
    let wrong = || Problem::invalid(HEADERS[0], "INVALID_VALUE", "PSU-IP-Address must be an IPv4 or IPv6 address.");
    let ip_address: IpAddr = ip_address.parse().map_err(|_| wrong())?;
    Ok(Some(Psu { ip_address, device_os, user_agent }))
}
