//! Real clusters in temporary folders: first and later starts, crashes of either process, refusals.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use uuid::Uuid;

use super::binaries::Binaries;
use super::user::{Runner, is_root};
use super::{Cluster, Error, Options, postmaster, process};

/// A folder that others may pass through, and that goes away with its test.
pub struct TempFolder(PathBuf);

impl TempFolder {
    pub fn new(name: &str) -> TempFolder {
        let folder = std::env::temp_dir().join(format!("linkspan-{name}-{}", Uuid::new_v4().simple()));
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o711)).unwrap();
        TempFolder(folder.canonicalize().unwrap())
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn start(data_dir: &Path) -> Result<Cluster, Error> {
    Cluster::start(Options { data_dir: data_dir.to_owned(), durable: false, max_connections: 20 }).await
}

async fn start_durable(data_dir: &Path) -> Result<Cluster, Error> {
    Cluster::start(Options { data_dir: data_dir.to_owned(), durable: true, max_connections: 20 }).await
}

async fn connect(options: PgConnectOptions) -> PgConnection {
    options.connect().await.unwrap()
}

async fn note(cluster: &Cluster, text: &str) {
    let mut owner = connect(cluster.owner("linkspan")).await;
    sqlx::raw_sql("create table if not exists notes (text text)").execute(&mut owner).await.unwrap();
    sqlx::query("insert into notes values ($1)").bind(text).execute(&mut owner).await.unwrap();
}

async fn notes(cluster: &Cluster) -> Vec<String> {
    let mut owner = connect(cluster.owner("linkspan")).await;
    sqlx::query_scalar("select text from notes order by text").fetch_all(&mut owner).await.unwrap()
}

fn folder(data_dir: &Path) -> PathBuf {
    data_dir.join(format!("postgres-{}", Binaries::find().unwrap().major))
}

#[tokio::test]
async fn the_first_start_makes_two_lesser_roles_and_a_database() {
    let temp = TempFolder::new("roles");
    let cluster = start(temp.path()).await.unwrap();
    let mut superuser = connect(cluster.superuser("linkspan")).await;
    let roles: Vec<String> = sqlx::query_scalar(
        "select format('%s login=%s createdb=%s super=%s createrole=%s replication=%s bypassrls=%s',
                       rolname, rolcanlogin, rolcreatedb, rolsuper, rolcreaterole, rolreplication, rolbypassrls)
         from pg_roles where rolname like 'linkspan%' order by rolname",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(
        roles,
        [
            "linkspan_app login=t createdb=f super=f createrole=f replication=f bypassrls=f",
            "linkspan_owner login=t createdb=t super=f createrole=f replication=f bypassrls=f",
        ]
    );
    let owner: String =
        sqlx::query_scalar("select pg_get_userbyid(datdba) from pg_database where datname = 'linkspan'")
            .fetch_one(&mut superuser)
            .await
            .unwrap();
    assert_eq!(owner, "linkspan_owner");

    let mut app = connect(cluster.app("linkspan")).await;
    sqlx::raw_sql("create database more").execute(&mut app).await.unwrap_err();
    sqlx::raw_sql("create table more ()").execute(&mut app).await.unwrap_err();
    let mut owner = connect(cluster.owner("linkspan")).await;
    sqlx::raw_sql("create database more template template0").execute(&mut owner).await.unwrap();
    connect(cluster.owner("more")).await;
}

