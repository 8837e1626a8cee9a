//! Whether what the last release asks of the databases still works on today's schema: during a rollout, and
//! after a rollback, it does ask. `migrations/previous_release.json` is what it asks; `migrations/README.md` says when it is
//! written anew.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
};

use datacrowd_testkit::TestDatabase;
use serde::{Deserialize, Serialize};
use sqlx::{AssertSqlSafe, Column as _, Either, Executor, PgPool, Statement as _, TypeInfo as _};

/// Set, the file is written instead of compared.
const KEEP: &str = "KEEP_SCHEMA";
/// Each database, and the crates that ask it.
const CONTEXTS: [(&str, &[&str]); 4] = [
    ("auth", &["accounts", "idempotency"]),
    ("core", &["labelling", "idempotency", "outbox"]),
    ("payments", &["billing", "outbox"]),
    ("notifications", &["notifications"]),
];

#[derive(Debug, Serialize, Deserialize)]
struct Schema {
    /// Checksum of each migration.
    migrations: BTreeMap<i64, String>,
    /// By table and name.
    columns: BTreeMap<String, BTreeMap<String, Column>>,
    /// What each query takes and gives.
    queries: BTreeMap<String, Types>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Column {
    /// Neither `NOT NULL` nor a `CHECK` that says as much.
    nullable: bool,
    /// Has a default.
    filled: bool,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Types {
    takes: Vec<String>,
    gives: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The queries of crates, as the compiler knows them.
pub fn queries(names: &[&str]) -> BTreeSet<String> {
    let files = names.iter().flat_map(|name| {
        let folder = root().join("crates").join(name).join(".sqlx");
        fs::read_dir(folder).unwrap()
    });
    let query = |file: fs::DirEntry| -> String {
        let text = fs::read_to_string(file.path()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        json["query"].as_str().unwrap().to_owned()
    };
    files.map(|file| query(file.unwrap())).collect()
}

async fn types(pool: &PgPool, query: &str) -> Result<Types, sqlx::Error> {
    let sql = AssertSqlSafe(query.to_owned());
    let statement = pool.prepare(sqlx::SqlSafeStr::into_sql_str(sql)).await?;
    let takes = match statement.parameters() {
        Some(Either::Left(types)) => types.iter().map(|t| t.name().to_owned()).collect(),
        other => panic!("Postgres tells the types of parameters, not {other:?}"),
    };
    let gives = statement.columns().iter();
    let gives = gives.map(|c| format!("{} {}", c.name(), c.type_info().name()));
    Ok(Types {
        takes,
        gives: gives.collect(),
    })
}

/// What today's release asks of a database that today's migrations made.
async fn today(pool: &PgPool, queries: BTreeSet<String>) -> Schema {
    let migrations: Vec<(i64, String)> =
        sqlx::query_as("select version, encode(checksum, 'hex') from _sqlx_migrations")
            .fetch_all(pool)
            .await
            .unwrap();
    let found: Vec<(String, String, bool, bool)> = sqlx::query_as(
        "select table_name::text, column_name::text,
                is_nullable = 'YES' and not exists (
                    select from pg_constraint
                    where conrelid = quote_ident(table_name)::regclass
                      and pg_get_constraintdef(oid) like 'CHECK ((' || quote_ident(column_name) || ' IS NOT NULL))%'),
                column_default is not null or is_identity = 'YES' or is_generated = 'ALWAYS'
         from information_schema.columns
         where table_schema = 'public' and table_name <> '_sqlx_migrations'",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    let mut columns = BTreeMap::<_, BTreeMap<_, _>>::new();
    for (table, name, nullable, filled) in found {
        let of = columns.entry(table).or_default();
        of.insert(name, Column { nullable, filled });
    }
    let mut known = BTreeMap::new();
    for query in queries {
        let types = types(pool, &query).await.unwrap();
        known.insert(query, types);
    }
    Schema {
        migrations: migrations.into_iter().collect(),
        columns,
        queries: known,
    }
}

/// Why what the release `previous` asks would fail on the schema of `now`.
async fn breaches(pool: &PgPool, previous: &Schema, now: &Schema) -> Vec<String> {
    let mut found = Vec::new();
    for (version, checksum) in &previous.migrations {
        if now.migrations.get(version) != Some(checksum) {
            found.push(format!("migration {version} was edited or is gone"));
        }
    }
    for (query, then) in &previous.queries {
        match types(pool, query).await {
            Ok(now) if now == *then => {}
            Ok(now) => found.push(format!("{query}: was {then:?}, is {now:?}")),
            Err(error) => found.push(format!("{query}: {error}")),
        }
    }
    for (table, then) in &previous.columns {
        for (name, column) in now.columns.get(table).into_iter().flatten() {
            let problem = match then.get(name) {
                None if !column.nullable && !column.filled => "is new, and old code gives no value",
                Some(then) if then.nullable && !column.nullable => "takes no null any more",
                Some(then) if !then.nullable && column.nullable => {
                    "may be null now, which old code cannot read"
                }
                Some(then) if then.filled && !column.filled => "has lost its default",
                _ => continue,
            };
            found.push(format!("{table}.{name} {problem}"));
        }
    }
    found
}

#[tokio::test]
async fn what_the_last_release_asks_works_on_this_schema() {
    let path = root().join("migrations/previous_release.json");
    let mut all = BTreeMap::new();
    let mut pools = BTreeMap::new();
    for (context, names) in CONTEXTS {
        let database = TestDatabase::create(context).await;
        let pool = database.owner_pool();
        all.insert(context.to_owned(), today(&pool, queries(names)).await);
        pools.insert(context, (database, pool));
    }
    if env::var_os(KEEP).is_some() {
        let text = serde_json::to_string_pretty(&all).unwrap() + "\n";
        fs::write(&path, text).unwrap();
        return;
    }
    let previous: BTreeMap<String, Schema> =
        serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    for (context, (_database, pool)) in &pools {
        // The last release asks nothing of a database that it does not know.
        let Some(asked) = previous.get(*context) else {
            continue;
        };
        let found = breaches(pool, asked, &all[*context]).await;
        assert!(
            found.is_empty(),
            "{context}: the last release cannot work on this schema; migrations/README.md says how to expand, then contract:\n{}",
            found.join("\n")
        );
    }
}

#[tokio::test]
async fn what_would_break_the_last_release_is_found() {
    let database = TestDatabase::create("auth").await;
    let pool = database.owner_pool();
    let previous = today(&pool, queries(&["accounts"])).await;
    assert!(
        previous.queries.len() > 10 && previous.columns.len() > 3,
        "{previous:#?}"
    );
    assert_eq!(breaches(&pool, &previous, &previous).await, [""; 0]);
    for (change, complaint) in [
        (
            "alter table users rename column username to name",
            "does not exist",
        ),
        (
            "alter table users add column shoe_size int not null",
            "users.shoe_size is new",
        ),
        (
            "alter table users alter column email drop not null",
            "users.email may be null",
        ),
        (
            "alter table audit alter column actor set not null",
            "audit.actor takes no null",
        ),
        (
            "update _sqlx_migrations set checksum = '' where version = 1",
            "migration 1 was edited",
        ),
        (
            "alter table users alter column username type varchar(99)",
            "was Types",
        ),
    ] {
        let database = TestDatabase::create("auth").await;
        let pool = database.owner_pool();
        sqlx::raw_sql(change).execute(&pool).await.unwrap();
        let now = today(&pool, BTreeSet::new()).await;
        let found = breaches(&pool, &previous, &now).await;
        assert!(
            found.iter().any(|f| f.contains(complaint)),
            "{change}: {found:#?}"
        );
    }
}
