//! Which database: the one that is given, or the embedded default.

use std::path::PathBuf;
use std::str::FromStr;

use super::Error;
use crate::config::Config;
use crate::postgres::{self, Cluster, Options};
use crate::store::ConnectOptions;

/// Connections that the embedded database takes.
const MOST_CONNECTIONS: u16 = 100;

/// A database with its two roles.
pub struct Database {
    /// For migrations.
    pub owner: ConnectOptions,
    /// For serving.
    pub app: ConnectOptions,
    cluster: Option<Cluster>,
}

impl Database {
    /// The given database, which need not answer yet, or the embedded one, which is started.
    pub async fn open(config: &Config) -> Result<Self, Error> {
        if let Some(given) = Self::given(config)? {
            return Ok(given);
        }
        let options = Options { data_dir: data_dir(config)?, durable: true, max_connections: MOST_CONNECTIONS };
        let cluster = Cluster::start(options).await.map_err(Error::new)?;
        Ok(Self::embedded(cluster))
    }

    /// The same, or the embedded one of a Linkspan that runs at this moment.
    pub async fn reach(config: &Config) -> Result<Self, Error> {
        if let Some(given) = Self::given(config)? {
            return Ok(given);
        }
        let folder = data_dir(config)?;
        let options = Options { data_dir: folder.clone(), durable: true, max_connections: MOST_CONNECTIONS };
        match Cluster::start(options).await {
            Ok(cluster) => Ok(Self::embedded(cluster)),
            Err(in_use @ postgres::Error::InUse(_)) => match postgres::running(&folder) {
                Some((owner, app)) => Ok(Self { owner, app, cluster: None }),
                None => Err(Error::new(in_use)),
            },
            Err(error) => Err(Error::new(error)),
        }
    }

    fn embedded(cluster: Cluster) -> Self {
        Self { owner: cluster.owner("linkspan"), app: cluster.app("linkspan"), cluster: Some(cluster) }
    }

    fn given(config: &Config) -> Result<Option<Self>, Error> {
        let Some(url) = &config.database_url else { return Ok(None) };
        let options = ConnectOptions::from_str(url.expose())
            .map_err(|_| Error("configuration: database_url is no PostgreSQL address: set LINKSPAN_DATABASE_URL=postgres://user:password@host/database".into()))?;
        Ok(Some(Self { owner: options.clone(), app: options, cluster: None }))
    }

    /// Stops the embedded one.
    pub async fn close(self) {
        if let Some(cluster) = self.cluster
            && let Err(error) = cluster.stop().await
        {
            tracing::warn!(%error, "the embedded database did not stop well; it recovers at the next start");
        }
    }
}

/// The data folder.
pub(super) fn data_dir(config: &Config) -> Result<PathBuf, Error> {
    match &config.data_dir {
        Some(folder) => Ok(folder.clone()),
        None => postgres::default_data_dir().map_err(Error::new),
    }
}
