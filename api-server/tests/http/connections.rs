//! Connections of clients that are slow, of a server that stops, and to its databases.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, routing::get};
use datacrowd_api_server::{
    database::{pool, pool_of_statements},
    listen::listen,
};
use datacrowd_testkit::TestDatabase;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::{sleep, timeout},
};
use tokio_util::sync::CancellationToken;

const SOON: Duration = Duration::from_secs(10);

/// A server whose one answer takes a while.
async fn server(header_time: Duration, stop: &CancellationToken) -> (SocketAddr, JoinHandle<()>) {
    let router = Router::new().route(
        "/",
        get(async || {
            sleep(Duration::from_millis(300)).await;
            "answered"
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let running = tokio::spawn(listen(listener, router, header_time, stop.clone()));
    (address, running)
}

/// A connection on which this has been sent.
async fn asked(address: SocketAddr, head: &[u8]) -> TcpStream {
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head).await.unwrap();
    connection
}

/// What comes until the server hangs up.
async fn rest(connection: &mut TcpStream) -> String {
    let mut text = String::new();
    let read = connection.read_to_string(&mut text);
    timeout(SOON, read).await.expect("it hangs up").unwrap();
    text
}

#[tokio::test]
async fn who_never_ends_its_headers_is_hung_up_on() {
    let header_time = Duration::from_millis(200);
    let (address, _running) = server(header_time, &CancellationToken::new()).await;
    let mut connection = asked(address, b"GET / HTTP/1.1\r\nhost: a\r\nx-slow: ").await;
    rest(&mut connection).await;
}

#[tokio::test]
async fn who_is_refused_while_sending_a_file_reads_why() {
    let (address, _running) = server(SOON, &CancellationToken::new()).await;
    let head = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 33554432\r\n\r\n";
    let mut connection = asked(address, head).await;
    // As long as the file is, and later than the answer.
    for _ in 0..32 {
        connection.write_all(&vec![b'x'; 1 << 20]).await.unwrap();
        sleep(Duration::from_millis(10)).await;
    }
    let answer = rest(&mut connection).await;
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
}

#[tokio::test]
async fn who_never_ends_what_was_refused_is_hung_up_on() {
    let (address, _running) = server(SOON, &CancellationToken::new()).await;
    let head = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";
    let mut connection = asked(address, head).await;
    let endless = async { while connection.write_all(&[b'x'; 1024]).await.is_ok() {} };
    timeout(SOON, endless).await.expect("it hangs up");
}

#[tokio::test]
async fn what_was_asked_before_the_stop_is_answered() {
    let stop = CancellationToken::new();
    let (address, running) = server(SOON, &stop).await;
    let mut connection = asked(address, b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    sleep(Duration::from_millis(100)).await;
    stop.cancel();
    let answer = rest(&mut connection).await;
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("answered"),
        "{answer}"
    );
    timeout(SOON, running).await.expect("it ends").unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn no_plan_is_compiled_however_many_rows_it_could_read() {
    let database = TestDatabase::create("core").await;
    let url = database.app_url();
    for pool in [pool(&url, 1).unwrap(), pool_of_statements(&url, 1).unwrap()] {
        let mut connection = pool.acquire().await.unwrap();
        sqlx::query("set jit_above_cost = 0")
            .execute(&mut *connection)
            .await
            .unwrap();
        let plan: Vec<String> = sqlx::query_scalar(
            "explain (analyze, costs off) select count(*) from generate_series(1, 1000)",
        )
        .fetch_all(&mut *connection)
        .await
        .unwrap();
        assert!(
            !plan.is_empty() && !plan.iter().any(|line| line.starts_with("JIT")),
            "{plan:?}"
        );
    }
}
