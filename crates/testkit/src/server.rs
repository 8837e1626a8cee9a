//! The test server: its superuser's connection, the contexts' roles, and one migrated template per
//! state of a migrations folder.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, migrate::Migrator};
use url::Url;

/// Password of the contexts' roles on the test server; `dev/test/services` gives them the same.
const PASSWORD: &str = "test";

/// Serializes whoever makes roles and templates. Advisory locks belong to one database: everyone
/// takes it in the superuser's.
const LOCK: i64 = 0x0064_6362_7465_7374;

/// A Postgres server on which tests may make and drop databases.
#[derive(Debug, Clone)]
pub struct Postgres {
    admin: Url,
}

impl Postgres {
    /// The server of `TEST_DATABASE_ADMIN_URL`, a superuser's URL.
    #[must_use]
    pub fn from_env() -> Self {
        let url = env::var("TEST_DATABASE_ADMIN_URL").unwrap_or_else(|_| {
            panic!(
                "TEST_DATABASE_ADMIN_URL is not set: run `dev/test/services start` and source the file it names"
            )
        });
        let admin = url
            .parse()
            .unwrap_or_else(|e| panic!("TEST_DATABASE_ADMIN_URL is no URL ({e}): {url}"));
        Self { admin }
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        open(&self.admin).await
    }

    pub(crate) async fn try_connect(&self) -> sqlx::Result<PgConnection> {
        try_open(&self.admin).await
    }

    /// The superuser's connection to one database.
    pub(crate) async fn connect_to(&self, database: &str) -> PgConnection {
        let mut inside = self.admin.clone();
        inside.set_path(database);
        open(&inside).await
    }

    /// URL of `database` as `role`, one of `<context>_owner` and `<context>_app`.
    pub(crate) fn url(&self, database: &str, role: &str) -> Url {
        let mut url = self.admin.clone();
        url.set_username(role).unwrap();
        url.set_password(Some(PASSWORD)).unwrap();
        url.set_path(database);
        url
    }

    /// The name of the template of this context's migrations, made if nobody has yet.
    pub(crate) async fn template(&self, context: &str) -> String {
        let folder = migrations(context);
        let name = format!("template_{context}_{}", digest(&folder));
        let mut admin = self.connect().await;
        if !self.is_template(&mut admin, &name).await {
            run(&mut admin, &format!("SELECT pg_advisory_lock({LOCK})")).await;
            if !self.is_template(&mut admin, &name).await {
                self.make_template(&mut admin, context, &name, &folder)
                    .await;
            }
        }
        // Ending the session releases the lock.
        admin.close().await.unwrap();
        name
    }

    async fn is_template(&self, admin: &mut PgConnection, name: &str) -> bool {
        sqlx::query_scalar(
            "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1 AND datistemplate)",
        )
        .bind(name)
        .fetch_one(admin)
        .await
        .unwrap()
    }

    /// The mark `IS_TEMPLATE` comes last: a database without it is what an interrupted run left.
    async fn make_template(
        &self,
        admin: &mut PgConnection,
        context: &str,
        name: &str,
        folder: &Path,
    ) {
        self.make_roles(admin, context).await;
        run(
            admin,
            &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
        )
        .await;
        self.make_database(admin, context, name, "template0").await;
        self.grant(context, name).await;
        self.migrate(context, name, folder).await;
        run(admin, &format!("ALTER DATABASE {name} IS_TEMPLATE true")).await;
    }

    /// Gives the application's role its rights on what the owner will create.
    async fn grant(&self, context: &str, name: &str) {
        let mut inside = self.connect_to(name).await;
        for statement in rights(context) {
            run(&mut inside, &statement).await;
        }
        inside.close().await.unwrap();
    }

    /// Applies the context's migrations, as its owner, that `name` does not have yet.
    async fn migrate(&self, context: &str, name: &str, folder: &Path) {
        let mut owner = open(&self.url(name, &format!("{context}_owner"))).await;
        let migrator = Migrator::new(folder.to_owned()).await.unwrap();
        migrator
            .run_direct(None, &mut owner, false)
            .await
            .unwrap_or_else(|e| panic!("migrating {}: {e}", folder.display()));
        owner.close().await.unwrap();
    }

