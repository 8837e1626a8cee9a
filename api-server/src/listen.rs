//! Connections: HTTP/1.1 with a time for headers, until the server stops.

mod unread;

use std::{net::SocketAddr, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::Service;

use self::unread::Explained;

/// How long a connection may wait for a request's last header, or idle between requests: longer than the
/// minute that proxies keep theirs, so that it is never us who hang up on one that is about to ask.
pub const HEADER_TIME: Duration = Duration::from_secs(75);

/// Answers whoever connects, until `stop`; then answers what has been asked, and returns.
pub async fn listen(
    listener: TcpListener,
    router: Router,
    header_time: Duration,
    stop: CancellationToken,
) {
    let mut server = http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(header_time);
    let open = GracefulShutdown::new();
    let mut services = router.into_make_service_with_connect_info::<SocketAddr>();
    while let Some((stream, address)) = stop.run_until_cancelled(accept(&listener)).await {
        let Ok(service) = services.call(address).await;
        let io = TokioIo::new(Explained::new(stream));
        let connection = server.serve_connection(io, TowerToHyperService::new(service));
        let connection = open.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error.cause = %error, "a connection ended early");
            }
        });
    }
    drop(listener);
    open.shutdown().await;
}

/// The next connection. What is wrong with one of them, or with too many of them, passes.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                // Answers are small and awaited.
                if stream.set_nodelay(true).is_ok() {
                    return (stream, address);
                }
            }
            Err(error) => {
                tracing::warn!(error.cause = %error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
