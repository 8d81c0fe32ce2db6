//! The data folder: the lock that makes it one Linkspan's, a cluster folder for each major version, the log, the place of the socket.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{self, Path, PathBuf};

use super::error::Error;
use super::user::Runner;

/// The longest path of a unix socket is 103 bytes on macOS and 107 on Linux.
const LONGEST_SOCKET: usize = 103;
/// How much of the log an error quotes, in bytes.
const LONGEST_TAIL: u64 = 2048;

/// Makes the data folder where it is missing, and returns its path without symbolic links.
/// What root makes may be passed through (not read) by others, because the server is another user there.
pub fn create(data_dir: &Path, root: bool) -> Result<PathBuf, Error> {
    let mode = if root { 0o711 } else { 0o700 };
    path::absolute(data_dir)
        .and_then(|folder| make(&folder, mode).map(|()| folder))
        .and_then(fs::canonicalize)
        .map_err(Error::io("make the folder", data_dir))
}

fn make(folder: &Path, mode: u32) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    if let Some(parent) = folder.parent() {
        make(parent, mode)?;
    }
    fs::create_dir(folder)?;
    // Not by the mode of creation, from which the umask takes away.
    fs::set_permissions(folder, Permissions::from_mode(mode))
}

/// The cluster folder of a major version, made or not. Refused when another version's is there instead:
/// an empty database would look like lost data.
pub fn cluster(data_dir: &Path, major: u32) -> Result<PathBuf, Error> {
    let own = data_dir.join(format!("postgres-{major}"));
    if own.try_exists().map_err(Error::io("look into", data_dir))? {
        return Ok(own);
    }
    let others = fs::read_dir(data_dir).map_err(Error::io("read", data_dir))?.flatten();
    let latest = others.filter_map(|entry| entry.file_name().to_str()?.strip_prefix("postgres-")?.parse().ok()).max();
    match latest {
        Some(written_by) => {
            Err(Error::OtherMajor { folder: data_dir.join(format!("postgres-{written_by}")), written_by, major })
        }
        None => Ok(own),
    }
}

/// The exclusive hold of a data folder. It ends with the process, however that ends.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Takes the folder, or says that another Linkspan has it.
    pub fn take(data_dir: &Path) -> Result<Lock, Error> {
        let path = data_dir.join("postgres.lock");
        let open = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = open.map_err(Error::io("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock(file)),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(data_dir.to_owned())),
            Err(TryLockError::Error(error)) => Err(Error::io("lock", &path)(error)),
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would not do while a child that another thread has just forked still holds a copy.
        let _ = self.0.unlock();
    }
}

/// What `initdb` and the server say, from the latest start on.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Begins anew, so that it does not grow from start to start.
    pub fn create(data_dir: &Path) -> Result<Log, Error> {
        let path = data_dir.join("postgres.log");
        // Appended to, because several processes write.
        let open = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        match open.and_then(|file| file.set_len(0).map(|()| file)) {
            Ok(file) => Ok(Log { path, file }),
            Err(error) => Err(Error::io("write", &path)(error)),
        }
    }

    /// A handle for a child to write to.
    pub fn writer(&self) -> Result<File, Error> {
        self.file.try_clone().map_err(Error::io("write", &self.path))
    }

    /// The error of a program that wrote here, with its last words.
    pub fn failure(&self, program: &'static str, problem: &'static str) -> Error {
        let tail = self.tail().unwrap_or_else(|error| error.to_string());
        Error::Failed { program, problem, log: self.path.clone(), tail }
    }

    fn tail(&self) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(LONGEST_TAIL)))?;
        let mut text = Vec::new();
        file.take(LONGEST_TAIL).read_to_end(&mut text)?;
        Ok(String::from_utf8_lossy(&text).trim().to_owned())
    }
}

/// The private folder in which the server's socket is.
#[derive(Debug)]
pub struct Socket {
    /// For clients.
    pub folder: PathBuf,
    temporary: bool,
}

impl Socket {
    /// The cluster folder itself, or a short one of its own where that path is too long for a socket (or is not Unicode).
    pub fn place(cluster: &Path, runner: &Runner) -> Result<Socket, Error> {
        let longest = LONGEST_SOCKET - "/.s.PGSQL.5432".len();
        if cluster.to_str().is_some_and(|path| path.len() <= longest) {
            return Ok(Socket { folder: cluster.to_owned(), temporary: false });
        }
        let mut hasher = DefaultHasher::new();
        cluster.hash(&mut hasher);
        let folder = PathBuf::from(format!("/tmp/linkspan-{:016x}", hasher.finish()));
        // The name is the same at each start, so that a killed Linkspan leaves one folder at most; who made it is checked.
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => runner.give(&folder)?,
            Err(_) if runner.has_to_itself(&folder) => {}
            Err(_) => return Err(Error::SocketFolder(folder)),
        }
        Ok(Socket { folder, temporary: true })
    }

    /// For the server: its working folder is the cluster's, and a dot needs no quoting and has no length.
    pub fn setting(&self) -> String {
        let folder = if self.temporary { self.folder.to_string_lossy() } else { ".".into() };
        format!("unix_socket_directories={folder}")
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if self.temporary {
            let _ = fs::remove_dir(&self.folder);
        }
    }
}
