//! The embedded default: a private PostgreSQL cluster, run from the binaries on this machine, for when no `LINKSPAN_DATABASE_URL` is given.
//!
//! In the data folder: `postgres-<major>/` (the cluster, and the unix socket by which alone it is reached), `postgres.log` and
//! `postgres.lock`. The server ends with this process, however that ends, and is started again when it ends alone.

mod binaries;
mod error;
mod folder;
mod initdb;
mod postmaster;
mod process;
mod roles;
#[cfg(test)]
mod tests;
mod user;

use std::env;
use std::path::PathBuf;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use binaries::Binaries;
pub use error::Error;
use folder::{Lock, Log, Socket};
use process::Server;
use user::Runner;

/// How a private cluster is to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder for everything it keeps; made where missing.
    pub data_dir: PathBuf,
    /// Whether what was committed survives a crash of the machine. Off is faster, for tests.
    pub durable: bool,
    /// How many connections the server takes at once.
    pub max_connections: u16,
}

/// Where the data folder is when nobody says otherwise: the system's state folder for root (whose home the database's user
/// could not enter), else the user's data folder.
pub fn default_data_dir() -> Result<PathBuf, Error> {
    if user::is_root() {
        return Ok("/var/lib/linkspan".into());
    }
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data_home = absolute("XDG_DATA_HOME").or_else(|| Some(absolute("HOME")?.join(".local/share")));
    Ok(data_home.ok_or(Error::NoHome)?.join("linkspan"))
}

/// How to reach the private cluster of a Linkspan that runs on that folder at this moment: as the owner, and as the serving role.
/// `None` where none runs, or where its socket had to be put elsewhere because the folder's path is too long.
pub fn running(data_dir: &std::path::Path) -> Option<(PgConnectOptions, PgConnectOptions)> {
    let folders = std::fs::read_dir(data_dir).ok()?;
    let socket = folders
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|folder| folder.join(".s.PGSQL.5432").exists() && folder.join("postmaster.pid").exists())?;
    let reach = |role: &str| {
        let options = PgConnectOptions::new_without_pgpass().socket(&socket).port(5432).ssl_mode(PgSslMode::Disable);
        options.username(role).database("linkspan")
    };
    Some((reach(roles::OWNER), reach(roles::APP)))
}

/// A running private cluster, with the database `linkspan`. Dropping it stops the server, and blocks for that long.
#[derive(Debug)]
pub struct Cluster {
    // Let go of in this order: nobody else may have the folder before the server is gone.
    server: Server,
    socket: Socket,
    _lock: Lock,
}

impl Cluster {
    /// Starts the cluster of a data folder, making it on the first start and recovering it after a crash.
    /// Fails when another Linkspan has the folder, and for whatever else [`Error`] lists.
    pub async fn start(options: Options) -> Result<Cluster, Error> {
        let cluster = blocking(move || Cluster::boot(&options)).await?;
        roles::create(&cluster.superuser("postgres")).await?;
        Ok(cluster)
    }

    fn boot(options: &Options) -> Result<Cluster, Error> {
        let binaries = Binaries::find()?;
        let root = user::is_root();
        let data_dir = folder::create(&options.data_dir, root)?;
        let lock = Lock::take(&data_dir)?;
        let folder = folder::cluster(&data_dir, binaries.major)?;
        let runner = Runner::new(&folder, root)?;
        runner.must_reach(&data_dir, "LINKSPAN_DATA_DIR", "/var/lib/linkspan")?;
        runner.must_reach(&binaries.folder, "PG_BIN_DIR", "/usr/lib/postgresql/15/bin")?;
        let log = Log::create(&data_dir)?;
        initdb::clear_unfinished(&data_dir);
        if !folder.exists() {
            initdb::initialise(&folder, &binaries, &runner, &log, options.durable)?;
        }
        let socket = Socket::place(&folder, &runner)?;
        let mut command = runner.command(&binaries.folder.join("postgres"));
        command.arg("-D").arg(&folder);
        for setting in settings(options, &socket) {
            command.arg("-c").arg(setting);
        }
        let server = Server::start(command, &folder, &socket.folder, &log)?;
        Ok(Cluster { server, socket, _lock: lock })
    }

    /// For migrations: the role that owns the databases and may create more, no superuser.
    pub fn owner(&self, database: &str) -> PgConnectOptions {
        self.options(roles::OWNER, database)
    }

    /// For serving: the role that may log in and do what the migrations grant.
    pub fn app(&self, database: &str) -> PgConnectOptions {
        self.options(roles::APP, database)
    }

    /// For the supervisor itself and tests: the superuser `postgres`.
    pub fn superuser(&self, database: &str) -> PgConnectOptions {
        self.options(roles::SUPERUSER, database)
    }

    fn options(&self, role: &str, database: &str) -> PgConnectOptions {
        let options =
            PgConnectOptions::new_without_pgpass().socket(&self.socket.folder).port(5432).ssl_mode(PgSslMode::Disable);
        options.username(role).database(database)
    }

    /// Stops the server gracefully: open transactions are rolled back, what was committed is written out.
    pub async fn stop(self) -> Result<(), Error> {
        let mut cluster = self;
        blocking(move || {
            let stopped = cluster.server.stop();
            // The whole of it, so that the lock outlives the server even when nobody waits for this any more.
            drop(cluster);
            stopped
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(Error::Interrupted))
}

/// What the server is told on its command line, where no file overrides it.
fn settings(options: &Options, socket: &Socket) -> Vec<String> {
    let mut settings = vec![socket.setting(), format!("max_connections={}", options.max_connections)];
    settings.extend(
        [
            "listen_addresses=",
            "port=5432",
            "unix_socket_permissions=0700",
            "timezone=UTC",
            "log_timezone=UTC",
            // Errors are answered to the application; the log, which nobody rotates, is about the server and quotes no SQL.
            "log_min_messages=log",
            "log_min_error_statement=panic",
            "log_checkpoints=off",
            "logging_collector=off",
            "shared_buffers=64MB",
            // A killed Linkspan's queries must not go on: they would hold up the next start.
            "client_connection_check_interval=250ms",
        ]
        .map(String::from),
    );
    if !options.durable {
        settings.extend(["fsync=off", "synchronous_commit=off", "full_page_writes=off"].map(String::from));
    }
    settings
}
