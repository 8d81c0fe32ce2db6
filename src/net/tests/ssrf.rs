//! Addresses that must not be connected to. A listener on every address of this machine proves that nothing arrives.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::Ordering;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::*;
use crate::net::guard::{Guard, Reach};
use crate::net::{Call, Error, StatusCode};

/// Hosts as they stand in an address, refused for an upstream that is not opened with loopback.
const LOOPBACK: [&str; 24] = [
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "127.0.0.0",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0x7f000001",
    "0X7F000001",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "2130706433",
    "00000177.0.0.1",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.1.2.3]",
];

/// Hosts refused for every upstream: private and special ranges, their edges, and IPv4 addresses within IPv6 ones.
const SPECIAL: [&str; 82] = [
    "0.0.0.0",
    "0",
    "0x0",
    "0.1.2.3",
    "0.255.255.255",
    "10.0.0.0",
    "10.0.0.1",
    "10.255.255.255",
    "012.0.0.1",
    "0xa.1",
    "167772161",
    "100.64.0.0",
    "100.100.100.200",
    "100.127.255.255",
    "168.63.129.16",
    "169.254.0.0",
    "169.254.169.254",
    "169.254.169.254.",
    "169.254.255.255",
    "0xa9fea9fe",
    "2852039166",
    "0251.0376.0251.0376",
    "169.16689662",
    "172.16.0.0",
    "172.31.255.255",
    "192.0.0.0",
    "192.0.0.192",
    "192.0.2.1",
    "192.31.196.1",
    "192.52.193.1",
    "192.88.99.1",
    "192.168.0.0",
    "192.168.255.255",
    "192.168.257",
    "3232235521",
    "192.175.48.1",
    "198.18.0.0",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    "[::]",
    "[::2]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::10.0.0.1]",
    "[::8.8.8.8]",
    "[::ffff:0.0.0.0]",
    "[::ffff:10.0.0.1]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:192.168.0.1]",
    "[::ffff:0:127.0.0.1]",
    "[::ffff:0:8.8.8.8]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::10.0.0.1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::8.8.8.8]",
    "[100::1]",
    "[100:0:0:1::1]",
    "[2001::1]",
    "[2001:0:7f00:1::80ff:fffe]",
    "[2001:1ff:ffff::1]",
    "[2001:2::1]",
    "[2001:10::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::1]",
    "[2002:808:808::1]",
    "[2620:4f:8000::1]",
    "[3fff::1]",
    "[4000::1]",
    "[5f00::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fec0::1]",
    "[ff02::1]",
];

/// Hosts that no parser takes.
const UNREADABLE: [&str; 8] =
    ["[fe80::1%25eth0]", "[::1", "256.0.0.1", "127.0.0.1.1", "0x100000000", "127.0.0.1%00.example", "", "a b"];

/// Neighbours of the special ranges, all in public use.
const PUBLIC: [&str; 26] = [
    "1.0.0.0",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.0.1.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2001:200::1",
    "2001:db7::1",
    "2003::1",
    "2606:4700::1111",
    "3ffe::1",
];

/// A listener on every address of this machine.
struct Trap(TcpListener);

impl Trap {
    async fn set() -> Self {
        Self(match TcpListener::bind("[::]:0").await {
            Ok(listener) => listener,
            Err(_) => TcpListener::bind("0.0.0.0:0").await.unwrap(),
        })
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    /// Connections queue in order, so if the first is our own, nobody came before.
    async fn assert_untouched(&self) {
        let own = TcpStream::connect(("127.0.0.1", self.port())).await.unwrap();
        let (_, first) = self.0.accept().await.unwrap();
        assert_eq!(first.port(), own.local_addr().unwrap().port(), "something connected to the trap");
    }
}

/// What becomes of a call to `url`, from parsing to the answer.
async fn attempt(client: &Client, url: &str, allow_loopback: bool) -> Result<(), Error> {
    let url = url.parse().map_err(|_| Error::Url("unreadable"))?;
    client.upstream("test", url, allow_loopback)?.send(Call::get("read", "/").repeatable()).await.map(drop)
}

#[tokio::test]
async fn special_addresses_are_refused_before_anything_is_sent() {
    let (trap, client) = (Trap::set().await, client(PACE, None));
    let port = trap.port();
    for host in SPECIAL {
        for loopback in [false, true] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                assert_eq!(attempt(&client, &url, loopback).await, Err(Error::Blocked), "{url}, {loopback}");
            }
        }
    }
    for host in LOOPBACK {
        for scheme in ["http", "https"] {
            let url = format!("{scheme}://{host}:{port}/");
            assert_eq!(attempt(&client, &url, false).await, Err(Error::Blocked), "{url}");
        }
    }
    for host in UNREADABLE {
        let url = format!("https://{host}:{port}/");
        assert_eq!(attempt(&client, &url, true).await, Err(Error::Url("unreadable")), "{url}");
    }
    trap.assert_untouched().await;
}

