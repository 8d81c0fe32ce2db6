//! What is left of a call in logs, metrics and errors.

use std::io::{self, Write};

use metrics_exporter_prometheus::PrometheusBuilder;
use tracing::Level;

use super::*;
use crate::net::{Bytes, Call, HeaderMap, HeaderValue, Reply, StatusCode, header};

/// A call with a secret in each of its parts.
fn secret_call(operation: &'static str) -> Call {
    Call::post_json(operation, "/SECRET-path?q=SECRET-query", b"SECRET-body".to_vec())
        .header(header::AUTHORIZATION, HeaderValue::from_static("SECRET-header"))
}

#[tokio::test]
async fn nothing_printable_holds_a_secret() {
    let server = Server::saying(&["SECRET-greeting\r\n\r\n"]).await;
    let upstream = server.upstream();
    let mut printed = format!("{:?} {upstream:?}", secret_call("read"));
    let error = upstream.send(secret_call("read")).await.unwrap_err();
    printed += &format!("{error:?} {error}");
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, HeaderValue::from_static("SECRET-cookie"));
    let reply = Reply { status: StatusCode::OK, headers, body: Bytes::from_static(b"SECRET-answer") };
    printed += &format!("{reply:?}");
    assert!(!printed.contains("SECRET"), "{printed}");
}

/// Everything written to it, by all its clones.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs on this thread alone, whose log and metrics are the test's own.
fn block_on(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

#[test]
fn a_call_is_one_line_of_the_log_and_shows_no_secret_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, || {
        block_on(async {
            let answer = "HTTP/1.1 200 SECRET\r\nset-cookie: SECRET\r\ncontent-length: 6\r\n\r\nSECRET";
            let server = Server::saying(&[UNAVAILABLE, answer]).await;
            server.upstream().send(secret_call("logged").repeatable()).await.unwrap();
        });
    });
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(!text.contains("SECRET"), "{text}");
    let lines: Vec<_> = text.lines().filter(|line| line.contains("upstream call")).collect();
    let [line] = lines[..] else { panic!("{lines:?}") };
    for field in ["upstream=\"test\"", "operation=\"logged\"", "status=200", "outcome=\"2xx\"", "ms=", "attempts=2"] {
        assert!(line.contains(field), "{field} is missing in {line}");
    }
}

#[test]
fn calls_are_counted_and_timed_by_upstream_operation_and_outcome() {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || {
        block_on(async {
            let server = Server::saying(&[OK, UNAVAILABLE, ""]).await;
            let upstream = server.upstream();
            for _ in 0..3 {
                let _ = upstream.send(Call::get("read", "/")).await;
            }
        });
    });
    let text = handle.render();
    for outcome in ["2xx", "5xx", "transport"] {
        let line =
            format!("linkspan_upstream_calls_total{{upstream=\"test\",operation=\"read\",outcome=\"{outcome}\"}} 1");
        assert!(text.contains(&line), "{line} is missing in {text}");
    }
    let line = "linkspan_upstream_seconds_count{upstream=\"test\",operation=\"read\"} 3";
    assert!(text.contains(line), "{line} is missing in {text}");
}
