//! The built binary at the command line.

use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use linkspan::config::DEFAULTS;
use linkspan::domain::support_matrix;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::support::database;
use crate::support::process::{KEYS, Process};

fn linkspan(command: &str) -> Command {
    let mut linkspan = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    linkspan.arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    linkspan
}

#[tokio::test]
async fn config_prints_every_key_with_its_default_and_matrix_the_table() {
    for (command, expected) in [("config", DEFAULTS), ("matrix", &support_matrix::markdown())] {
        let printed = linkspan(command).output().await.unwrap();
        assert!(printed.status.success(), "{command}");
        assert_eq!(String::from_utf8(printed.stdout).unwrap(), expected, "{command}");
    }
}

#[tokio::test]
async fn what_prints_does_not_mind_that_nobody_reads() {
    for command in ["config", "matrix", "openapi"] {
        let mut child = linkspan(command).spawn().unwrap();
        drop(child.stdout.take());
        let ended = child.wait_with_output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(ended.status.success() && said.is_empty(), "{command}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_whose_output_nobody_reads_any_more_stops_when_it_is_told_to() {
    let mut serve = linkspan("serve");
    serve.env("LINKSPAN_DATABASE_URL", database::create().await).env("LINKSPAN_KEYS", KEYS);
    let mut child = serve.env("LINKSPAN_BIND", "127.0.0.1:0").spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while !lines.next_line().await.unwrap().expect("it gets ready").contains("is ready at") {}
    drop((lines, child.stderr.take()));
    let pid = child.id().unwrap().to_string();
    assert!(Command::new("kill").args(["-s", "TERM", &pid]).status().await.unwrap().success());
    let ended = tokio::time::timeout(Duration::from_secs(60), child.wait()).await.expect("it stops").unwrap();
    assert!(ended.success(), "{ended}");
}

#[tokio::test]
async fn an_address_that_is_taken_is_told_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let ended = linkspan("serve").env("LINKSPAN_BIND", &address).output().await.unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success());
    assert!(said.contains(&address) && said.contains("stop what uses it, or set LINKSPAN_BIND"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_server_starts_again_at_its_address_at_once() {
    let database_url = database::create().await;
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let variables =
        [("LINKSPAN_BIND", free.as_str()), ("LINKSPAN_DATABASE_URL", &database_url), ("LINKSPAN_KEYS", KEYS)];
    for _ in 0..2 {
        let process = Process::start(&variables).await;
        // One that is open when the server dies, and one that it has closed itself: neither holds the address.
        let client = crate::support::client().build().unwrap();
        for connection in ["keep-alive", "close"] {
            let asked = client.get(format!("http://{free}/healthz")).header("connection", connection);
            assert_eq!(asked.send().await.unwrap().status(), 200);
        }
        process.kill().await;
    }
}

#[tokio::test]
async fn a_key_is_made_for_a_tenant_with_a_name() {
    let url = database::create().await;
    for name in ["", " ", "two\nlines", &"n".repeat(101)] {
        let mut keys = linkspan("keys");
        keys.args(["create", "--role", "read", "--tenant", name]).env("LINKSPAN_DATABASE_URL", &url);
        let ended = keys.env("LINKSPAN_KEYS", KEYS).output().await.unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && said.contains("1 to 100 characters"), "{name:?}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sandbox_has_the_key_that_it_was_started_with_and_no_earlier_one() {
    let database_url = database::create().await;
    let client = crate::support::client().build().unwrap();
    let keys = ["lsk_sandbox_one", "lsk_sandbox_two", "lsk_sandbox_one"];
    for key in keys {
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let process = Process::start(&[
            ("LINKSPAN_BIND", free.as_str()),
            ("LINKSPAN_DATABASE_URL", &database_url),
            ("LINKSPAN_KEYS", KEYS),
            ("LINKSPAN_SANDBOX_API_KEY", key),
        ])
        .await;
        for asked in ["lsk_sandbox_one", "lsk_sandbox_two"] {
            let answer = client.get(format!("http://{free}/connections")).bearer_auth(asked).send().await.unwrap();
            assert_eq!(answer.status().as_u16(), if asked == key { 200 } else { 401 }, "{asked} of {key}");
        }
        process.kill().await;
    }
}
