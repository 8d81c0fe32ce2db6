//! The end user at their device, as the widget's own request shows them (E3).

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;

use crate::providers::data::Psu;

/// The longest `User-Agent` that is passed on, in bytes.
const LONGEST: usize = 1_000;

/// The end user; none where the request does not say all that a bank wants to know.
pub(super) struct EndUser(pub(super) Option<Psu>);

impl<S: Sync> FromRequestParts<S> for EndUser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let address = parts.extensions.get::<ConnectInfo<IpAddr>>();
        Ok(Self(address.and_then(|ConnectInfo(address)| read(*address, &parts.headers))))
    }
}

fn read(ip_address: IpAddr, headers: &HeaderMap) -> Option<Psu> {
    let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim).filter(|text| !text.is_empty());
    let user_agent = text("user-agent").filter(|text| text.len() <= LONGEST)?;
    // Browsers that say their platform apart no longer say it truly in the agent.
    let told = text("sec-ch-ua-platform").map(|platform| platform.trim_matches('"')).filter(|one| *one != "Unknown");
    let device_os = told.or_else(|| Some(user_agent.split_once('(')?.1.split_once(')')?.0))?.trim();
    let is_short = (1..=LONGEST).contains(&device_os.len());
    is_short.then(|| Psu { ip_address, device_os: device_os.to_owned(), user_agent: user_agent.to_owned() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:152.0) Gecko/20100101 Firefox/152.0";

    #[test]
    fn a_browser_says_what_its_device_runs_or_nothing_is_said() {
        let long = "x".repeat(LONGEST + 1);
        for (agent, platform, expected) in [
            (FIREFOX, None, Some("X11; Linux x86_64; rv:152.0")),
            (FIREFOX, Some("\"Android\""), Some("Android")),
            (FIREFOX, Some("\"Unknown\""), Some("X11; Linux x86_64; rv:152.0")),
            ("curl/8", None, None),
            ("curl/8", Some("\"Plan 9\""), Some("Plan 9")),
            ("curl ()", None, None),
            (&long, Some("\"Plan 9\""), None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("user-agent", agent.parse().unwrap());
            if let Some(platform) = platform {
                headers.insert("sec-ch-ua-platform", platform.parse().unwrap());
            }
            let read = read("2001:db8::7".parse().unwrap(), &headers);
            assert_eq!(read.map(|psu| psu.device_os).as_deref(), expected, "{agent} {platform:?}");
        }
    }
}