    /// A database that holds what `dump` says, a plain dump of an earlier version, and is migrated to today's schema.
    pub(crate) async fn restore(&self, context: &str, name: &str, dump: &str) {
        // The roles are made with the template.
        self.template(context).await;
        let mut admin = self.connect().await;
        self.make_database(&mut admin, context, name, "template0")
            .await;
        admin.close().await.unwrap();
        self.grant(context, name).await;
        let mut owner = open(&self.url(name, &format!("{context}_owner"))).await;
        run(&mut owner, &statements(dump)).await;
        owner.close().await.unwrap();
        self.migrate(context, name, &migrations(context)).await;
    }

    async fn make_roles(&self, admin: &mut PgConnection, context: &str) {
        for role in [format!("{context}_owner"), format!("{context}_app")] {
            let known: bool =
                sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
                    .bind(&role)
                    .fetch_one(&mut *admin)
                    .await
                    .unwrap();
            if !known {
                run(
                    admin,
                    &format!(
                        "CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD '{PASSWORD}'"
                    ),
                )
                .await;
            }
        }
    }

    pub(crate) async fn make_database(
        &self,
        admin: &mut PgConnection,
        context: &str,
        name: &str,
        template: &str,
    ) {
        for statement in [
            // Copied as files: through the log, which nothing needs here, it takes half as long again.
            format!(
                "CREATE DATABASE {name} OWNER {context}_owner TEMPLATE {template} STRATEGY FILE_COPY"
            ),
            // PUBLIC may connect and make temporary tables unless it is told otherwise; a copy
            // does not inherit this from its template.
            format!("REVOKE ALL ON DATABASE {name} FROM PUBLIC"),
            format!("GRANT CONNECT ON DATABASE {name} TO {context}_app"),
        ] {
            run(admin, &statement).await;
        }
    }
}

/// What an application role may do in its database, as in production: rows and sequences, no DDL.
fn rights(context: &str) -> [String; 4] {
    let by_default =
        format!("ALTER DEFAULT PRIVILEGES FOR ROLE {context}_owner IN SCHEMA public GRANT");
    [
        "REVOKE ALL ON SCHEMA public FROM PUBLIC".to_owned(),
        format!("GRANT USAGE ON SCHEMA public TO {context}_app"),
        format!("{by_default} SELECT, INSERT, UPDATE, DELETE ON TABLES TO {context}_app"),
        format!("{by_default} USAGE ON SEQUENCES TO {context}_app"),
    ]
}

/// A dump without what only psql reads, and without the schema that every database has.
fn statements(dump: &str) -> String {
    let read = |line: &&str| {
        !line.starts_with('\\')
            && !line.starts_with("CREATE SCHEMA public")
            && !line.starts_with("COMMENT ON SCHEMA")
    };
    dump.lines()
        .filter(read)
        .flat_map(|line| [line, "\n"])
        .collect()
}

async fn try_open(url: &Url) -> sqlx::Result<PgConnection> {
    let options = sqlx::postgres::PgConnectOptions::from_url(url)?;
    PgConnection::connect_with(&options.disable_statement_logging()).await
}

async fn open(url: &Url) -> PgConnection {
    try_open(url).await.unwrap_or_else(|e| {
        panic!(
            "cannot reach the test server at {}:{}, is `dev/test/services start` running? {e}",
            url.host_str().unwrap_or("?"),
            url.port().unwrap_or(5432),
        )
    })
}

/// DDL takes no parameters; names come from contexts, digests and random UUIDs only.
pub(crate) async fn run(connection: &mut PgConnection, statement: &str) {
    sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
        .execute(connection)
        .await
        .unwrap_or_else(|e| panic!("{statement}: {e}"));
}

fn migrations(context: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../migrations")
        .join(context);
    folder.canonicalize().unwrap_or_else(|e| {
        panic!(
            "no migrations of \"{context}\" at {}: {e}",
            folder.display()
        )
    })
}

/// A digest over names and contents of a migrations folder.
fn digest(folder: &Path) -> String {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "sql"))
        .collect();
    files.sort();
    let mut hasher = Sha256::new();
    // The rights are part of the template.
    hasher.update(rights("x").concat());
    for file in files {
        let content = fs::read(&file).unwrap();
        hasher.update(file.file_name().unwrap().as_encoded_bytes());
        hasher.update(content.len().to_le_bytes());
        hasher.update(content);
    }
    hex::encode(&hasher.finalize()[..6])
}
