//! What a test's database promises: it is fresh, migrated, and its roles have production's rights.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use datacrowd_testkit::TestDatabase;
use sqlx::{Connection, PgConnection};

/// The SQLSTATE of a refusal.
async fn refusal(pool: &sqlx::PgPool, sql: &'static str) -> String {
    let error = sqlx::query(sql).execute(pool).await.expect_err(sql);
    error.as_database_error().unwrap().code().unwrap().into()
}

const INSUFFICIENT_PRIVILEGE: &str = "42501";

#[tokio::test]
async fn the_application_changes_rows_and_nothing_else() {
    let database = TestDatabase::create("auth").await;
    let pool = database.pool();
    sqlx::query("DELETE FROM users")
        .execute(&pool)
        .await
        .unwrap();
    for ddl in [
        "CREATE TABLE mine (id int)",
        "CREATE TEMP TABLE mine (id int)",
        "ALTER TABLE users ADD COLUMN mine int",
        "DROP TABLE users",
        "TRUNCATE users CASCADE",
    ] {
        assert_eq!(refusal(&pool, ddl).await, INSUFFICIENT_PRIVILEGE, "{ddl}");
    }
}

#[tokio::test]
async fn the_owner_migrates() {
    let database = TestDatabase::create("auth").await;
    sqlx::query("CREATE TABLE later (id int)")
        .execute(&database.owner_pool())
        .await
        .unwrap();
    // What a migration makes is the application's without a GRANT.
    sqlx::query("INSERT INTO later VALUES (1)")
        .execute(&database.pool())
        .await
        .unwrap();
}

#[tokio::test]
async fn many_at_once_are_strangers_to_each_other() {
    let tasks: Vec<_> = (0..8)
        .map(|_| tokio::spawn(TestDatabase::create("auth")))
        .collect();
    let mut databases = Vec::new();
    for task in tasks {
        databases.push(task.await.unwrap());
    }
    for database in &databases {
        sqlx::query("CREATE TABLE mark (id int)")
            .execute(&database.owner_pool())
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn it_is_gone_when_the_test_is_over() {
    let database = TestDatabase::create("auth").await;
    let pool = database.pool();
    sqlx::query("SELECT 1").execute(&pool).await.unwrap();
    let url = database.app_url();
    drop(database);
    assert!(PgConnection::connect(&url).await.is_err());
}

#[tokio::test]
async fn strangers_do_not_connect() {
    let database = TestDatabase::create("auth").await;
    let name = database.app_url().rsplit('/').next().unwrap().to_owned();
    let owner = database.owner_pool();
    let may: bool = sqlx::query_scalar("SELECT has_database_privilege('public', $1, 'CONNECT')")
        .bind(name)
        .fetch_one(&owner)
        .await
        .unwrap();
    assert!(!may);
}

#[tokio::test]
async fn the_next_test_finds_nothing_of_this_one() {
    let mark = "INSERT INTO users (id, email, username, password_hash, created_at, updated_at)
                VALUES (gen_random_uuid(), 'a@b.example', 'anna', '$argon2id$', now(), now())";
    for _ in 0..3 {
        let database = TestDatabase::create("auth").await;
        let pool = database.pool();
        let users: i64 = sqlx::query_scalar("SELECT count(*) FROM users")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(users, 0);
        sqlx::query(mark).execute(&pool).await.unwrap();
    }
    // One whose schema was changed goes to nobody.
    let changed = TestDatabase::create("auth").await;
    sqlx::query("CREATE TABLE later (id int)")
        .execute(&changed.owner_pool())
        .await
        .unwrap();
    drop(changed);
    for _ in 0..3 {
        let database = TestDatabase::create("auth").await;
        let later: bool = sqlx::query_scalar("SELECT to_regclass('later') IS NOT NULL")
            .fetch_one(&database.pool())
            .await
            .unwrap();
        assert!(!later);
    }
}
