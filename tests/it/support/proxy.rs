//! A wire between a server and its database that can be cut, go silent, and be whole again.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;

/// How the wire is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// Whole.
    Whole,
    /// Connections end, and new ones end at once.
    Cut,
    /// Nothing goes through, though connections stay and new ones are taken.
    Silent,
}

pub struct Proxy {
    /// The database's address by way of the proxy.
    pub url: String,
    wire: Arc<watch::Sender<Wire>>,
}

impl Proxy {
    /// Stands before the database at that address, which is of a unix socket.
    pub async fn before(database_url: &str) -> Self {
        let (host, name) = database_url.split_once('@').unwrap().1.split_once('/').unwrap();
        let socket = PathBuf::from(host.replace("%2F", "/")).join(".s.PGSQL.5432");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("postgres://postgres@{}/{name}?sslmode=disable", listener.local_addr().unwrap());
        let wire = Arc::new(watch::Sender::new(Wire::Whole));
        let state = Arc::clone(&wire);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(connect(client, socket.clone(), state.subscribe()));
            }
        });
        Self { url, wire }
    }

    /// Brings the wire into that state.
    pub fn set(&self, wire: Wire) {
        self.wire.send_replace(wire);
    }
}

/// One connection, until either side ends it or the wire is cut.
async fn connect(client: TcpStream, socket: PathBuf, mut wire: watch::Receiver<Wire>) {
    let mut cut = wire.clone();
    let talk = async {
        // While nothing goes through, the connection is taken, and that is all.
        if wire.wait_for(|wire| *wire == Wire::Whole).await.is_err() {
            return;
        }
        let Ok(database) = UnixStream::connect(socket).await else { return };
        let (from_client, to_client) = client.into_split();
        let (from_database, to_database) = database.into_split();
        tokio::select! {
            () = pass(from_client, to_database, wire.clone()) => {}
            () = pass(from_database, to_client, wire.clone()) => {}
        }
    };
    tokio::select! {
        () = talk => {}
        _ = cut.wait_for(|wire| *wire == Wire::Cut) => {}
    }
}

async fn pass(
    mut from: impl AsyncReadExt + Unpin,
    mut to: impl AsyncWriteExt + Unpin,
    mut wire: watch::Receiver<Wire>,
) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        if wire.wait_for(|wire| *wire == Wire::Whole).await.is_err() || to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
