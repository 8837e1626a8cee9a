//! Names are given once, to the first.

use std::sync::Arc;

use chrono::TimeDelta;
use datacrowd_accounts::{
    BootstrapError, Keyed, NewUser, Origin, RegisterError, Registered, Role, UserStatus,
};
use datacrowd_idempotency::{Key, KeyState, Once, RequestDigest, StoredAnswer};
use serde_json::json;
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
        let now = bench.now();
        set.spawn(async move {
            let mut user = new_user(spelling);
            user.email = format!("w{i}@example.com");
            accounts
                .register(user, None, &Origin::default(), None, now)
                .await
        });
    }
    let outcomes = set.join_all().await;
    assert_eq!(outcomes.iter().filter(|o| o.is_ok()).count(), 1);
    let refused = |o: &&Result<_, _>| matches!(o, Err(RegisterError::UsernameTaken));
    assert_eq!(outcomes.iter().filter(refused).count(), 15);
    assert_eq!(
        bench
            .accounts
            .list_users(None, None, 50)
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
    let joerg = NewUser {
        email: "jo\u{308}rg@b\u{fc}cher.example".into(),
        ..new_user("joerg")
    };
    let joerg = bench.add(joerg).await.unwrap();
    assert_eq!(joerg.email, "j\u{f6}rg@b\u{fc}cher.example");
    for spelling in [
        "WANDA@example.com",
        "wanda@EXAMPLE\u{3002}com",
        "J\u{f6}rg@xn--bcher-kva.example",
        "jo\u{308}rg@bu\u{308}cher.example",
    ] {
        let again = NewUser {
            email: spelling.into(),
            ..new_user("wendy")
        };
        let refused = bench.add(again).await;
        assert!(
            matches!(refused, Err(RegisterError::EmailTaken)),
            "{spelling}"
        );
    }
}

#[tokio::test]
async fn addresses_of_before_get_their_form_and_of_two_that_are_one_the_older_has_it() {
    let bench = Bench::new().await;
    let wanda = bench.register("wanda").await;
    let mut twins = Vec::new();
    for name in ["older", "younger"] {
        twins.push(bench.register(name).await);
    }
    // As the release before let them in.
    for (user, email) in [
        (&twins[0], "w@b\u{fc}cher.example"),
        (&twins[1], "w@xn--bcher-kva.example"),
        (&wanda, "wan\u{200b}da@example.com"),
    ] {
        sqlx::query("UPDATE users SET email = $2, email_key = NULL WHERE id = $1")
            .bind(user.id.0)
            .bind(email)
            .execute(&bench.database.pool())
            .await
            .unwrap();
    }
    let pass = bench.accounts.key_emails().await.unwrap();
    let left = vec![wanda.id, twins[1].id];
    assert_eq!(
        pass,
        Keyed {
            keyed: 1,
            left: left.clone()
        }
    );
    let again = bench.accounts.key_emails().await.unwrap();
    assert_eq!(again, Keyed { keyed: 0, left });
    for (login, whose) in [
        ("w@b\u{fc}cher.example", &twins[0]),
        ("W@BU\u{308}CHER.example", &twins[0]),
        ("w@xn--bcher-kva.example", &twins[1]),
        ("wan\u{200b}da@example.com", &wanda),
    ] {
        assert_eq!(bench.sign_in(login).await.user_id, whose.id, "{login}");
    }
}

#[tokio::test]
async fn every_unacceptable_member_is_named() {
    let bench = Bench::new().await;
    let new = NewUser {
        email: "nowhere".into(),
        username: "w@".into(),
        password: "password".into(),
    };
    let refused = bench.add(new).await;
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
        let now = bench.now();
        set.spawn(async move {
            accounts
                .ensure_admin("ada", "ada@example.com", PASSWORD, now)
                .await
        });
    }
    assert!(set.join_all().await.iter().all(Result::is_ok));
    let users = bench
        .accounts
        .list_users(None, None, 50)
        .await
        .unwrap()
        .items;
    assert_eq!(users.len(), 1);
    assert_eq!(users[0].role, Role::Admin);
}

#[tokio::test]
async fn nobody_becomes_administrator_by_registering_its_name_first() {
    let bench = Bench::new().await;
    let thief = bench.register("admin").await;
    let outcome = bench
        .accounts
        .ensure_admin("admin", "root@example.com", PASSWORD, bench.now())
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
        let page = bench.accounts.list_users(None, cursor, 2).await.unwrap();
        seen.extend(page.items.into_iter().map(|u| u.username));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["anna", "bert", "carl", "dora", "emil"]);
}

#[tokio::test]
async fn people_are_found_by_a_part_of_name_or_address() {
    let bench = Bench::new().await;
    for name in ["Anna_K", "bert", "anders"] {
        bench.register(name).await;
    }
    let found = async |search: &str, limit| {
        let page = bench.accounts.list_users(Some(search), None, limit).await;
        let page = page.unwrap();
        let names: Vec<_> = page.items.into_iter().map(|user| user.username).collect();
        (names, page.next.is_some())
    };
    assert_eq!(
        found("AN", 50).await,
        (vec!["Anna_K".into(), "anders".into()], false)
    );
    assert_eq!(found("an", 1).await, (vec!["Anna_K".into()], true));
    assert_eq!(found("bert@", 50).await, (vec!["bert".into()], false));
    // Neither is a pattern.
    assert_eq!(found("%", 50).await.0, Vec::<String>::new());
    assert_eq!(found("a_k", 50).await.0, ["Anna_K"]);
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

#[tokio::test]
async fn a_registration_and_its_answer_are_stored_together_or_not_at_all() {
    let bench = Bench::new().await;
    let (keys, now) = (bench.accounts.idempotency(), bench.now());
    let request = RequestDigest([7; 32]);
    let answer = |registered: &Registered| StoredAnswer {
        status: 201,
        headers: json!({}),
        body: registered.user.username.clone().into_bytes(),
    };
    let register = async |key: Key| {
        let fresh = keys.begin(key, request, now).await.unwrap();
        assert_eq!(fresh, KeyState::Fresh);
        let once = Once::new(key, &answer);
        let (new, origin) = (new_user("wanda"), Origin::default());
        let registered = bench
            .accounts
            .register(new, None, &origin, Some(&once), now);
        registered.await
    };
    let (first, second) = (Key([1; 32]), Key([2; 32]));
    register(first).await.unwrap();
    // The process dies here: nobody stores the answer afterwards, and the key's lock is over.
    let later = now + TimeDelta::minutes(3);
    let KeyState::Answered(stored) = keys.begin(first, request, later).await.unwrap() else {
        panic!("a repetition is answered")
    };
    assert_eq!((stored.status, stored.body), (201, b"wanda".to_vec()));

    let refused = register(second).await;
    assert!(matches!(
        refused,
        Err(RegisterError::UsernameTaken | RegisterError::EmailTaken)
    ));
    let again = keys.begin(second, request, later).await.unwrap();
    assert_eq!(again, KeyState::Fresh, "a refusal has no answer");
}
