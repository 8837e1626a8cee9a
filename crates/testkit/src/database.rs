//! One test's own database.

use sqlx::{Connection, PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::server::{Postgres, run};

/// A migrated, empty database of one context. It is dropped with this value; one that a killed test
/// left goes with the throwaway server.
#[derive(Debug)]
pub struct TestDatabase {
    server: Postgres,
    context: &'static str,
    name: String,
}

impl TestDatabase {
    /// A fresh database of `context` (`auth`, `core`, `payments`) on the server of
    /// `TEST_DATABASE_ADMIN_URL`.
    pub async fn create(context: &'static str) -> Self {
        let server = Postgres::from_env();
        let template = server.template(context).await;
        let name = format!("test_{context}_{}", Uuid::new_v4().simple());
        let mut admin = server.connect().await;
        server
            .make_database(&mut admin, context, &name, &template)
            .await;
        admin.close().await.unwrap();
        Self {
            server,
            context,
            name,
        }
    }

    /// A database that an earlier version filled, migrated to today's schema. `dump` is what `pg_dump --inserts
    /// --no-owner --no-privileges` wrote.
    pub async fn restore(context: &'static str, dump: &str) -> Self {
        let server = Postgres::from_env();
        let name = format!("test_{context}_{}", Uuid::new_v4().simple());
        server.restore(context, &name, dump).await;
        Self {
            server,
            context,
            name,
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

fn pool(url: &str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(20)
        .connect_lazy(url)
        .unwrap()
}

impl Drop for TestDatabase {
    /// On a thread of its own, since dropping is synchronous and the test's runtime may be going down.
    fn drop(&mut self) {
        let server = self.server.clone();
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                run(&mut server.connect().await, &drop_it).await;
            });
        });
        // Best effort: the test's verdict must not depend on it.
        let _ = thread.join();
    }
}
