//! The first start: a new cluster, made beside its place and moved there when it is whole, so that a crash leaves nothing half-made.

use std::ffi::OsStr;
use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use uuid::Uuid;

use super::binaries::Binaries;
use super::error::Error;
use super::folder::Log;
use super::process::wait_until;
use super::roles;
use super::user::Runner;

const LIMIT: Duration = Duration::from_secs(120);
/// How the extension of an unfinished cluster's folder begins.
const UNFINISHED: &str = "new-";

/// Removes, as far as it can be, what killed starts left unfinished.
pub fn clear_unfinished(data_dir: &Path) {
    for entry in fs::read_dir(data_dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().and_then(OsStr::to_str).is_some_and(|extension| extension.starts_with(UNFINISHED)) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// Makes the cluster of this folder, which does not exist yet.
pub fn initialise(folder: &Path, binaries: &Binaries, runner: &Runner, log: &Log, durable: bool) -> Result<(), Error> {
    // A name that never comes again: the `initdb` of a Linkspan that was killed may go on for a while, and clears up when it fails.
    let unfinished = folder.with_extension(format!("{UNFINISHED}{}", Uuid::new_v4().simple()));
    DirBuilder::new().mode(0o700).create(&unfinished).map_err(Error::io("make the folder", &unfinished))?;
    runner.give(&unfinished)?;
    run(&unfinished, binaries, runner, log, durable)?;
    let access = unfinished.join("pg_hba.conf");
    // Whoever may enter the socket's folder may log in; there is no other way.
    fs::write(&access, "local all all trust\n").map_err(Error::io("write", &access))?;
    fs::rename(&unfinished, folder).map_err(Error::io("move into place", &unfinished))?;
    let parent = folder.parent().unwrap_or(folder);
    File::open(parent).and_then(|parent| parent.sync_all()).map_err(Error::io("sync", parent))
}

fn run(folder: &Path, binaries: &Binaries, runner: &Runner, log: &Log, durable: bool) -> Result<(), Error> {
    let mut command = runner.command(&binaries.folder.join("initdb"));
    command.arg("-D").arg(folder).args(["-U", roles::SUPERUSER, "--auth=trust", "--no-instructions"]);
    // Sorted by bytes, upper and lower case by Unicode where the system can.
    command.args(["--encoding=UTF8", "--locale=C"]);
    if cfg!(target_os = "linux") {
        command.arg("--lc-ctype=C.UTF-8");
    }
    if !durable {
        command.arg("--no-sync");
    }
    command.stdout(Stdio::from(log.writer()?)).stderr(Stdio::from(log.writer()?));
    let mut child = command.spawn().map_err(Error::io("run initdb in", folder))?;
    let mut status = None;
    wait_until(LIMIT, || {
        status = child.try_wait().unwrap_or_default();
        status.is_some()
    });
    match status {
        Some(status) if status.success() => Ok(()),
        Some(_) => Err(log.failure("initdb", "failed")),
        None => {
            let _ = child.kill().and_then(|()| child.wait());
            Err(log.failure("initdb", "was not done after two minutes"))
        }
    }
}
