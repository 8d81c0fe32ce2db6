//! The `linkspan` binary: subcommands, and nothing else.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use linkspan::config::{Config, DEFAULTS, LogFormat};
use linkspan::domain::support_matrix;
use linkspan::server::{self, Server};
use linkspan::store::Role;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// One HTTP API in front of every bank-data network.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve (the default).
    Serve {
        /// Do not migrate at start.
        #[arg(long)]
        no_migrate: bool,
    },
    /// Bring the database up to this version, and end.
    Migrate,
    /// Keys of tenants.
    #[command(subcommand)]
    Keys(Keys),
    /// Print the support matrix as Markdown.
    Matrix,
    /// Print the OpenAPI document.
    Openapi,
    /// Print every key of the configuration with its default and what it is for.
    Config,
}

#[derive(Subcommand)]
enum Keys {
    /// Make a key, and the tenant where it is new; prints the key once.
    Create {
        /// The tenant's name.
        #[arg(long)]
        tenant: String,
        /// admin, write or read.
        #[arg(long)]
        role: Role,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "linkspan: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Option<Command>) -> Result<(), Box<dyn std::error::Error>> {
    match command {
        Some(Command::Matrix) => say(&support_matrix::markdown())?,
        Some(Command::Openapi) => say(&format!("{}\n", server::openapi()))?,
        Some(Command::Config) => say(DEFAULTS)?,
        Some(Command::Migrate) => {
            server::migrate(&configured()?).await?;
            say("The database is up to date.\n")?;
        }
        Some(Command::Keys(Keys::Create { tenant, role })) => {
            say(&format!("{}\n", server::create_key(&configured()?, &tenant, role).await?))?;
        }
        Some(Command::Serve { no_migrate }) => serve(no_migrate).await?,
        None => serve(false).await?,
    }
    Ok(())
}

fn configured() -> Result<Config, Box<dyn std::error::Error>> {
    let config = Config::load()?;
    let filter = EnvFilter::try_new(&config.log.filter)
        .map_err(|error| format!("configuration: log.filter: {error}; it is a list like info,sqlx=warn"))?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Where nobody reads the log any more there is nobody to tell either, and the server goes on.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal());
    match config.log.format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(config)
}

async fn serve(no_migrate: bool) -> Result<(), Box<dyn std::error::Error>> {
    let mut config = configured()?;
    config.migrate &= !no_migrate;
    let stop = CancellationToken::new();
    tokio::spawn(stop_on_signal(stop.clone()));
    let server = Server::start(config, None, stop).await?;
    server.run(greet).await?;
    Ok(())
}

/// Prints. Whoever started it may not be reading any more, which is no reason to fail; a full disk is.
fn say(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Says where it is, and what to type next.
fn greet(url: &str, sandbox_key: Option<&str>) {
    let mut greeting = format!("\nLinkspan is ready at {url}  (documents: {url}/docs)\n");
    if let Some(key) = sandbox_key {
        greeting.push_str(&format!(
            r#"Sandbox API key: {key}

Next, in another terminal:

  export LINKSPAN={url} KEY={key}
  curl -s $LINKSPAN/connect/start -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
    -d '{{"externalCustomerId":"user-42","products":["BALANCES","TRANSACTIONS"]}}'

then open its widgetUrl in a browser, and log in as user_good / pass_good.

"#
        ));
    }
    // Where nobody reads it, the server serves all the same.
    let _ = say(&greeting);
}

async fn stop_on_signal(stop: CancellationToken) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    tracing::info!("stopping");
    stop.cancel();
}
