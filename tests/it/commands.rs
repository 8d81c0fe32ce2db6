//! The built binary at the command line.

use std::net::TcpListener;
use std::process::Stdio;

use linkspan::config::DEFAULTS;
use tokio::process::Command;

use crate::support::database;
use crate::support::process::{KEYS, Process};

fn linkspan(command: &str) -> Command {
    let mut linkspan = Command::new(env!("CARGO_BIN_EXE_linkspan"));
    linkspan.arg(command).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    linkspan
}

#[tokio::test]
async fn config_prints_every_key_with_its_default() {
    let printed = linkspan("config").output().await.unwrap();
    assert!(printed.status.success());
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), DEFAULTS);
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
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        for connection in ["keep-alive", "close"] {
            let asked = client.get(format!("http://{free}/healthz")).header("connection", connection);
            assert_eq!(asked.send().await.unwrap().status(), 200);
        }
        process.kill().await;
    }
}
