//! The listener: bounded connections, bounded patience for a request's head, a graceful end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::client::ClientAddress;
use crate::config::Limits;

/// How long running requests get to end once the server was told to stop.
const GRACE: Duration = Duration::from_secs(10);

/// Serves until it is told to stop, then lets running requests end.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    clients: ClientAddress,
    stop: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(limits.connections.get() as usize));
    let graceful = GracefulShutdown::new();
    // What hyper cannot read as a request (a malformed line or header: 400; more than 100 headers, or more than 64 KiB of address
    // and headers: 431) it answers itself, with an empty body, and closes the connection. No service sees it and no setting changes
    // it (hyperium/hyper#3874), so these alone come without a problem document and a request id.
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(u64::from(limits.header_timeout_seconds.get())))
        .max_buf_size(64 * 1024)
        .half_close(false);
    loop {
        let accepted = tokio::select! {
            accepted = accept(&listener, &slots) => accepted,
            () = stop.cancelled() => break,
        };
        let Some((stream, peer, slot)) = accepted else { continue };
        let (router, clients) = (router.clone(), clients.clone());
        let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
            clients.tell(&mut request, peer);
            let router = router.clone();
            router.oneshot(request.map(Body::new))
        });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that goes away in the middle is its own business.
            let _ = connection.await;
            drop(slot);
        });
    }
    drop(listener);
    if tokio::time::timeout(GRACE, graceful.shutdown()).await.is_err() {
        tracing::warn!("some requests did not end in time and were cut off");
    }
}

async fn accept(
    listener: &TcpListener,
    slots: &Arc<Semaphore>,
) -> Option<(TcpStream, SocketAddr, tokio::sync::OwnedSemaphorePermit)> {
    let slot = Arc::clone(slots).acquire_owned().await.ok()?;
    match listener.accept().await {
        Ok((stream, peer)) => {
            // Small answers go out at once.
            let _ = stream.set_nodelay(true);
            Some((stream, peer, slot))
        }
        Err(error) => {
            // Mostly too many open files: waiting helps, spinning does not.
            tracing::warn!(%error, "a connection could not be accepted");
            tokio::time::sleep(Duration::from_millis(100)).await;
            None
        }
    }
}
