//! Which addresses may be connected to. What a name resolves to is judged in the resolver that the connector itself uses, so an
//! address that was not judged is never dialled, whatever the name led to a moment ago (DNS rebinding).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::Error;

/// Special-purpose IPv4 blocks (IANA registry; multicast and reserved space besides), and one public address that a cloud
/// answers from inside the machine (168.63.129.16).
const SPECIAL_V4: [([u8; 4], u32); 20] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([168, 63, 129, 16], 32),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 52, 193, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([192, 175, 48, 0], 24),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
    ([255, 255, 255, 255], 32),
];

/// The only IPv6 space in public use; all else is private, local, multicast, or an old way to write an IPv4 address.
const GLOBAL_V6: (u128, u32) = (0x2000 << 112, 3);
/// What is special within it: protocol assignments with Teredo, two documentation blocks, 6to4, AS112.
const SPECIAL_V6: [(u128, u32); 5] = [
    (0x2001_0000 << 96, 23),
    (0x2001_0db8 << 96, 32),
    (0x2002 << 112, 16),
    (0x2620_004f_8000 << 80, 48),
    (0x3fff << 112, 20),
];
/// NAT64: on networks without IPv4 this is how a public IPv4 address is reached, so the address within is judged.
const NAT64: (u128, u32) = (0x0064_ff9b << 96, 96);

/// How far the calls of an upstream may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Reach {
    /// Public addresses, by https.
    Public,
    /// Public addresses and this machine's loopback.
    Loopback,
    /// Everything.
    Any,
}

impl Reach {
    /// Whether a connection to `ip` may be made.
    pub(super) fn permits(self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        match self {
            Self::Public => is_public(ip),
            Self::Loopback => is_public(ip) || ip.is_loopback(),
            Self::Any => true,
        }
    }

    /// Judges an address before it is used. A host given as an IP address is judged here, since it is never resolved; odd
    /// notations of one (`0x7f.1`, `2130706433`) have been normalised by the parser.
    pub(super) fn check(self, url: &Url) -> Result<(), Error> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Url("the scheme must be https"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::Url("it must not hold a user name or password"));
        }
        if url.port() == Some(0) {
            return Err(Error::Url("the port must not be 0"));
        }
        let ip = match url.host() {
            Some(Host::Ipv4(ip)) => Some(IpAddr::V4(ip)),
            Some(Host::Ipv6(ip)) => Some(IpAddr::V6(ip)),
            Some(Host::Domain(_)) => None,
            None => return Err(Error::Url("it has no host")),
        };
        if ip.is_some_and(|ip| !self.permits(ip)) {
            return Err(Error::Blocked);
        }
        if self == Self::Public && url.scheme() != "https" {
            return Err(Error::Url("the scheme must be https"));
        }
        Ok(())
    }
}

/// Whether `ip` (canonical: never an IPv4 address mapped to IPv6) is in public use.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let within = |block: [u8; 4], length: u32| (u32::from(ip) ^ u32::from_be_bytes(block)) >> (32 - length) == 0;
    !SPECIAL_V4.iter().any(|&(block, length)| within(block, length))
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let bits = u128::from(ip);
    let within = |(block, length): (u128, u32)| (bits ^ block) >> (128 - length) == 0;
    if within(NAT64) {
        let [.., a, b, c, d] = ip.octets();
        return is_public_v4(Ipv4Addr::new(a, b, c, d));
    }
    within(GLOBAL_V6) && !SPECIAL_V6.into_iter().any(within)
}

/// A name led to addresses, and none of them may be connected to.
#[derive(Debug, thiserror::Error)]
#[error("no permitted address")]
pub(super) struct Forbidden;

/// A resolver that passes on only the addresses within reach.
pub(super) struct Guard {
    /// How far calls may go.
    pub(super) reach: Reach,
    /// Where names are looked up.
    pub(super) names: Arc<dyn Resolve>,
}

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let (reach, found) = (self.reach, self.names.resolve(name));
        Box::pin(async move {
            let found: Vec<_> = found.await?.collect();
            let permitted: Vec<_> = found.iter().copied().filter(|address| reach.permits(address.ip())).collect();
            if permitted.is_empty() && !found.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// The machine's own resolver.
pub(super) struct SystemNames;

impl Resolve for SystemNames {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            // Port 0 stands for the one that the URL says.
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}
