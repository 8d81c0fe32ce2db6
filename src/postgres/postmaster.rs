//! The server as seen from outside: what its `postmaster.pid` says, whether it lives, and how a left-over one is ended.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::error::Error;
use super::process::wait_until;

/// How long a left-over server is given after each signal.
const LIMIT: Duration = Duration::from_secs(3);

/// Stops the server that a killed Linkspan may have left in this folder, and removes the files that name its process, because
/// PostgreSQL refuses to start as long as there is any process of that number, be it another program or dead and not yet buried.
/// Only for the holder of the data folder's lock.
pub fn end_leftover(cluster: &Path, socket: &Path) -> Result<(), Error> {
    if let Some(left) = Postmaster::of(cluster) {
        stop_by_force(left.pid, cluster)?;
    }
    for file in [cluster.join("postmaster.pid"), socket.join(".s.PGSQL.5432.lock")] {
        match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("remove", &file)(error));
            }
            _ => {}
        }
    }
    Ok(())
}

fn stop_by_force(pid: u32, cluster: &Path) -> Result<(), Error> {
    for name in ["INT", "QUIT", "KILL"] {
        if !serves(pid, cluster) {
            return Ok(());
        }
        signal(pid, name);
        if wait_until(LIMIT, || !serves(pid, cluster)) {
            return Ok(());
        }
    }
    Err(Error::Leftover { pid, folder: cluster.to_owned() })
}

/// What `postmaster.pid` says: the process in its first line, the state in its eighth.
pub struct Postmaster {
    /// The server's process, when the file is true.
    pub pid: u32,
    /// Whether it takes connections.
    pub ready: bool,
}

impl Postmaster {
    /// Reads it; `None` when there is none, or nothing sensible in it.
    pub fn of(cluster: &Path) -> Option<Postmaster> {
        let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
        let mut lines = text.lines().map(str::trim);
        Some(Postmaster { pid: lines.next()?.parse().ok()?, ready: lines.nth(6) == Some("ready") })
    }
}

/// Whether this process is alive and its command line names the cluster folder. (Its working folder would say more, but
/// root in a container may not read another user's.)
pub fn serves(pid: u32, cluster: &Path) -> bool {
    let folder = cluster.as_os_str().as_bytes();
    if cfg!(target_os = "linux") {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        return line.split(|byte| *byte == 0).any(|argument| argument == folder);
    }
    let ps = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output();
    ps.is_ok_and(|ps| ps.stdout.windows(folder.len()).any(|part| part == folder))
}

/// Sends a signal. `kill` is built into every shell, while the program of that name is missing in small images.
pub fn signal(pid: u32, name: &str) {
    let arguments = ["-c", r#"kill -s "$0" "$1""#, name, &pid.to_string()];
    let _ = Command::new("/bin/sh").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).status();
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use std::ffi::OsStr;

    use super::super::tests::TempFolder;
    use super::*;

    #[test]
    fn only_a_server_of_the_folder_is_taken_for_a_leftover() {
        let temp = TempFolder::new("leftover");
        end_leftover(temp.path(), temp.path()).unwrap();
        // Both wait for input that ends with this test, in case it fails.
        let waiting = |arguments: &[&OsStr]| {
            let script = ["-c", "read line", "postgres", "-D"];
            Command::new("sh").args(script).args(arguments).stdin(Stdio::piped()).spawn().unwrap()
        };
        let mut stranger = waiting(&[OsStr::new("/elsewhere")]);
        let mut server = waiting(&[temp.path().as_os_str()]);
        let file = temp.path().join("postmaster.pid");

        fs::write(&file, format!("{}\n", stranger.id())).unwrap();
        end_leftover(temp.path(), temp.path()).unwrap();
        assert!(!file.exists());
        assert!(stranger.try_wait().unwrap().is_none(), "another process of that number lives on");
        stranger.kill().and_then(|()| stranger.wait()).unwrap();

        fs::write(&file, format!("{}\n", server.id())).unwrap();
        end_leftover(temp.path(), temp.path()).unwrap();
        assert!(!file.exists());
        assert!(!server.wait().unwrap().success(), "ended by a signal");
    }
}
