//! What `migrate` does to databases of other versions.

use clap::Parser;
use datacrowd_api_server::{args::Args, serve};
use datacrowd_testkit::TestDatabase;

#[tokio::test]
async fn a_release_that_went_back_accepts_the_newer_schema() {
    let (auth, core, payments) = tokio::join!(
        TestDatabase::create("auth"),
        TestDatabase::create("core"),
        TestDatabase::create("payments")
    );
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (999999, 'of the next release', true, '', 0)";
    for database in [&auth, &core, &payments] {
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
    ]);
    serve::run(args).await.unwrap();
}
