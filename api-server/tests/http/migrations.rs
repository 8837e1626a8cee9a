//! What `migrate` does to databases of other versions.

use clap::Parser;
use datacrowd_api_server::{args::Args, serve};
use datacrowd_testkit::TestDatabase;

#[tokio::test]
async fn a_release_that_went_back_accepts_the_newer_schema() {
    let (auth, core, payments, notifications) = tokio::join!(
        TestDatabase::create("auth"),
        TestDatabase::create("core"),
        TestDatabase::create("payments"),
        TestDatabase::create("notifications")
    );
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (999999, 'of the next release', true, '', 0)";
    for database in [&auth, &core, &payments, &notifications] {
        sqlx::query(newer)
            .execute(&database.owner_pool())
            .await
            .unwrap();
    }
    let args = Args::parse_from([
        "datacrowd-api-server",
        "migrate",
        "--auth-database-url",
        &auth.owner_url(),
        "--core-database-url",
        &core.owner_url(),
        "--payments-database-url",
        &payments.owner_url(),
        "--notifications-database-url",
        &notifications.owner_url(),
    ]);
    serve::run(args).await.unwrap();
}

#[tokio::test]
async fn what_goes_finds_by_an_index_what_goes_with_it() {
    let without =
        "select c.conrelid::regclass || ': ' || pg_get_constraintdef(c.oid) from pg_constraint c
                   where c.contype = 'f' and c.confdeltype = 'c' and not exists (
                       select from pg_index i
                       where i.indrelid = c.conrelid and i.indpred is null and i.indisvalid
                         and (i.indkey::int2[])[0:cardinality(c.conkey) - 1] = c.conkey)";
    for context in ["auth", "core", "payments", "notifications"] {
        let database = TestDatabase::create(context).await;
        let slow: Vec<String> = sqlx::query_scalar(without)
            .fetch_all(&database.owner_pool())
            .await
            .unwrap();
        assert!(slow.is_empty(), "{context}: index {slow:#?}");
    }
}
