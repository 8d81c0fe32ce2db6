//! The cookie that holds a session's connect token.

use axum::http::{HeaderMap, header};
use chrono::TimeDelta;

use crate::domain::secret::Secret;

/// The `__Host-` prefix keeps neighbouring domains from planting a session of their own.
fn name(public_url: &str) -> &'static str {
    if is_https(public_url) { "__Host-linkspan-session" } else { "linkspan-session" }
}

fn is_https(public_url: &str) -> bool {
    public_url.starts_with("https://")
}

/// As `Set-Cookie`, for the time that is left. In a tenant's frame it is another site's cookie, hence `SameSite=None`; `Partitioned` gives
/// each framing site a cookie of its own. Without https browsers take neither, so there is no foreign frame then.
pub(super) fn set(public_url: &str, token: &Secret, left: TimeDelta) -> String {
    let scope = if is_https(public_url) { "SameSite=None; Secure; Partitioned" } else { "SameSite=Lax" };
    let seconds = left.num_seconds().max(1);
    format!("{}={}; Path=/; Max-Age={seconds}; HttpOnly; {scope}", name(public_url), token.expose())
}

/// The connect token that the browser sent.
pub(super) fn read(public_url: &str, headers: &HeaderMap) -> Option<Secret> {
    let name = name(public_url);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, token)| Secret::new(token))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

    use super::*;

    fn sent(value: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, value.parse().unwrap())])
    }

    #[test]
    fn over_https_it_works_in_a_frame_of_the_tenant_alone() {
        let cookie = set("https://link.example", &Secret::new("lct_1"), TimeDelta::hours(4));
        assert_eq!(
            cookie,
            "__Host-linkspan-session=lct_1; Path=/; Max-Age=14400; HttpOnly; SameSite=None; Secure; Partitioned"
        );
    }

    #[test]
    fn over_http_browsers_take_it_too() {
        let cookie = set("http://127.0.0.1:8080", &Secret::new("lct_1"), TimeDelta::seconds(90));
        assert_eq!(cookie, "linkspan-session=lct_1; Path=/; Max-Age=90; HttpOnly; SameSite=Lax");
    }

    #[test]
    fn only_the_cookie_of_that_name_is_read() {
        let headers = sent("a=b; xlinkspan-session=no;  linkspan-session=lct_1; linkspan-session=lct_2");
        assert_eq!(read("http://localhost", &headers), Some(Secret::new("lct_1")));
        // Without the prefix it may have been planted.
        assert_eq!(read("https://localhost", &headers), None);
        assert_eq!(read("http://localhost", &sent("linkspan-session")), None);
        assert_eq!(read("http://localhost", &HeaderMap::new()), None);
    }
}
