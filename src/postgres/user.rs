//! Who runs PostgreSQL: ourselves, or, where we are root (which it refuses), a lesser account.

use std::env;
use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::error::Error;

/// Whether this process is root.
pub fn is_root() -> bool {
    id(&["-u"]) == Some(0)
}

/// An account of the system, without its supplementary groups.
#[derive(Clone, Debug)]
pub struct Account {
    name: String,
    uid: u32,
    gid: u32,
}

impl Account {
    /// Who runs the cluster in root's place: whoever owns it already, else `postgres`, else `nobody`.
    fn for_cluster(cluster: &Path) -> Result<Account, Error> {
        if let Ok(folder) = fs::metadata(cluster)
            && folder.uid() != 0
        {
            return Ok(Account { name: format!("user {}", folder.uid()), uid: folder.uid(), gid: folder.gid() });
        }
        ["postgres", "nobody"].into_iter().find_map(Account::named).ok_or(Error::NoAccount)
    }

    fn named(name: &str) -> Option<Account> {
        Some(Account { name: format!("user `{name}`"), uid: id(&["-u", name])?, gid: id(&["-g", name])? })
    }

    /// The outermost folder on the way to `path`, itself included, that this account may not pass.
    fn blocked_at<'a>(&self, path: &'a Path) -> Option<&'a Path> {
        path.ancestors().filter(|folder| !self.may_pass(folder)).last()
    }

    fn may_pass(&self, folder: &Path) -> bool {
        fs::metadata(folder).is_ok_and(|metadata| {
            let shift = match metadata {
                _ if metadata.uid() == self.uid => 6,
                _ if metadata.gid() == self.gid => 3,
                _ => 0,
            };
            metadata.mode() >> shift & 1 == 1
        })
    }
}

/// How PostgreSQL's programs are run: by whom, and whether they end with us.
#[derive(Debug)]
pub struct Runner {
    account: Option<Account>,
    /// Whether `setpriv` can have the kernel kill a child with the thread that spawned it.
    pub setpriv: bool,
}

impl Runner {
    /// Decides for the cluster in this folder, which need not exist yet.
    pub fn new(cluster: &Path, root: bool) -> Result<Runner, Error> {
        let account = if root { Some(Account::for_cluster(cluster)?) } else { None };
        // Tried rather than looked for: small systems have a `setpriv` without this option.
        let probe = ["--pdeathsig", "KILL", "--", "true"];
        let setpriv = Command::new("setpriv")
            .args(probe)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        Ok(Runner { account, setpriv: setpriv.is_ok_and(|status| status.success()) })
    }

    /// A command whose process is killed by the kernel when the **thread** that spawns it ends (where `setpriv` can arrange that).
    /// It has nothing of our environment (which may hold secrets), and a process group of its own, so that Ctrl-C reaches us alone.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = if self.setpriv {
            let mut command = Command::new("setpriv");
            command.args(["--pdeathsig", "KILL", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        if let Some(account) = &self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command.env_clear().env("PATH", env::var_os("PATH").unwrap_or_default()).env("LC_ALL", "C");
        command.current_dir("/").process_group(0).stdin(Stdio::null());
        command
    }

    /// Gives a folder of ours to whoever runs the server.
    pub fn give(&self, folder: &Path) -> Result<(), Error> {
        match &self.account {
            Some(account) => {
                chown(folder, Some(account.uid), Some(account.gid)).map_err(Error::io("change the owner of", folder))
            }
            None => Ok(()),
        }
    }

    /// Whether whoever runs the server, and nobody else, may enter this folder.
    pub fn has_to_itself(&self, folder: &Path) -> bool {
        let owner = self.account.as_ref().map_or_else(|| id(&["-u"]), |account| Some(account.uid));
        fs::symlink_metadata(folder)
            .is_ok_and(|found| found.is_dir() && Some(found.uid()) == owner && found.mode() & 0o077 == 0)
    }

    /// Refuses a folder that the account cannot get to; `setting` chooses it, `example` would do.
    pub fn must_reach(&self, path: &Path, setting: &'static str, example: &'static str) -> Result<(), Error> {
        let Some(account) = &self.account else {
            return Ok(());
        };
        match account.blocked_at(path) {
            None => Ok(()),
            Some(blocked) => {
                let (blocked, path) = (blocked.to_owned(), path.to_owned());
                Err(Error::Unreachable { account: account.name.clone(), blocked, path, setting, example })
            }
        }
    }
}

/// Asks the system's `id`, which knows every source of accounts; `None` for an unknown one.
fn id(arguments: &[&str]) -> Option<u32> {
    let output = Command::new("id").args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may fail")]

    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::super::tests::TempFolder;
    use super::*;

    #[test]
    fn a_folder_that_the_account_may_not_pass_is_named() {
        let temp = TempFolder::new("reach");
        let private = temp.path().join("private");
        let inner = private.join("inner");
        fs::create_dir_all(&inner).unwrap();
        fs::set_permissions(&inner, Permissions::from_mode(0o755)).unwrap();
        let metadata = fs::metadata(&private).unwrap();
        let stranger = Account { name: "user `stranger`".into(), uid: metadata.uid() + 1, gid: metadata.gid() + 1 };
        let sibling = Account { gid: metadata.gid(), ..stranger.clone() };
        let owner = Account { uid: metadata.uid(), ..stranger.clone() };

        fs::set_permissions(&private, Permissions::from_mode(0o700)).unwrap();
        assert_eq!(stranger.blocked_at(&inner), Some(private.as_path()));
        assert_eq!(sibling.blocked_at(&inner), Some(private.as_path()));
        assert_eq!(owner.blocked_at(&inner), None);
        fs::set_permissions(&private, Permissions::from_mode(0o710)).unwrap();
        assert_eq!(stranger.blocked_at(&inner), Some(private.as_path()));
        assert_eq!(sibling.blocked_at(&inner), None);
        fs::set_permissions(&private, Permissions::from_mode(0o711)).unwrap();
        assert_eq!(stranger.blocked_at(&inner), None);

        fs::set_permissions(&private, Permissions::from_mode(0o700)).unwrap();
        let runner = Runner { account: Some(stranger), setpriv: false };
        let error = runner.must_reach(&inner, "LINKSPAN_DATA_DIR", "/var/lib/linkspan").unwrap_err().to_string();
        assert!(error.contains("user `stranger` may not enter"), "{error}");
        assert!(
            error.contains("Set LINKSPAN_DATA_DIR to a folder that every user may pass to, such as /var/lib/linkspan"),
            "{error}"
        );
    }

    #[test]
    fn nothing_of_our_environment_reaches_the_server() {
        let runner = Runner { account: None, setpriv: false };
        let command = runner.command(Path::new("/bin/true"));
        let names: Vec<_> = command.get_envs().map(|(name, _)| name.to_owned()).collect();
        assert_eq!(names, ["LC_ALL", "PATH"]);
    }
}
