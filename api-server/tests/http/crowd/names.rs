//! Names by which clients know workers: theirs alone, drawn once, and kept.

use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{exported, free, manage, page};
use crate::support::{Actor, PASSWORD, Platform, pool_of};

/// Everything that a client is told of the crowd of its project, as one text.
async fn told(p: &Platform, client: &Actor, project: &str) -> String {
    let mut all = String::new();
    for path in ["workers", "workers?limit=1", "stats"] {
        let path = format!("/projects/{project}/{path}");
        all += &manage(p, client, Method::GET, &path)
            .await
            .expect(200)
            .to_string();
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_know_workers_by_a_name_that_is_theirs_alone_and_that_nobody_computes() {
    let p = free().await;
    let (clara, carl) = (p.client("clara").await, p.client("carl").await);
    let members = json!({"reviewersPerAnswer": 0});
    let (hers, his) = (
        p.project(&clara, members.clone()).await,
        p.project(&carl, members.clone()).await,
    );
    p.loaded(&clara, &hers, 2, 2).await;
    p.loaded(&carl, &his, 2, 2).await;
    let (wanda, at_work) = p.register("wanda").await;
    let (wim, too) = p.register("wim").await;
    for project in [&hers, &his] {
        p.work(&at_work, project, 1, "1").await;
        p.work(&too, project, 1, "1").await;
    }
    let names = async |client: &Actor, project: &str| {
        let path = format!("/projects/{project}/workers");
        let list = manage(&p, client, Method::GET, &path).await.expect(200);
        let items = list["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|w| w["workerId"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let (known, elsewhere) = (names(&clara, &hers).await, names(&carl, &his).await);
    assert!(
        known.iter().all(|name| !elsewhere.contains(name)),
        "another tenant's names say nothing"
    );
    let (exported, ..) = exported(&p, &clara, &hers).await;
    for record in &exported {
        let name = record["answers"][0]["workerId"]
            .as_str()
            .unwrap()
            .to_owned();
        assert!(known.contains(&name), "exports name workers as lists do");
    }
    // Neither the account nor what can be computed from it.
    let tenant: Uuid = sqlx::query_scalar("select tenant_id from projects where id = $1::uuid")
        .bind(&hers)
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let everything = told(&p, &clara, &hers).await + &json!(exported).to_string();
    for user in [&wanda, &wim] {
        let id: Uuid = user.parse().unwrap();
        let digest =
            <sha2::Sha256 as sha2::Digest>::digest([*tenant.as_bytes(), *id.as_bytes()].concat());
        let computed = format!("w-{}", hex::encode(&digest[..8]));
        assert!(
            !everything.contains(user.as_str()) && !everything.contains(&computed),
            "{everything}"
        );
    }
    assert!(!everything.contains("wanda"));
    // Pages follow the names as well.
    let mut paged = Vec::new();
    let mut path = format!("/projects/{hers}/workers?limit=1");
    loop {
        let page = manage(&p, &clara, Method::GET, &path).await.expect(200);
        paged.push(page["items"][0]["workerId"].as_str().unwrap().to_owned());
        let Some(next) = page["nextCursor"].as_str() else {
            break;
        };
        path = format!("/projects/{hers}/workers?limit=1&cursor={next}");
    }
    assert_eq!(paged, known);
    // Her names open nothing of his, and an account's id blocks nobody.
    for name in [&elsewhere[0], &wanda] {
        for (method, what) in [
            (Method::POST, "/block"),
            (Method::POST, "/void"),
            (Method::DELETE, ""),
        ] {
            let path = format!("/projects/{hers}/workers/{name}{what}");
            let why = (what == "/void").then(|| json!({"reason": "none of hers"}));
            p.call(Some(&clara.token), method, &path, why)
                .await
                .refused(404, "not_found");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_is_put_on_the_list_by_the_name_they_told_the_client() {
    let p = free().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"audience": "MEMBERS"})).await;
    p.loaded(&client, &project, 1, 1).await;
    let (wanda, token) = p.register("wanda").await;
    let put = async |name: &str| {
        let path = format!("/projects/{project}/workers/{name}");
        manage(&p, &client, Method::PUT, &path).await
    };
    let by_name = put("Wanda").await.expect(200);
    assert_eq!(by_name["standing"], "MEMBER");
    assert_eq!(
        put(&wanda).await.expect(200)["workerId"],
        by_name["workerId"]
    );
    let pseudonym = by_name["workerId"].as_str().unwrap();
    assert_eq!(put(pseudonym).await.expect(200), by_name);
    p.work(&token, &project, 1, "0").await;
    for name in ["nobody-of-this-name", "admin", "w-0000000000000000"] {
        put(name).await.refused(404, "not_found");
    }
    // Nobody registers as somebody's pseudonym, and who did is not meant by it.
    let shouted = pseudonym.to_uppercase();
    let eve = json!({"email": "eve@example.com", "username": pseudonym, "password": PASSWORD});
    p.call(None, Method::POST, "/auth/register", Some(eve))
        .await
        .refused(422, "invalid_request");
    let (eve, _) = p.register("eve").await;
    sqlx::query("update users set username = $2 where id = $1::uuid")
        .bind(&eve)
        .bind(&shouted)
        .execute(&pool_of(&p.auth))
        .await
        .unwrap();
    put(&shouted).await.refused(404, "not_found");
    assert_ne!(put(&eve).await.expect(200)["workerId"], by_name["workerId"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answered_before_names_were_drawn_keeps_the_old_one_so_that_exports_keep_their_bytes() {
    let p = free().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.loaded(&client, &project, 2, 2).await;
    let (wanda, old) = p.register("wanda").await;
    p.work(&old, &project, 1, "1").await;
    // As the migration leaves it for a database with answers.
    sqlx::query("update pseudonyms_drawn_from set answer_id = (select max(id) from answers)")
        .execute(&p.rows)
        .await
        .unwrap();
    let (_, new) = p.register("wim").await;
    p.work(&new, &project, 1, "1").await;
    let tenant: Uuid = sqlx::query_scalar("select tenant_id from projects where id = $1::uuid")
        .bind(&project)
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let id: Uuid = wanda.parse().unwrap();
    let digest =
        <sha2::Sha256 as sha2::Digest>::digest([*tenant.as_bytes(), *id.as_bytes()].concat());
    let computed = format!("w-{}", hex::encode(&digest[..8]));
    let (records, url, token) = exported(&p, &client, &project).await;
    let named: Vec<_> = records
        .iter()
        .map(|r| r["answers"][0]["workerId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        named.iter().filter(|name| **name == computed).count(),
        1,
        "{named:?}"
    );
    // Many pages at once give nobody two names.
    let pages = futures::future::join_all((0..8).map(|_| page(&p, &url, &token))).await;
    assert!(pages.iter().all(|page| *page == records));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_is_looked_at_by_many_at_once_has_one_name() {
    let p = free().await;
    let client = p.client("clara").await;
    let project = p
        .project(
            &client,
            json!({"reviewersPerAnswer": 0, "answersPerTask": 8}),
        )
        .await;
    p.loaded(&client, &project, 1, 1).await;
    for n in 0..8 {
        let (_, worker) = p.register(&format!("worker{n}")).await;
        p.work(&worker, &project, 1, "1").await;
    }
    let path = format!("/projects/{project}/workers");
    let lists =
        futures::future::join_all((0..8).map(|_| manage(&p, &client, Method::GET, &path))).await;
    let first = lists[0].body.clone();
    assert_eq!(first["items"].as_array().unwrap().len(), 8);
    assert!(lists.iter().all(|list| list.body == first));
}
