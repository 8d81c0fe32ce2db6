//! The built binary as a process of its own, on a free port, with a data folder of its own.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use super::TestApp;

/// How long it may take to start, its first database included, and to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// The ring of all processes that share a database: 32 bytes of nothing.
pub const KEYS: &str = "test:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

static NUMBER: AtomicU32 = AtomicU32::new(0);

pub struct Process {
    pub url: String,
    pub key: String,
    /// The line that it tells people to paste.
    pub export: String,
    child: Child,
    folder: Folder,
}

impl Process {
    /// Starts it with these variables, and waits until it says that it is ready.
    pub async fn start(variables: &[(&str, &str)]) -> Self {
        let folder = Folder::new();
        let log = fs::File::create(folder.0.join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_linkspan"));
        // What the one who runs the tests has set for another Linkspan is not for this one.
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("LINKSPAN_")) {
            command.env_remove(name);
        }
        command.env("LINKSPAN_BIND", "127.0.0.1:0").env("LINKSPAN_DATA_DIR", folder.0.join("data"));
        command.envs(variables.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        let export = tokio::time::timeout(PATIENCE, line_to_paste(stdout)).await.ok().flatten();
        let export = export.unwrap_or_else(|| panic!("the server did not become ready:\n{}", folder.log()));
        let (url, key) = export
            .strip_prefix("export LINKSPAN=")
            .and_then(|rest| rest.split_once(" KEY="))
            .unwrap_or_else(|| panic!("not to be pasted: {export}"));
        Self { url: url.to_owned(), key: key.to_owned(), child, folder, export: export.clone() }
    }

    /// Starts it on a database that it shares with others; the client for it.
    pub async fn on(database_url: &str) -> (Self, TestApp) {
        let process = Self::start(&[
            ("LINKSPAN_DATABASE_URL", database_url),
            ("LINKSPAN_KEYS", KEYS),
            ("LINKSPAN_SANDBOX_API_KEY", "lsk_sandbox_0123456789abcdef"),
        ])
        .await;
        let app = TestApp::of(&process.url, &process.key, database_url);
        (process, app)
    }

    /// Asks it to stop, which it does well.
    pub async fn stop(mut self) {
        self.signal("TERM").await;
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.is_ok_and(|status| status.unwrap().success()), "{}", self.log());
    }

    /// Ends it without a word.
    pub async fn kill(mut self) {
        self.signal("KILL").await;
        self.child.wait().await.unwrap();
    }

    /// Sends it a signal, by its name.
    pub async fn signal(&self, name: &str) {
        let pid = self.child.id().unwrap().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().await.unwrap().success());
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.folder.log()
    }
}

/// Reads what the server prints up to the line that people paste.
async fn line_to_paste(stdout: ChildStdout) -> Option<String> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if line.trim_start().starts_with("export ") {
            // What follows is read too, or it would stop the server.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return Some(line.trim_start().to_owned());
        }
    }
    None
}

/// A folder that goes with the test. The embedded database's user must be able to pass through it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("linkspan-process-{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        DirBuilder::new().mode(0o711).create(&path).unwrap();
        Self(path)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.join("log")).unwrap_or_default()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
