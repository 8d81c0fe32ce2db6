//! The client against servers of our own on the loopback, which behave as badly as the test asks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod records;
mod repeats;
mod ssrf;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::guard::SystemNames;
use super::upstream::Pace;
use super::{Client, Observer, Settings, Upstream};

/// As in production, but quick.
const PACE: Pace = Pace {
    attempts: 4,
    backoff: Duration::from_millis(2),
    stall: Duration::from_secs(10),
    rest: Duration::from_secs(1),
};

/// A server that hands each request, with its number from 1 on, to a function that answers it on the bare socket. Each
/// connection serves one request.
struct Server {
    url: Url,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start<A: Future<Output = ()> + Send + 'static>(
        answer: impl Fn(usize, TcpStream) -> A + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move {
                    let request = read_request(&mut stream).await;
                    let number = {
                        let mut seen = seen.lock().unwrap();
                        seen.push(request);
                        seen.len()
                    };
                    answer(number, stream).await;
                });
            }
        });
        Self { url, requests }
    }

    /// A server that gives these answers in turn, and the last for ever.
    async fn saying(answers: &[&'static str]) -> Self {
        let answers = answers.to_vec();
        Self::start(move |number, stream| {
            let answer = *answers.get(number - 1).or(answers.last()).unwrap();
            say(stream, answer)
        })
        .await
    }

    fn upstream(&self) -> Upstream {
        client(PACE, None).upstream("test", self.url.clone(), true).unwrap()
    }

    /// What was asked: each request as it came, head and body.
    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn client(pace: Pace, observer: Option<Arc<dyn Observer>>) -> Client {
    let settings = Settings { allow_private_addresses: false, user_agent: "linkspan-test".into() };
    Client::assemble(settings, observer, Arc::new(SystemNames), pace).unwrap()
}

/// Reads the head, and as much body as it announces.
async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut part = [0; 4096];
        let count = stream.read(&mut part).await.unwrap_or(0);
        bytes.extend_from_slice(&part[..count]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            body.len() >= length.map_or(0, |length| length.parse().unwrap())
        });
        if whole || count == 0 {
            return text;
        }
    }
}

/// Writes an answer and closes, which an HTTP answer announces: or the next request might take the closing connection.
async fn say(mut stream: TcpStream, answer: &str) {
    let (first, rest) = answer.split_once("\r\n").unwrap_or((answer, ""));
    let close = if first.starts_with("HTTP/") { "\r\nconnection: close\r\n" } else { "\r\n" };
    let answer = if answer.is_empty() { String::new() } else { [first, close, rest].concat() };
    stream.write_all(answer.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
}

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
const UNAVAILABLE: &str = "HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n";

/// Counts what an observer is told.
#[derive(Default)]
struct Counter(AtomicUsize);

impl Observer for Counter {
    fn exchange(&self, _: &super::Exchange<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}
