//! Connections to the three databases.

use std::time::Duration;

use anyhow::Context;
use sqlx::{
    Connection, Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// How long a statement may run before the database ends it.
const STATEMENT_TIMEOUT: &str = "15s";
/// Connections kept open while nobody asks: the first requests after a start need not wait for them.
const WARM_CONNECTIONS: u32 = 8;
/// How long a connection that nobody used is taken to be alive.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Whether the same call may succeed in a moment: no connection was to be had in time, the connection broke,
/// or the database chose this transaction to end a deadlock. Nothing was changed, but for a commit whose
/// answer was lost: what changes things here may be repeated.
#[must_use]
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) => true,
        sqlx::Error::Database(e) => e.code().is_some_and(|code| {
            matches!(
                &*code,
                // The last two: it waited, or took, longer than a statement may.
                "40001" | "40P01" | "53300" | "57P01" | "57P02" | "57P03" | "55P03" | "57014"
            )
        }),
        _ => false,
    }
}

/// A pool of up to so many connections to one database, opened when they are needed.
///
/// A request may be dropped at any of its waits: its client is gone, or its time is over. Dropped while it
/// waits for the answer to BEGIN, it would leave the transaction open, and whoever got the connection next
/// would write into it, holding locks, unseen by others, and lost with the connection. So each connection
/// ends what is open before another request gets it. Mostly nothing is, and a lone ROLLBACK would be a warning
/// in the server's log each time: so it ends what it begins, or what was open.
///
/// # Errors
/// The URL is none.
pub fn pool(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    let options = pool_options(connections).after_release(|connection, _| {
        Box::pin(async move { connection.execute("begin; rollback").await.map(|_| true) })
    });
    Ok(options.connect_lazy_with(connect_options(url)?))
}

/// A pool for single statements: each is a transaction of its own, which ends with it, so that a connection needs no
/// care between two requests. It is asked whether it is alive only when it was not used for a while.
///
/// # Errors
/// The URL is none.
pub fn pool_of_statements(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    let options = pool_options(connections)
        .test_before_acquire(false)
        .before_acquire(|connection, used| {
            Box::pin(async move {
                if used.idle_for > TRUSTED_IDLE {
                    connection.ping().await?;
                }
                Ok(true)
            })
        });
    Ok(options.connect_lazy_with(connect_options(url)?))
}

fn connect_options(url: &str) -> anyhow::Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().context("reading a database URL")?;
    Ok(options.application_name("datacrowd-api-server").options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT),
        ("client_min_messages", "error"),
        // A plan that could read a million tasks looks dear enough to be compiled, for 400 ms, and reads one.
        ("jit", "off"),
    ]))
}

fn pool_options(connections: u32) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections.min(WARM_CONNECTIONS))
        .acquire_timeout(Duration::from_secs(10))
}
