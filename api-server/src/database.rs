//! Connections to the three databases.

use std::time::Duration;

use anyhow::Context;
use sqlx::{
    Executor, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// How long a statement may run before the database ends it.
const STATEMENT_TIMEOUT: &str = "15s";
/// Connections kept open while nobody asks: the first requests after a start need not wait for them.
const WARM_CONNECTIONS: u32 = 8;

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
                "40001" | "40P01" | "53300" | "57P01" | "57P02" | "57P03"
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
/// ends what is open before another request gets it. Mostly nothing is, which Postgres would warn of.
///
/// # Errors
/// The URL is none.
pub fn pool(url: &str, connections: u32) -> anyhow::Result<PgPool> {
    let options: PgConnectOptions = url.parse().context("reading a database URL")?;
    let options = options.application_name("datacrowd-api-server").options([
        ("statement_timeout", STATEMENT_TIMEOUT),
        ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT),
        ("client_min_messages", "error"),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .min_connections(connections.min(WARM_CONNECTIONS))
        .acquire_timeout(Duration::from_secs(10))
        .after_release(|connection, _| {
            Box::pin(async move { connection.execute("rollback").await.map(|_| true) })
        })
        .connect_lazy_with(options))
}
