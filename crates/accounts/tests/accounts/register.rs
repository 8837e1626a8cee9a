//! Names are given once, to the first.

use std::sync::Arc;

use datacrowd_accounts::{BootstrapError, NewUser, RegisterError, Role, UserStatus};
use tokio::task::JoinSet;

use crate::support::{Bench, PASSWORD, new_user};

#[tokio::test]
async fn who_registers_is_an_active_worker() {
    let bench = Bench::new().await;
    let wanda = bench.register("Wanda").await;
    assert_eq!(
        (wanda.role, wanda.status),
        (Role::Worker, UserStatus::Active)
    );
    let found = bench.accounts.find_username("wANDA").await.unwrap();
    assert_eq!(found.as_ref(), Some(&wanda));
    assert_eq!(
        bench.accounts.find_user(wanda.id).await.unwrap(),
        Some(wanda.clone())
    );
    assert_eq!(bench.events(&wanda).await, ["user.registered"]);
}

#[tokio::test]
async fn of_sixteen_who_want_one_name_at_once_one_gets_it() {
    let bench = Bench::new().await;
    let mut set = JoinSet::new();
    for i in 0..16 {
        let accounts = Arc::clone(&bench.accounts);
        let spelling = if i % 2 == 0 { "wanda" } else { "Wanda" };
        set.spawn(async move {
            let mut user = new_user(spelling);
            user.email = format!("w{i}@example.com");
            accounts.register(user).await
        });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    let refused = |o: &&Result<_, _>| matches!(o, Err(RegisterError::UsernameTaken));
    assert_eq!(outcomes.iter().filter(refused).count(), 15);
    assert_eq!(
        bench
            .accounts
            .list_users(None, 50)
            .await
            .unwrap()
            .items
            .len(),
        1
    );
}

#[tokio::test]
async fn an_address_has_one_account_however_it_is_spelled() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    let again = NewUser {
        email: "WANDA@example.com".into(),
        ..new_user("wendy")
    };
    let refused = bench.accounts.register(again).await;
    assert!(matches!(refused, Err(RegisterError::EmailTaken)));
}

#[tokio::test]
async fn every_unacceptable_member_is_named() {
    let bench = Bench::new().await;
    let refused = bench
        .accounts
        .register(NewUser {
            email: "nowhere".into(),
            username: "w@".into(),
            password: "password".into(),
        })
        .await;
    let Err(RegisterError::Invalid(fields)) = refused else {
        panic!("{refused:?}");
    };
    let names: Vec<_> = fields.iter().map(|f| f.field).collect();
    assert_eq!(names, ["email", "username", "password"]);
}

#[tokio::test]
async fn the_first_administrator_is_made_once_also_by_many_replicas() {
    let bench = Bench::new().await;
    let mut set = JoinSet::new();
    for _ in 0..8 {
        let accounts = Arc::clone(&bench.accounts);
        set.spawn(async move {
            accounts
                .ensure_admin("ada", "ada@example.com", PASSWORD)
                .await
        });
    }
    assert!(set.join_all().await.iter().all(Result::is_ok));
    let users = bench.accounts.list_users(None, 50).await.unwrap().items;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].role, Role::Admin);
}

#[tokio::test]
async fn nobody_becomes_administrator_by_registering_its_name_first() {
    let bench = Bench::new().await;
    let thief = bench.register("admin").await;
    let outcome = bench
        .accounts
        .ensure_admin("admin", "root@example.com", PASSWORD)
        .await;
    assert!(matches!(outcome, Err(BootstrapError::Taken)));
    let thief = bench.accounts.find_user(thief.id).await.unwrap().unwrap();
    assert_eq!(thief.role, Role::Worker);
}

#[tokio::test]
async fn a_list_is_read_in_pages_without_gap_or_repeat() {
    let bench = Bench::new().await;
    for name in ["anna", "bert", "carl", "dora", "emil"] {
        bench.register(name).await;
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = bench.accounts.list_users(cursor, 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|u| u.username));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["anna", "bert", "carl", "dora", "emil"]);
}

#[tokio::test]
async fn what_happened_cannot_be_rewritten_by_the_application() {
    let bench = Bench::new().await;
    bench.register("wanda").await;
    for change in [
        "UPDATE events SET kind = 'user.other'",
        "DELETE FROM events",
        "DELETE FROM audit",
    ] {
        let refused = sqlx::query(change).execute(&bench.database.pool()).await;
        assert!(
            refused.unwrap_err().to_string().contains("append-only"),
            "{change}"
        );
    }
}