#[tokio::test]
async fn the_server_is_private_and_speaks_utf8_and_utc() {
    let temp = TempFolder::new("private");
    let cluster = start_durable(temp.path()).await.unwrap();
    let mut superuser = connect(cluster.superuser("linkspan")).await;
    let settings: Vec<String> = sqlx::query_scalar(
        "select name || '=' || setting from pg_settings
         where name in ('listen_addresses', 'TimeZone', 'server_encoding', 'max_connections', 'fsync') order by lower(name)",
    )
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    assert_eq!(
        settings,
        ["fsync=on", "listen_addresses=", "max_connections=20", "server_encoding=UTF8", "TimeZone=UTC"]
    );
    let ways: Vec<String> = sqlx::query_scalar("select type || ' ' || auth_method from pg_hba_file_rules")
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    assert_eq!(ways, ["local trust"]);
    assert_eq!(fs::metadata(&cluster.socket.folder).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn a_second_start_keeps_the_data() {
    let temp = TempFolder::new("again");
    let data_dir = temp.path().join("made/by/us");
    let cluster = start(&data_dir).await.unwrap();
    note(&cluster, "kept").await;
    let first = cluster.server.pid().unwrap();
    cluster.stop().await.unwrap();
    assert!(!postmaster::serves(first, &folder(&data_dir)));
    assert!(!folder(&data_dir).join("postmaster.pid").exists());

    let cluster = start(&data_dir).await.unwrap();
    assert_eq!(notes(&cluster).await, ["kept"]);
    let second = cluster.server.pid().unwrap();
    drop(cluster);
    assert!(!postmaster::serves(second, &folder(&data_dir)), "dropping stops it too");
}

#[tokio::test]
async fn a_second_linkspan_on_the_folder_is_refused() {
    let temp = TempFolder::new("second");
    let cluster = start(temp.path()).await.unwrap();
    let error = start(temp.path()).await.unwrap_err().to_string();
    assert!(error.starts_with("Another Linkspan is running on "), "{error}");
    note(&cluster, "the first is not disturbed").await;
}

#[tokio::test]
async fn a_killed_server_comes_back_with_what_was_committed() {
    let temp = TempFolder::new("killed");
    let cluster = start_durable(temp.path()).await.unwrap();
    note(&cluster, "before").await;
    let killed = cluster.server.pid().unwrap();
    postmaster::signal(killed, "KILL");

    let begun = Instant::now();
    while cluster.server.pid().is_none_or(|pid| pid == killed) || cluster.app("linkspan").connect().await.is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not come back");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    note(&cluster, "between").await;
    postmaster::signal(cluster.server.pid().unwrap(), "KILL");
    drop(cluster);

    let cluster = start_durable(temp.path()).await.unwrap();
    assert_eq!(notes(&cluster).await, ["before", "between"]);
}

const HELD: &str = "LINKSPAN_TEST_HELD_DATA_DIR";

/// The process that the next test kills: a Linkspan with a query under way. Does nothing unless that test starts it.
#[tokio::test]
async fn holds_a_cluster_until_killed() {
    let Some(data_dir) = std::env::var_os(HELD) else {
        return;
    };
    let cluster = start_durable(Path::new(&data_dir)).await.unwrap();
    note(&cluster, "acknowledged").await;
    let mut busy = connect(cluster.app("linkspan")).await;
    let endless = sqlx::raw_sql("select count(*) from generate_series(1, 1000000000000)").execute(&mut busy);
    let told = async {
        let mut superuser = connect(cluster.superuser("linkspan")).await;
        let running =
            "select exists (select from pg_stat_activity where query like 'select count%' and state = 'active')";
        while !sqlx::query_scalar::<_, bool>(running).fetch_one(&mut superuser).await.unwrap() {
            tokio::task::yield_now().await;
        }
        println!("\nserver {}", cluster.server.pid().unwrap());
        std::future::pending::<()>().await;
    };
    tokio::select! { _ = endless => {}, () = told => {} }
}

#[tokio::test]
async fn a_start_after_a_killed_linkspan_finds_the_server_gone_and_the_data_there() {
    let temp = TempFolder::new("orphan");
    let mut linkspan = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "postgres::tests::holds_a_cluster_until_killed", "--nocapture"])
        .env(HELD, temp.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(linkspan.stdout.take().unwrap()).lines().map_while(Result::ok);
    let server: u32 = said.find_map(|line| line.strip_prefix("server ")?.parse().ok()).unwrap();
    assert!(postmaster::serves(server, &folder(temp.path())));
    linkspan.kill().unwrap();
    linkspan.wait().unwrap();
    if Runner::new(&folder(temp.path()), is_root()).unwrap().setpriv {
        let gone = || !postmaster::serves(server, &folder(temp.path()));
        assert!(process::wait_until(Duration::from_secs(60), gone), "it goes by itself");
    }

    let cluster = start_durable(temp.path()).await.unwrap();
    assert!(!postmaster::serves(server, &folder(temp.path())));
    assert_eq!(notes(&cluster).await, ["acknowledged"]);
}

#[tokio::test]
async fn what_a_crash_left_half_made_is_cleared() {
    let temp = TempFolder::new("half");
    let unfinished = folder(temp.path()).with_extension("new-0");
    fs::create_dir_all(unfinished.join("base")).unwrap();
    fs::write(unfinished.join("PG_VERSION"), "15\n").unwrap();
    let cluster = start(temp.path()).await.unwrap();
    sqlx::raw_sql("drop database linkspan").execute(&mut connect(cluster.superuser("postgres")).await).await.unwrap();
    cluster.stop().await.unwrap();
    assert!(!unfinished.exists());

    // PostgreSQL alone refuses to start on an empty one, which a crash of the machine may leave.
    fs::write(folder(temp.path()).join("postmaster.pid"), "").unwrap();
    let cluster = start(temp.path()).await.unwrap();
    connect(cluster.app("linkspan")).await;
}

#[tokio::test]
async fn where_the_path_is_too_long_the_socket_is_elsewhere() {
    let temp = TempFolder::new("long");
    let data_dir = temp.path().join("long, \"quoted\" and with spaces/".repeat(5));
    let cluster = start(&data_dir).await.unwrap();
    note(&cluster, "there").await;
    let socket = cluster.socket.folder.clone();
    assert!(!socket.starts_with(temp.path()));
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o700);
    cluster.stop().await.unwrap();
    assert!(!socket.exists());

    fs::create_dir(&socket).unwrap();
    fs::set_permissions(&socket, Permissions::from_mode(0o777)).unwrap();
    let error = start(&data_dir).await.unwrap_err().to_string();
    fs::remove_dir(&socket).unwrap();
    assert!(error.contains("does not belong to the database's user alone"), "{error}");
}

#[tokio::test]
async fn another_majors_data_is_not_passed_over_for_an_empty_database() {
    let temp = TempFolder::new("major");
    fs::create_dir(temp.path().join("postgres-9")).unwrap();
    let error = start(temp.path()).await.unwrap_err().to_string();
    assert!(
        error.contains("postgres-9 was written by PostgreSQL 9, and the binaries found are PostgreSQL "),
        "{error}"
    );
    assert!(error.contains("Set PG_BIN_DIR to the bin folder of PostgreSQL 9"), "{error}");
}

#[tokio::test]
async fn a_server_that_does_not_start_is_quoted() {
    let temp = TempFolder::new("broken");
    start(temp.path()).await.unwrap().stop().await.unwrap();
    fs::write(folder(temp.path()).join("postgresql.conf"), "no_such_setting = 1\n").unwrap();
    let error = start(temp.path()).await.unwrap_err().to_string();
    assert!(error.starts_with("postgres ended before it was ready. Its log, "), "{error}");
    assert!(error.contains("no_such_setting"), "{error}");
}