#[tokio::test]
async fn forms_of_address_that_no_upstream_has_are_refused() {
    let (trap, client) = (Trap::set().await, client(PACE, None));
    let port = trap.port();
    for url in [
        format!("ftp://127.0.0.1:{port}/"),
        format!("ws://127.0.0.1:{port}/"),
        format!("gopher://127.0.0.1:{port}/"),
        "file:///etc/passwd".into(),
        "data:text/plain,hello".into(),
        "unix:/run/socket".into(),
        format!("http://user@127.0.0.1:{port}/"),
        format!("http://user:pass@127.0.0.1:{port}/"),
        format!("http://:pass@127.0.0.1:{port}/"),
        format!("https://api.example@127.0.0.1:{port}/"),
        "http://127.0.0.1:0/".into(),
        "https://api.example:0/".into(),
    ] {
        assert!(matches!(attempt(&client, &url, true).await, Err(Error::Url(_))), "{url}");
    }
    // In the clear only where loopback is allowed.
    assert!(matches!(attempt(&client, &format!("http://localhost:{port}/"), false).await, Err(Error::Url(_))));
    assert!(matches!(attempt(&client, "http://8.8.8.8/", false).await, Err(Error::Url(_))));
    trap.assert_untouched().await;
}

/// Names that lead to given addresses, one list for each question.
struct Zone(Mutex<VecDeque<Vec<IpAddr>>>);

impl Zone {
    fn new(answers: impl IntoIterator<Item = Vec<IpAddr>>) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.into_iter().collect())))
    }
}

impl Resolve for Zone {
    fn resolve(&self, _: Name) -> Resolving {
        let found = self.0.lock().unwrap().pop_front().unwrap();
        Box::pin(async { Ok(Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0))) as Addrs) })
    }
}

fn client_with(zone: Arc<Zone>) -> Client {
    let settings = Settings { allow_private_addresses: false, user_agent: "linkspan-test".into() };
    Client::assemble(settings, None, zone, PACE).unwrap()
}

/// The address that a host of the tables above stands for.
fn ip(host: &str) -> IpAddr {
    let url: Url = format!("http://{host}/").parse().unwrap();
    url.host_str().unwrap().trim_matches(['[', ']']).parse().unwrap()
}

#[tokio::test]
async fn names_that_lead_to_special_addresses_are_refused() {
    let trap = Trap::set().await;
    let port = trap.port();
    let hosts: Vec<_> = SPECIAL.iter().chain(&LOOPBACK).map(|host| vec![ip(host)]).collect();
    let count = hosts.len();
    let client = client_with(Zone::new(hosts));
    for number in 0..count {
        let url = format!("https://host{number}.example:{port}/");
        assert_eq!(attempt(&client, &url, false).await, Err(Error::Blocked), "{url}");
    }
    // The machine's own name for itself; an upstream that may go there lends its reach to no other.
    let client = super::client(PACE, None);
    for host in ["localhost", "LOCALHOST"] {
        let url = format!("https://{host}:{port}/");
        client.upstream("test", url.parse().unwrap(), true).unwrap();
        assert_eq!(attempt(&client, &url, false).await, Err(Error::Blocked), "{url}");
    }
    trap.assert_untouched().await;
}

#[tokio::test]
async fn a_name_is_judged_anew_at_each_connection() {
    let server = Server::saying(&[OK]).await;
    let trap = Trap::set().await;
    let local: IpAddr = [127, 0, 0, 1].into();
    let zone =
        Zone::new([vec![local], vec![[10, 0, 0, 1].into()], vec![[0, 0, 0, 0].into(), [169, 254, 169, 254].into()]]);
    let client = client_with(zone);
    let url = format!("http://rebind.example:{}/", server.url.port().unwrap()).parse().unwrap();
    let upstream = client.upstream("test", url, true).unwrap();
    assert_eq!(upstream.send(Call::get("read", "/")).await.unwrap().status, StatusCode::OK);
    for _ in 0..2 {
        assert_eq!(upstream.send(Call::get("read", "/").repeatable()).await.unwrap_err(), Error::Blocked);
    }
    trap.assert_untouched().await;
}

#[tokio::test]
async fn of_several_addresses_only_the_permitted_are_dialled() {
    let found: Vec<IpAddr> = vec![[10, 0, 0, 1].into(), [8, 8, 8, 8].into(), [127, 0, 0, 1].into()];
    for (reach, left) in [(Reach::Public, 1), (Reach::Loopback, 2), (Reach::Any, 3)] {
        let guard = Guard { reach, names: Zone::new([found.clone()]) };
        let passed = guard.resolve("host.example".parse().unwrap()).await.ok().unwrap();
        assert_eq!(passed.count(), left);
    }
}

#[test]
fn public_addresses_are_permitted() {
    for host in PUBLIC {
        assert!(Reach::Public.permits(host.parse().unwrap()), "{host}");
    }
}

#[tokio::test]
async fn loopback_and_private_addresses_are_open_to_those_who_may() {
    let server = Server::saying(&[OK]).await;
    let port = server.url.port().unwrap();
    let guarded = client(PACE, None);
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        assert_eq!(attempt(&guarded, &format!("http://{host}:{port}/"), true).await, Ok(()), "{host}");
    }
    // What a loopback upstream has opened, one without loopback may not use.
    assert_eq!(attempt(&guarded, &format!("http://127.0.0.1:{port}/"), false).await, Err(Error::Blocked));

    let settings = Settings { allow_private_addresses: true, user_agent: "linkspan-test".into() };
    let seen = Arc::new(Counter::default());
    let open = Client::new(settings, Some(seen.clone())).unwrap();
    assert_eq!(attempt(&open, &format!("http://localhost:{port}/"), false).await, Ok(()));
    assert_eq!(seen.0.load(Ordering::Relaxed), 1);
    assert!(Reach::Any.permits([10, 0, 0, 1].into()) && Reach::Any.permits([169, 254, 169, 254].into()));
}
