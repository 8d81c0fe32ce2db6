//! One attempt: what counts as an answer, and what ends the wait for one.

use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{TimeZone, Utc};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::interval;

use super::*;
use crate::net::{Bytes, Call, Error, Exchange, HeaderMap, HeaderValue, Reply, StatusCode, header};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn an_answer_of_any_status_or_kind_is_given_as_it_is() {
    let html =
        "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\nset-cookie: a=b\r\nset-cookie: c=d\r\n\r\n<h1>Sorry</h1>";
    let server = Server::saying(&[html]).await;
    let reply = server.upstream().send(Call::get("page", "/page?x=1")).await.unwrap();
    assert_eq!(reply.status, StatusCode::NOT_FOUND);
    assert_eq!(reply.body, "<h1>Sorry</h1>");
    assert_eq!(reply.headers.get_all(header::SET_COOKIE).iter().collect::<Vec<_>>(), ["a=b", "c=d"]);
    assert!(server.requests()[0].starts_with("GET /page?x=1 HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_request_carries_its_headers_and_body() {
    let server = Server::saying(&[OK]).await;
    let name = header::HeaderName::from_static("x-version");
    let call = Call::post_json("make", "/things", b"{\"a\":1}".to_vec()).header(name, HeaderValue::from_static("7"));
    server.upstream().send(call).await.unwrap();
    server.upstream().send(Call::post_form("log_in", "/login", [("user", "a b"), ("pass", "ü&")])).await.unwrap();
    let [json, form] = server.requests().try_into().unwrap();
    for part in
        ["POST /things ", "content-type: application/json\r\n", "x-version: 7\r\n", "user-agent: linkspan-test\r\n"]
    {
        assert!(json.contains(part), "{part} is missing in {json}");
    }
    assert!(json.ends_with("\r\n\r\n{\"a\":1}"));
    assert!(form.contains("content-type: application/x-www-form-urlencoded\r\n"));
    assert!(form.ends_with("\r\n\r\nuser=a+b&pass=%C3%BC%26"));
}

#[tokio::test]
async fn paths_stay_below_the_base_address_and_on_its_host() {
    let server = Server::saying(&[OK]).await;
    let base = server.url.join("/v1/?key=base#part").unwrap();
    let upstream = client(PACE, None).upstream("test", base, true).unwrap();
    for path in ["", "/items", "/items?a=1&b=?", "//evil.example/x", "/@evil.example", "/\\evil.example", "/a%20b c"] {
        upstream.send(Call::get("read", path)).await.unwrap();
    }
    let lines: Vec<_> = server.requests().iter().map(|request| request.lines().next().unwrap().to_owned()).collect();
    let paths: Vec<_> = lines.iter().map(|line| line.split(' ').nth(1).unwrap()).collect();
    assert_eq!(
        paths,
        [
            "/v1/?key=base",
            "/v1/items",
            "/v1/items?a=1&b=?",
            "/v1//evil.example/x",
            "/v1/@evil.example",
            "/v1//evil.example",
            "/v1/a%20b%20c"
        ]
    );
    for path in ["items", "https://evil.example/", "@evil.example", "?x"] {
        assert!(matches!(upstream.send(Call::get("read", path)).await, Err(Error::Url(_))), "{path}");
    }
}

#[tokio::test]
async fn redirects_are_answers_and_are_not_followed() {
    let other = Server::saying(&[OK]).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("{}secret", other.url);
        let server = Server::start(move |_, stream| {
            let answer = format!("HTTP/1.1 {status} Moved\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            async move { say(stream, &answer).await }
        })
        .await;
        let reply = server.upstream().send(Call::get("page", "/").repeatable()).await.unwrap();
        assert_eq!(reply.status.as_u16(), status);
        assert_eq!(reply.headers[header::LOCATION], format!("{}secret", other.url));
        assert_eq!(server.requests().len(), 1);
    }
    assert_eq!(other.requests().len(), 0);
}

/// An upstream that stalls after so long.
fn impatient(server: &Server, stall: Duration) -> Upstream {
    client(Pace { stall, ..PACE }, None).upstream("test", server.url.clone(), true).unwrap()
}

#[tokio::test]
async fn silence_ends_at_the_stall_limit_or_at_the_deadline_whichever_is_first() {
    let server = Server::start(|_, stream| async move {
        pending::<()>().await;
        drop(stream);
    })
    .await;
    let (start, limit) = (Instant::now(), Duration::from_millis(200));
    let call = Call::get("read", "/");
    assert_eq!(impatient(&server, limit).send(call.clone()).await.unwrap_err(), Error::Stalled);
    let short = call.deadline(limit).repeatable();
    assert_eq!(server.upstream().send(short).await.unwrap_err(), Error::Timeout);
    assert!((2 * limit..10 * SECOND).contains(&start.elapsed()));
}

#[tokio::test]
async fn silence_in_the_body_is_a_stall() {
    let server = Server::start(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await.unwrap();
        pending::<()>().await;
    })
    .await;
    let upstream = impatient(&server, Duration::from_millis(200));
    assert_eq!(upstream.send(Call::get("read", "/")).await.unwrap_err(), Error::Stalled);
}

#[tokio::test]
async fn a_trickle_never_stalls_but_the_deadline_ends_it() {
    let server = Server::start(|_, mut stream| async move {
        stream.set_nodelay(true).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        let mut beat = interval(Duration::from_millis(50));
        while stream.write_all(b" ").await.is_ok() {
            beat.tick().await;
        }
    })
    .await;
    let start = Instant::now();
    let call = Call::get("read", "/").deadline(2 * SECOND).repeatable();
    assert_eq!(impatient(&server, SECOND).send(call).await.unwrap_err(), Error::Timeout);
    assert!((2 * SECOND..4 * SECOND).contains(&start.elapsed()));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_ends_early_is_cut() {
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\nno size\r\n",
    ] {
        let server = Server::saying(&[answer]).await;
        assert_eq!(server.upstream().send(Call::get("read", "/")).await.unwrap_err(), Error::Cut, "{answer}");
    }
}

#[tokio::test]
async fn a_body_may_be_as_large_as_the_call_says_and_not_a_byte_more() {
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n0123456789";
    let streamed = "HTTP/1.1 200 OK\r\n\r\n0123456789";
    for answer in [announced, streamed] {
        let server = Server::saying(&[answer]).await;
        let call = Call::get("read", "/").repeatable();
        assert_eq!(server.upstream().send(call.clone().max_body(10)).await.unwrap().body, "0123456789");
        assert_eq!(server.upstream().send(call.max_body(9)).await.unwrap_err(), Error::BodyTooLarge);
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_endless_body_is_ended_at_ten_mebibytes() {
    let server = Server::start(|_, mut stream| async move {
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
        while stream.write_all(&[b' '; 65536]).await.is_ok() {}
    })
    .await;
    assert_eq!(server.upstream().send(Call::get("read", "/")).await.unwrap_err(), Error::BodyTooLarge);
}

#[tokio::test]
async fn broken_connections_are_told_apart() {
    let send = async |url: &str| {
        let upstream = client(PACE, None).upstream("test", url.parse().unwrap(), true).unwrap();
        upstream.send(Call::get("read", "/")).await.unwrap_err()
    };
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    assert_eq!(send(&format!("http://{nobody}")).await, Error::Connect("connection refused".into()));
    let silent = Server::start(|_, stream: TcpStream| async move { drop(stream) }).await;
    assert_eq!(send(silent.url.as_str()).await, Error::Transport("closed before an answer".into()));
    let other = Server::start(|_, stream| say(stream, "220 mail.example ESMTP\r\n")).await;
    assert_eq!(send(other.url.as_str()).await, Error::Transport("what came is no HTTP".into()));
    // It takes the greeting for a request head that never ends, so it must speak first.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { say(listener.accept().await.unwrap().0, "220 mail.example ESMTP\r\n").await });
    let error = send(&format!("https://{address}")).await;
    assert!(matches!(error, Error::Tls(_)), "{error:?}");
}

/// Keeps what it is told.
#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Observer for Recorder {
    fn exchange(&self, it: &Exchange<'_>) {
        let bodies = [it.request_body, it.response_body].map(String::from_utf8_lossy);
        let headers = (&it.request_headers[header::CONTENT_TYPE], &it.response_headers[header::CONTENT_LENGTH]);
        let line =
            format!("{} {} {} {} {headers:?} {bodies:?} {}", it.upstream, it.operation, it.method, it.path, it.status);
        self.0.lock().unwrap().push(line);
    }
}

#[tokio::test]
async fn an_observer_sees_every_attempt_that_has_an_answer() {
    let server = Server::saying(&[UNAVAILABLE, "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", OK]).await;
    let recorder = Arc::new(Recorder::default());
    let upstream = client(PACE, Some(recorder.clone())).upstream("bank", server.url.clone(), true).unwrap();
    upstream.send(Call::post_json("read", "/a?b=c", b"[]".to_vec()).repeatable()).await.unwrap();
    assert_eq!(
        *recorder.0.lock().unwrap(),
        [
            r#"bank read POST /a?b=c ("application/json", "0") ["[]", ""] 503"#,
            r#"bank read POST /a?b=c ("application/json", "2") ["[]", "{}"] 200"#,
        ]
    );
}

#[test]
fn retry_after_is_read_in_all_its_forms() {
    let now = Utc.with_ymd_and_hms(2026, 11, 6, 8, 49, 30).unwrap();
    let year = Duration::from_secs(365 * 24 * 60 * 60);
    for (value, wait) in [
        ("0", Some(Duration::ZERO)),
        (" 120 ", Some(120 * SECOND)),
        ("99999999999999999999999999", Some(year)),
        ("18446744073709551615", Some(year)),
        ("Fri, 06 Nov 2026 08:49:37 GMT", Some(7 * SECOND)),
        ("Friday, 06-Nov-26 08:49:37 GMT", Some(7 * SECOND)),
        ("Fri Nov  6 08:49:37 2026", Some(7 * SECOND)),
        ("Thu, 05 Nov 2026 08:49:37 GMT", Some(Duration::ZERO)),
        ("Fri, 31 Dec 9999 23:59:59 GMT", Some(year)),
        ("Mon, 06 Nov 2026 08:49:37 GMT", None),
        ("soon", None),
        ("-1", None),
        ("+1", None),
        ("1.5", None),
        ("", None),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static(value));
        let reply = Reply { status: StatusCode::TOO_MANY_REQUESTS, headers, body: Bytes::new() };
        assert_eq!(reply.retry_after(now), wait, "{value}");
    }
}
