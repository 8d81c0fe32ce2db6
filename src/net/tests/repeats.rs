//! Several attempts: repeats, their budget, `Retry-After`, and the circuit breaker.

use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};

use super::*;
use crate::net::{Call, Error, StatusCode};

fn read() -> Call {
    Call::get("read", "/").repeatable()
}

#[tokio::test]
async fn a_repeatable_call_outlasts_passing_failures() {
    for failure in [
        "HTTP/1.1 429 Slow down\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 502 Bad\r\ncontent-length: 0\r\n\r\n",
        UNAVAILABLE,
        "HTTP/1.1 504 Late\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{",
        "no HTTP\r\n\r\n",
        "",
    ] {
        let server = Server::saying(&[failure, failure, OK]).await;
        assert_eq!(server.upstream().send(read()).await.unwrap().status, StatusCode::OK, "{failure}");
        assert_eq!(server.requests().len(), 3, "{failure}");
    }
}

#[tokio::test]
async fn other_answers_and_other_calls_are_final() {
    for answer in [
        "HTTP/1.1 400 Bad\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 401 Who\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 404 Where\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 501 What\r\ncontent-length: 0\r\n\r\n",
    ] {
        let server = Server::saying(&[answer, OK]).await;
        assert_ne!(server.upstream().send(read()).await.unwrap().status, StatusCode::OK);
        assert_eq!(server.requests().len(), 1);
    }
    let server = Server::saying(&[UNAVAILABLE, "", OK]).await;
    let once = Call::get("read", "/");
    assert_eq!(server.upstream().send(once.clone()).await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(matches!(server.upstream().send(once).await, Err(Error::Transport(_))));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn attempts_are_limited_and_the_last_answer_is_given() {
    let server = Server::saying(&["", "", "", UNAVAILABLE, OK]).await;
    assert_eq!(server.upstream().send(read()).await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn retry_after_is_never_undercut() {
    let slow_down = "HTTP/1.1 429 Slow down\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    let server = Server::saying(&[slow_down, OK]).await;
    let start = Instant::now();
    assert_eq!(server.upstream().send(read()).await.unwrap().status, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(server.requests().len(), 2);
}

#[tokio::test]
async fn retry_after_holds_for_the_next_call_too() {
    let slow_down = "HTTP/1.1 429 Slow down\r\nretry-after: 20\r\ncontent-length: 2\r\n\r\n{}";
    let server = Server::saying(&[slow_down, OK]).await;
    let upstream = server.upstream();
    let read = |path| Call::get("read", path).repeatable();
    for _ in 0..3 {
        let reply = upstream.send(read("/one?page=1")).await.unwrap();
        assert_eq!((reply.status, &reply.body[..]), (StatusCode::TOO_MANY_REQUESTS, &b"{}"[..]));
        assert!(reply.retry_after(Utc::now()).is_some_and(|left| left <= Duration::from_secs(20) && !left.is_zero()));
    }
    assert_eq!(upstream.send(read("/one?page=2")).await.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.requests().len(), 1);
    // Others are not limited by it.
    for other in [read("/other"), read("/one").subject("other"), Call::get("write", "/one")] {
        assert_eq!(upstream.send(other).await.unwrap().status, StatusCode::OK);
    }
}

#[tokio::test]
async fn an_upstream_that_is_away_for_a_while_is_so_for_everybody() {
    let away = "HTTP/1.1 503 Away\r\nretry-after: 20\r\ncontent-length: 0\r\n\r\n";
    let server = Server::saying(&[away, OK]).await;
    let upstream = server.upstream();
    for path in ["/one", "/other"] {
        let reply = upstream.send(Call::get("read", path)).await.unwrap();
        assert_eq!(reply.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
    }
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_short_pause_is_waited_for_by_the_next_call() {
    let slow_down = "HTTP/1.1 429 Slow down\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    let server = Server::saying(&[slow_down, OK]).await;
    let (upstream, start) = (server.upstream(), Instant::now());
    let once = Call::get("read", "/");
    assert_eq!(upstream.send(once.clone()).await.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(upstream.send(once).await.unwrap().status, StatusCode::OK);
    assert!(start.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_retry_after_beyond_the_deadline_ends_the_call_at_once() {
    let at = (Utc::now() + TimeDelta::seconds(60)).format("%a, %d %b %Y %T GMT").to_string();
    for after in ["31", "99999999999999999999", &at] {
        let answer = format!("HTTP/1.1 503 Away\r\nretry-after: {after}\r\ncontent-length: 0\r\n\r\n");
        let server = Server::start(move |_, stream| {
            let answer = answer.clone();
            async move { say(stream, &answer).await }
        })
        .await;
        let start = Instant::now();
        let reply = server.upstream().send(read()).await.unwrap();
        assert!(reply.retry_after(Utc::now()).unwrap() > Duration::from_secs(30));
        assert_eq!(server.requests().len(), 1);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[tokio::test]
async fn a_pause_beyond_the_calls_patience_is_the_callers_business() {
    let slow_down = "HTTP/1.1 429 Slow down\r\nretry-after: 9\r\ncontent-length: 0\r\n\r\n";
    let server = Server::saying(&[slow_down, OK]).await;
    let reply = server.upstream().send(read()).await.unwrap();
    assert_eq!(reply.retry_after(Utc::now()), Some(Duration::from_secs(9)));
    assert_eq!(server.requests().len(), 1);

    let slow_down = "HTTP/1.1 429 Slow down\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n";
    let server = Server::saying(&[slow_down, OK]).await;
    let hurried = read().patience(Duration::from_millis(900));
    assert_eq!(server.upstream().send(hurried).await.unwrap().status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_outage_is_not_amplified() {
    // 429 leaves the breaker closed, so that only the budget counts.
    let server = Server::saying(&["HTTP/1.1 429 Slow down\r\ncontent-length: 0\r\n\r\n"]).await;
    let upstream = server.upstream();
    for _ in 0..50 {
        upstream.send(read()).await.unwrap();
    }
    let repeats = server.requests().len() - 50;
    assert!((10..=20).contains(&repeats), "{repeats} repeats");
}

#[tokio::test]
async fn the_breaker_opens_at_the_eighth_failure_and_a_probe_closes_it() {
    let server = Server::start(|number, stream| say(stream, if number <= 8 { UNAVAILABLE } else { OK })).await;
    let upstream = server.upstream();
    // Four attempts each; nobody waits for a fifth or a ninth.
    for _ in 0..2 {
        assert_eq!(upstream.send(read()).await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    }
    assert!(upstream.breaker_open());
    let refused = upstream.clone().send(read()).await.unwrap_err();
    assert!(matches!(refused, Error::Open { retry_after } if retry_after <= PACE.rest), "{refused:?}");
    assert_eq!(server.requests().len(), 8);

    let closed = async {
        loop {
            match upstream.send(read()).await {
                Err(Error::Open { retry_after }) => tokio::time::sleep(retry_after).await,
                outcome => break outcome,
            }
        }
    };
    assert_eq!(closed.await.unwrap().status, StatusCode::OK);
    assert!(!upstream.breaker_open());
    assert_eq!(server.requests().len(), 9);
}

#[tokio::test]
async fn an_open_breaker_ends_a_repeat_with_what_there_is() {
    let server = Server::saying(&[UNAVAILABLE]).await;
    let upstream = server.upstream();
    for _ in 0..6 {
        upstream.send(Call::get("read", "/")).await.unwrap();
    }
    assert_eq!(upstream.send(read()).await.unwrap().status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(server.requests().len(), 8);
}

#[tokio::test]
async fn upstreams_fail_alone() {
    let (bad, good) = (Server::saying(&[""]).await, Server::saying(&[OK]).await);
    let client = client(PACE, None);
    let bad = client.upstream("test", bad.url.clone(), true).unwrap();
    let good = client.upstream("test", good.url.clone(), true).unwrap();
    for _ in 0..8 {
        assert!(matches!(bad.send(Call::get("read", "/")).await, Err(Error::Transport(_))));
    }
    assert!(matches!(bad.send(Call::get("read", "/")).await, Err(Error::Open { .. })));
    assert_eq!(good.send(Call::get("read", "/")).await.unwrap().status, StatusCode::OK);
}
