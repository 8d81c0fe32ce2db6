//! The built binary at the command line.

use std::process::Stdio;

use linkspan::config::DEFAULTS;
use tokio::process::Command;


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
