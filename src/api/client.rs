//! Whom a request comes from: the other end of its connection, or whom the proxy in front of it names.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{HeaderName, Request};

/// How clients' addresses are found out.
#[derive(Clone, Debug)]
pub struct ClientAddress {
    /// In which header the proxy names the client; none = there is no proxy.
    pub header: Option<HeaderName>,
}

impl ClientAddress {
    /// Tells a request whom it comes from, as `ConnectInfo<IpAddr>`.
    pub(super) fn tell<B>(&self, request: &mut Request<B>, peer: SocketAddr) {
        if let Some(client) = self.of(request, peer) {
            request.extensions_mut().insert(ConnectInfo(client));
        }
    }

    /// What stands before the proxy's own entry, anybody may have written.
    fn of<B>(&self, request: &Request<B>, peer: SocketAddr) -> Option<IpAddr> {
        let Some(header) = &self.header else { return Some(peer.ip().to_canonical()) };
        let last = request.headers().get_all(header).iter().next_back()?.to_str().ok()?;
        let entry = last.rsplit(',').next()?.trim();
        Some(entry.parse::<IpAddr>().ok()?.to_canonical())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn the_client_is_the_connections_end_or_the_last_whom_the_proxy_names() {
        let request = |values: &[&str]| {
            values.iter().fold(Request::builder(), |request, value| request.header("x-forwarded-for", *value))
        };
        let peer: SocketAddr = "[::ffff:192.0.2.1]:4000".parse().unwrap();
        let proxied = HeaderName::from_static("x-forwarded-for");
        for (header, values, expected) in [
            (None, &["198.51.100.7"][..], Some("192.0.2.1")),
            (Some(&proxied), &["198.51.100.7"], Some("198.51.100.7")),
            (Some(&proxied), &["10.0.0.1, 198.51.100.7"], Some("198.51.100.7")),
            (Some(&proxied), &["10.0.0.1", "10.0.0.2,2001:db8::7 "], Some("2001:db8::7")),
            (Some(&proxied), &["198.51.100.7, unknown"], None),
            (Some(&proxied), &[], None),
        ] {
            let address = ClientAddress { header: header.cloned() };
            let request = request(values).body(()).unwrap();
            assert_eq!(address.of(&request, peer), expected.map(|one| one.parse().unwrap()), "{values:?}");
        }
    }
}
