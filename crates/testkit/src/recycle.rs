//! Making a database that a test has used as it was before.

use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::{database::new_name, server::Postgres};

/// More than this many bytes of rows are not deleted one by one.
const MOST_BYTES: i64 = 4 << 20;

/// How long the sessions of a test that has ended may take to end.
const SESSIONS_END_WITHIN: Duration = Duration::from_secs(5);

/// The tables that have rows, or had.
const USED: &str = "select c.oid::regclass::text from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> '_sqlx_migrations' and pg_relation_size(c.oid) > 0
    order by 1";

const BYTES: &str = "select sum(pg_relation_size(oid))::bigint from pg_class where relnamespace = 'public'::regnamespace";

/// Ids begin where they did.
const RESTART: &str =
    "select setval(format('%I.%I', schemaname, sequencename)::regclass, start_value, false)
    from pg_sequences where last_value is not null;";

/// The last transaction that changed the schema.
const SCHEMA: &str = "select greatest(
    (select max(xmin::text::bigint) from pg_class), (select max(xmin::text::bigint) from pg_attribute),
    (select max(xmin::text::bigint) from pg_constraint), (select max(xmin::text::bigint) from pg_index),
    (select max(xmin::text::bigint) from pg_trigger), (select max(xmin::text::bigint) from pg_proc),
    (select max(xmin::text::bigint) from pg_type), (select max(xmin::text::bigint) from pg_namespace),
    (select max(xmin::text::bigint) from pg_default_acl))";

/// How many sessions have been in a database, of those that have ended.
const SESSIONS: &str =
    "select coalesce(sum(sessions), 0)::bigint from pg_stat_database where datname = $1";

/// What a database is like that nobody has used.
#[derive(Debug)]
pub(crate) struct Blank {
    /// Those that have been in it when nobody has used it: the ones that looked at it and emptied it.
    sessions: i64,
    schema: i64,
    /// Tables to which the migrations gave rows, and the rows as JSON.
    rows: Vec<(String, String)>,
}

impl Blank {
    /// Of a database in which there is no session but this one, and none has been.
    pub(crate) async fn of(inside: &mut PgConnection) -> sqlx::Result<Self> {
        let schema = sqlx::query_scalar(SCHEMA).fetch_one(&mut *inside).await?;
        let tables: Vec<String> = sqlx::query_scalar(USED).fetch_all(&mut *inside).await?;
        let mut rows = Vec::new();
        for table in tables {
            let read = format!("select json_agg(t)::text from {table} t");
            let read = sqlx::query_scalar(AssertSqlSafe(read));
            if let Some(json) = read.fetch_one(&mut *inside).await? {
                rows.push((table, json));
            }
        }
        Ok(Self {
            sessions: 1,
            schema,
            rows,
        })
    }
}

/// Renames the database, so that what is left of the test that had it finds it no more, and empties it. False when
/// that is not possible: its schema was changed, or it holds too much.
pub(crate) async fn recycle(
    admin: &mut PgConnection,
    server: &Postgres,
    context: &str,
    name: &mut String,
    blank: &mut Blank,
) -> sqlx::Result<bool> {
    let other = new_name(context);
    let rename = format!("ALTER DATABASE {name} RENAME TO {other}");
    end_sessions(admin, name).await?;
    sqlx::raw_sql(AssertSqlSafe(rename))
        .execute(&mut *admin)
        .await?;
    *name = other;
    let sessions: i64 = sqlx::query_scalar(SESSIONS)
        .bind(&*name)
        .fetch_one(admin)
        .await?;
    if sessions == blank.sessions {
        return Ok(true);
    }
    let mut inside = server.connect_to(name).await;
    let emptied = empty(&mut inside, blank).await?;
    inside.close().await?;
    blank.sessions = sessions + 1;
    Ok(emptied)
}

/// Postgres itself would look only ten times a second whether they have ended.
async fn end_sessions(admin: &mut PgConnection, name: &str) -> sqlx::Result<()> {
    let end = "select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = $1";
    let begin = Instant::now();
    loop {
        let left: i64 = sqlx::query_scalar(end)
            .bind(name)
            .fetch_one(&mut *admin)
            .await?;
        if left == 0 || begin.elapsed() > SESSIONS_END_WITHIN {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn empty(inside: &mut PgConnection, blank: &Blank) -> sqlx::Result<bool> {
    let schema: i64 = sqlx::query_scalar(SCHEMA).fetch_one(&mut *inside).await?;
    let bytes: i64 = sqlx::query_scalar(BYTES).fetch_one(&mut *inside).await?;
    if schema != blank.schema || bytes > MOST_BYTES {
        return Ok(false);
    }
    let used: Vec<String> = sqlx::query_scalar(USED).fetch_all(&mut *inside).await?;
    let deletes = used.iter().map(|table| format!("delete from {table};"));
    let inserts = blank.rows.iter().map(|(table, rows)| {
        let rows = rows.replace('\'', "''");
        format!("insert into {table} overriding system value select * from json_populate_recordset(null::{table}, '{rows}');")
    });
    // Neither foreign keys nor what refuses to change an append-only table is asked.
    let script = format!(
        "begin; set local session_replication_role = replica; {} {RESTART} {} commit;",
        deletes.collect::<String>(),
        inserts.collect::<String>()
    );
    sqlx::raw_sql(AssertSqlSafe(script)).execute(inside).await?;
    Ok(true)
}
