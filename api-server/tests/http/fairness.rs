//! Nobody copies, nobody hoards, and what somebody was told when they took a task is kept.

mod leases;
mod shown;

use chrono::Utc;
use datacrowd_crds::Project;
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::scaled;
use futures::future::join_all;
use kube::Api;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Platform};

pub async fn setting(members: Value, rows: i64) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    p.loaded(&client, &project, rows, 10).await;
    (p, client, project)
}

async fn get(p: &Platform, token: &str, path: &str) -> Value {
    p.call(Some(token), Method::GET, path, None)
        .await
        .expect(200)
}

/// The case `skip-reasons-unread`.
#[tokio::test(flavor = "multi_thread")]
async fn skip_reasons_unread() {
    let (p, client, project) = setting(json!({}), 1).await;
    let token = client.token.as_str();
    for reason in ["blurry", "blurry", "in Finnish"] {
        let (_, worker) = p
            .register(&format!("w{}", &Uuid::new_v4().simple().to_string()[..8]))
            .await;
        let task = p.claim(&worker, &project, 1).await.expect(200)["tasks"][0].clone();
        let body = json!({"leaseToken": task["lease"]["token"], "reason": reason});
        let path = format!("/tasks/{}/skip", task["id"]);
        p.call(Some(&worker), Method::POST, &path, Some(body))
            .await
            .expect(204);
    }
    let told = async || {
        let stats = get(&p, token, &format!("/projects/{project}/stats")).await;
        let skips = get(&p, token, &format!("/projects/{project}/skips")).await;
        (stats, skips)
    };
    let (stats, skips) = told().await;
    assert_eq!(stats["skips"], 3);
    let reasons: Vec<_> = stats["skipReasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["reason"].as_str().unwrap(), r["count"].as_i64().unwrap()))
        .collect();
    assert_eq!(reasons, [("blurry", 2), ("in Finnish", 1)]);
    let task = &skips["items"][0];
    assert_eq!(
        (
            &task["externalId"],
            &task["rowNo"],
            &task["skips"],
            &task["status"]
        ),
        (&json!("i1"), &json!(1), &json!(3), &json!("NEW"))
    );
    let last: Vec<_> = task["lastReasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["reason"].as_str().unwrap())
        .collect();
    assert_eq!(last, ["in Finnish", "blurry", "blurry"]);
    assert_eq!(skips["nextCursor"], Value::Null);

    // What the release before wrote is found as well.
    sqlx::query("update skips set project_id = null")
        .execute(&p.rows)
        .await
        .unwrap();
    assert_eq!(told().await.0["skips"], 0);
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(told().await.0["skips"], 3);
    let other = p.client("carl").await;
    p.call(
        Some(&other.token),
        Method::GET,
        &format!("/projects/{project}/skips"),
        None,
    )
    .await
    .refused(404, "not_found");
}

/// The case `blocked-worker-message`.
#[tokio::test(flavor = "multi_thread")]
async fn blocked_worker_message() {
    let (p, client, project) = setting(json!({"reviewersPerAnswer": 2}), 3).await;
    let (wanda, token) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let others = p.work(&wim, &project, 1, "1").await.remove(0);
    let mine = p.work(&token, &project, 1, "1").await.remove(0);
    p.decide(&token, &others, "approve").await.expect(200);
    let task = p.claim(&token, &project, 1).await.expect(200)["tasks"][0].clone();
    let wanda = p.known_as(&client, &project, &wanda).await;
    let block = format!("/projects/{project}/workers/{wanda}/block");
    p.call(Some(&client.token), Method::POST, &block, None)
        .await
        .expect(200);
    let id = &task["id"];
    let mut told = vec![
        ("submit", p.submit(&token, &task, "1").await),
        ("claim", p.claim(&token, &project, 1).await),
        ("heartbeat", p.lease(&token, &task, "heartbeat").await),
        ("unlock", p.lease(&token, &task, "unlock").await),
        ("skip", p.lease(&token, &task, "skip").await),
        ("review", p.shown(&token, &project).await),
        ("approve", p.decide(&token, &others, "approve").await),
        ("undo", p.undo(&token, &others).await),
    ];
    for (method, path) in [
        (Method::GET, format!("/tasks/next?projectId={project}")),
        (Method::GET, format!("/work/projects/{project}")),
        (Method::GET, format!("/tasks/{id}/media/text")),
        (Method::POST, format!("/tasks/{id}/lock")),
        (Method::POST, format!("/answers/{mine}/withdraw")),
    ] {
        told.push(("", p.call(Some(&token), method, &path, None).await));
    }
    for (what, answer) in told {
        let path = answer.body["path"].clone();
        let told = answer.refused(403, "blocked");
        assert_eq!(
            told["message"],
            "This project does not take your answers any more; choose another project.",
            "{what} {path}"
        );
    }
    p.call(Some(&token), Method::POST, "/tasks/claim", Some(json!({})))
        .await
        .refused(404, "no_task_available");
    assert_eq!(get(&p, &token, "/work/projects").await["items"], json!([]));
}

/// The case `labeling-version-twice`: whoever writes the row first, the API after its own write or the operator that
/// saw it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn labeling_version_twice() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let (namespace, name, uid): (String, String, Uuid) =
        sqlx::query_as("select namespace, name, bound_uid from projects")
            .fetch_one(&p.rows)
            .await
            .unwrap();
    let tenant: String = sqlx::query_scalar("select name from tenants")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let api: Api<Project> = Api::namespaced(p.cluster.clone(), &namespace);
    let mut spec = serde_json::to_value(api.get(&name).await.unwrap().spec).unwrap();
    let changes = scaled(40, 400);
    for change in 1..=changes {
        spec["labeling"]["instructions"] = json!(format!("Instructions {change}"));
        let seen = json!({"namespace": namespace, "tenant": tenant, "name": name, "uid": uid, "generation": change + 1, "spec": spec});
        let writers =
            (0..4).map(|_| p.trusted(Method::PUT, "/internal/projects", Some(seen.clone())));
        for written in join_all(writers).await {
            written.expect(200);
        }
    }
    let shown = get(&p, &client.token, &format!("/projects/{project}")).await;
    assert_eq!(shown["labelingVersion"], changes + 1, "one for each change");
    assert_eq!(
        p.count("select count(*) - count(distinct labeling::text) from labeling_versions")
            .await,
        0
    );
}
