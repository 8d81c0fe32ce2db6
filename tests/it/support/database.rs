//! One cluster for the process, one template with the migrations, one database for each test.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use linkspan::postgres::{Cluster, Options};
use sqlx::{ConnectOptions, Connection, Executor};

struct Shared {
    cluster: Cluster,
}

static SHARED: OnceLock<Shared> = OnceLock::new();
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Folders of test runs, by process id.
const FOLDER: &str = "linkspan-test-";

fn shared() -> &'static Shared {
    SHARED.get_or_init(|| {
        // A thread with a runtime of its own: the first test's runtime ends with the first test.
        let start = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                clear_old_runs();
                let data_dir = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
                let cluster = Cluster::start(Options { data_dir, durable: false, max_connections: 400 }).await.unwrap();
                let mut owner = cluster.superuser("postgres").connect().await.unwrap();
                owner.execute("create database template owner linkspan_owner").await.unwrap();
                owner.close().await.unwrap();
                linkspan::store::migrate(&cluster.owner("template")).await.unwrap();
                Shared { cluster }
            })
        });
        start.join().unwrap()
    })
}

/// Removes what earlier runs left behind; their servers died with them.
fn clear_old_runs() {
    for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let Some(pid) = name.strip_prefix(FOLDER)
            && !Path::new("/proc").join(pid).exists()
        {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

/// A fresh database with all tables; its address for `LINKSPAN_DATABASE_URL`.
pub async fn create() -> String {
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let shared = tokio::task::spawn_blocking(shared).await.unwrap();
    let options = shared.cluster.superuser("postgres");
    let mut connection = options.connect().await.unwrap();
    connection
        .execute(sqlx::AssertSqlSafe(format!("create database {name} template template owner linkspan_owner")))
        .await
        .unwrap();
    connection.close().await.unwrap();
    let socket: PathBuf = options.get_socket().cloned().unwrap();
    let host = socket.to_string_lossy().replace('/', "%2F");
    format!("postgres://postgres@{host}/{name}")
}
