//! The README's walk-through, word for word: its blocks marked `sh walkthrough` run in one shell against the built binary, and
//! what they print is what the README shows, besides ids, times and amounts.

mod answers;
mod blocks;

use std::process::Stdio;
use std::time::Duration;

use chrono::{Timelike, Utc};
use serde_json::json;
use tokio::process::Command;

use crate::support::process::Process;
use answers::differences;
use blocks::{Block, blocks};

/// How long the whole walk may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Ends what a block has printed.
const END: char = '\u{1e}';

#[tokio::test(flavor = "multi_thread")]
async fn the_readme_answers_as_it_says() {
    let server = Process::start(&[]).await;
    wait_for_a_quiet_hour(&server).await;
    let blocks = blocks(include_str!("../../README.md"));
    assert!(blocks.len() > 10, "the walk-through is gone: {} blocks", blocks.len());

    let printed = run(&server.export, &blocks).await;
    assert_eq!(printed.len(), blocks.len(), "the shell ended early; the last block printed:\n{:?}", printed.last());
    let complaints: Vec<_> = blocks
        .iter()
        .zip(&printed)
        .filter_map(|(block, printed)| {
            let differences = differences(&block.answer, printed);
            (!differences.is_empty())
                .then(|| format!("README.md:{}\n{}\n  {}", block.line, block.script, differences.replace('\n', "\n  ")))
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n\n"));
    server.stop().await;
}

/// At one in the morning nothing happens at the simulated bank, so what the walk-through books is all that is new.
async fn wait_for_a_quiet_hour(server: &Process) {
    let advance = 25 * 3600 - Utc::now().num_seconds_from_midnight();
    let client = crate::support::client().build().unwrap();
    let request = client.post(format!("{}/sandbox/clock", server.url)).bearer_auth(&server.key);
    let request = request.header("content-type", "application/json");
    let answer = request.body(json!({ "advanceSeconds": advance }).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
}

/// Runs the blocks after that first line in one shell; what each printed.
async fn run(first: &str, blocks: &[Block]) -> Vec<String> {
    let mut script = format!("{first}\n");
    for block in blocks {
        script.push_str(&format!("{}\nprintf '\\036'\n", block.script));
    }
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", &script]).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(PATIENCE, bash.output()).await.expect("the walk-through ends").unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(errors.is_empty(), "the shell complained:\n{errors}");
    let printed = String::from_utf8(output.stdout).unwrap();
    printed.split_terminator(END).map(str::to_owned).collect()
}
