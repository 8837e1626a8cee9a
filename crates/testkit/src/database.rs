//! One test's own database.

use std::{
    collections::BTreeMap,
    sync::{
        LazyLock, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc::{Sender, channel},
    },
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::{
    recycle::{Blank, recycle},
    server::{Postgres, run},
};

/// What a test that has ended left for the next one of this process, by context: to make and to drop a database costs
/// ten times what emptying it does.
static EMPTY: Mutex<BTreeMap<&'static str, Vec<Empty>>> = Mutex::new(BTreeMap::new());

/// An empty database, and what it was like when it was made.
#[derive(Debug)]
struct Empty {
    name: String,
    blank: Blank,
}

/// A migrated, empty database of one context. With this value it ends, for whoever knows its name; the next test may
/// get it under another. One that a killed test left goes with the throwaway server.
#[derive(Debug)]
pub struct TestDatabase {
    server: Postgres,
    context: &'static str,
    name: String,
    /// What it was like when it was made; none when no other test may have it.
    blank: Option<Blank>,
    refused: AtomicBool,
}

impl TestDatabase {
    /// A fresh database of `context` (`auth`, `core`, `payments`, `notifications`) on the server of
    /// `TEST_DATABASE_ADMIN_URL`.
    pub async fn create(context: &'static str) -> Self {
        let server = Postgres::from_env();
        let empty = EMPTY
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_mut(context)
            .and_then(Vec::pop);
        let Empty { name, blank } = match empty {
            Some(empty) => empty,
            None => make(&server, context).await,
        };
        Self {
            server,
            context,
            name,
            blank: Some(blank),
            refused: AtomicBool::new(false),
        }
    }

    /// A database that an earlier version filled, migrated to today's schema. `dump` is what `pg_dump --inserts
    /// --no-owner --no-privileges` wrote.
    pub async fn restore(context: &'static str, dump: &str) -> Self {
        let server = Postgres::from_env();
        let name = new_name(context);
        server.restore(context, &name, dump).await;
        Self {
            server,
            context,
            name,
            blank: None,
            refused: AtomicBool::new(false),
        }
    }

    /// URL of the role the application works with: rows, no DDL.
    #[must_use]
    pub fn app_url(&self) -> String {
        let role = format!("{}_app", self.context);
        self.server.url(&self.name, &role).into()
    }

    /// URL of the role that owns the database and runs migrations.
    #[must_use]
    pub fn owner_url(&self) -> String {
        let role = format!("{}_owner", self.context);
        self.server.url(&self.name, &role).into()
    }

    /// Ends every connection and lets nobody but a superuser in, or lets people in again.
    pub async fn refuse(&self, refuse: bool) {
        self.refused.store(true, Ordering::Relaxed);
        let mut admin = self.server.connect().await;
        let limit = if refuse { 0 } else { -1 };
        let limited = format!("ALTER DATABASE {} CONNECTION LIMIT {limit}", self.name);
        run(&mut admin, &limited).await;
        let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1";
        sqlx::query(ended)
            .bind(&self.name)
            .execute(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
    }

    /// A new pool of the application's role, of up to 20 connections.
    #[must_use]
    pub fn pool(&self) -> PgPool {
        pool(&self.app_url())
    }

    /// A new pool of the owner's role, for what a test does behind the application's back.
    #[must_use]
    pub fn owner_pool(&self) -> PgPool {
        pool(&self.owner_url())
    }
}

pub(crate) fn new_name(context: &str) -> String {
    format!("test_{context}_{}", Uuid::new_v4().simple())
}

async fn make(server: &Postgres, context: &'static str) -> Empty {
    let template = server.template(context).await;
    let name = new_name(context);
    let mut admin = server.connect().await;
    server
        .make_database(&mut admin, context, &name, &template)
        .await;
    admin.close().await.unwrap();
    let mut inside = server.connect_to(&name).await;
    let blank = Blank::of(&mut inside).await.unwrap();
    inside.close().await.unwrap();
    Empty { name, blank }
}

fn pool(url: &str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(20)
        .connect_lazy(url)
        .unwrap()
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let failed = std::thread::panicking() || self.refused.load(Ordering::Relaxed);
        let (done, awaited) = channel();
        let ended = Ended {
            server: self.server.clone(),
            context: self.context,
            name: self.name.clone(),
            blank: self.blank.take().filter(|_| !failed),
        };
        // Best effort: the test's verdict must not depend on it.
        let _ = CLEANER.send((ended, done));
        let _ = awaited.recv();
    }
}

/// A database that its test is done with.
struct Ended {
    server: Postgres,
    context: &'static str,
    name: String,
    blank: Option<Blank>,
}

/// On a thread of its own, since dropping is synchronous and the test's runtime may be going down; one for all, so that
/// its connection can stay. The sender beside a database is dropped when it has been seen to.
static CLEANER: LazyLock<Sender<(Ended, Sender<()>)>> = LazyLock::new(|| {
    let (sender, all) = channel::<(Ended, Sender<()>)>();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut admin = None;
        for (ended, _done) in all {
            if runtime.block_on(end(&mut admin, ended)).is_err() {
                admin = None;
            }
        }
    });
    sender
});

/// Hands the database on when it can be made as it was, and drops it otherwise.
async fn end(admin: &mut Option<PgConnection>, mut ended: Ended) -> sqlx::Result<()> {
    let admin = match admin {
        Some(open) => open,
        None => admin.insert(ended.server.try_connect().await?),
    };
    if let Some(mut blank) = ended.blank
        && let Ok(true) = recycle(
            admin,
            &ended.server,
            ended.context,
            &mut ended.name,
            &mut blank,
        )
        .await
    {
        let mut empty = EMPTY.lock().unwrap_or_else(PoisonError::into_inner);
        empty.entry(ended.context).or_default().push(Empty {
            name: ended.name,
            blank,
        });
        return Ok(());
    }
    let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", ended.name);
    sqlx::raw_sql(AssertSqlSafe(drop_it)).execute(admin).await?;
    Ok(())
}
