//! Deleted is deleted: out of queues, lists, numbers and shops, credited, and with a way back.

mod applied_again;
mod charged;
mod half_loaded;

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, ExportRun, Platform, env};

impl Platform {
    async fn get(&self, who: &Actor, path: &str) -> Value {
        self.call(Some(&who.token), Method::GET, path, None)
            .await
            .expect(200)
    }

    pub async fn post(&self, who: &Actor, path: &str) -> Answer {
        self.call(Some(&who.token), Method::POST, path, Some(json!({})))
            .await
    }

    pub async fn delete(&self, who: &Actor, path: &str) -> Answer {
        self.call(Some(&who.token), Method::DELETE, path, None)
            .await
    }

    async fn used(&self, who: &Actor, project: &str) -> Value {
        let path = format!("/projects/{project}");
        self.get(who, &path).await["billing"]["tasksUsed"].clone()
    }
}

/// Ids of a list's items.
fn ids(list: &Value) -> Vec<&str> {
    let items = list["items"].as_array().unwrap();
    items.iter().map(|i| i["id"].as_str().unwrap()).collect()
}

fn says(answer: &Value, words: &str) {
    let message = answer["message"].as_str().unwrap();
    assert!(message.contains(words), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_dataset_still_counts() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.grant(&project, 10).await;
    let first = p.loaded(&client, &project, 1, 1).await;
    let second = p.loaded(&client, &project, 1, 1).await;
    p.delete(&client, &format!("/datasets/{second}"))
        .await
        .expect(202);
    let list = format!("/projects/{project}/datasets");
    assert_eq!(ids(&p.get(&client, &list).await), [&first]);
    let deleted = p.get(&client, &format!("{list}?state=DELETED")).await;
    assert_eq!(ids(&deleted), [&second]);
    let seen = p.get(&client, &format!("/projects/{project}")).await;
    assert_eq!(
        (&seen["datasets"], &seen["tasks"]["total"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(seen["billing"]["tasksUsed"], 1);
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 1, "1").await;
    let seen = p.get(&client, &format!("/projects/{project}")).await;
    assert_eq!(seen["state"], "COMPLETED");
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn deleted_project_still_sells() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let (wanda, _) = p.register("wanda").await;
    for policy in ["RETAIN", "DELETE"] {
        let id = p.project(&client, json!({})).await;
        let project = format!("/projects/{id}");
        let known = p.known_as(&client, &id, &wanda).await;
        let body = json!({"deletionPolicy": policy});
        p.call(Some(&client.token), Method::PATCH, &project, Some(body))
            .await
            .expect(200);
        let buy = async || {
            let body = json!({"projectId": id, "judgements": 100});
            p.call(
                Some(&client.token),
                Method::POST,
                "/payments/checkout",
                Some(body),
            )
            .await
        };
        p.delete(&client, &project).await.expect(202);

        let seen = p.get(&client, &project).await;
        assert_eq!(seen["state"], "DELETED");
        says(&seen, &format!("{project}/restore"));
        assert!(ids(&p.get(&client, "/projects").await).is_empty());
        let deleted = p.get(&client, "/projects?state=DELETED").await;
        assert!(ids(&deleted).contains(&id.as_str()));
        says(&buy().await.refused(410, "project_deleted"), "restore");
        let money: i64 =
            sqlx::query_scalar("select count(*) from payments where project_id = $1::uuid")
                .bind(&id)
                .fetch_one(&p.money)
                .await
                .unwrap();
        assert_eq!(money, 0, "refused before anything is opened");
        let csv = b"id,text\na,b\n".to_vec();
        p.upload(&client, &id, "items.csv", csv, 1)
            .await
            .refused(410, "project_deleted");
        let change = json!({"paused": true});
        p.call(Some(&client.token), Method::PATCH, &project, Some(change))
            .await
            .refused(410, "project_deleted");
        let export = json!({"format": "CSV"});
        let path = format!("{project}/export");
        p.call(Some(&client.token), Method::POST, &path, Some(export))
            .await
            .refused(410, "project_deleted");
        p.delete(&client, &project)
            .await
            .refused(410, "project_deleted");
        let worker = format!("{project}/workers/{known}");
        for (method, path, body) in [
            (Method::PUT, worker.clone(), None),
            (Method::DELETE, worker.clone(), None),
            (Method::POST, format!("{worker}/block"), None),
            (
                Method::POST,
                format!("{worker}/void"),
                Some(json!({"reason": "the same option for every item"})),
            ),
        ] {
            let refused = p.call(Some(&client.token), method, &path, body).await;
            says(&refused.refused(410, "project_deleted"), "restore");
        }

        let back = p
            .post(&client, &format!("{project}/restore"))
            .await
            .expect(201);
        assert_eq!(
            (&back["id"], &back["state"]),
            (&json!(id), &json!("ACTIVE"))
        );
        assert_eq!(back["labeling"], seen["labeling"]);
        assert_eq!(back["labelingVersion"], seen["labelingVersion"]);
        buy().await.expect(201);
        p.delete(&client, &project).await.expect(202);
    }
}

/// The upsert that the operator would send of a dataset, as another incarnation with this source.
async fn upsert_of(p: &Platform, dataset: &str, uri: &str) -> Value {
    let mut upsert: Value = sqlx::query_scalar(
        "select json_build_object('namespace', d.namespace, 'tenant', t.name, 'name', d.name, 'generation', 1,
            'spec', json_build_object('projectRef', json_build_object('name', p.name),
            'source', json_build_object('uri', d.source_path), 'batchSize', d.batch_size))
         from datasets d join projects p on p.id = d.project_id join tenants t on t.id = d.tenant_id where d.id = $1::uuid",
    )
    .bind(dataset)
    .fetch_one(&p.rows)
    .await
    .unwrap();
    upsert["uid"] = json!(Uuid::new_v4());
    if !uri.is_empty() {
        upsert["spec"]["source"]["uri"] = json!(uri);
    }
    upsert
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_just_going_is_not_told_as_there() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let dataset = p.loaded(&client, &project, 1, 1).await;
    let (_, wanda) = p.register("wanda").await;
    let held = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    // The cluster let go of both, and the platform has not heard of it.
    let api = |kind: &str| {
        let kind = kube::core::GroupVersionKind::gvk("datacrowd.io", "v1alpha1", kind);
        let kind = kube::core::ApiResource::from_gvk(&kind);
        kube::Api::<kube::api::DynamicObject>::namespaced_with(
            p.cluster.clone(),
            &client.namespace,
            &kind,
        )
    };
    for (kind, path) in [
        ("Dataset", format!("/datasets/{dataset}")),
        ("Project", format!("/projects/{project}")),
    ] {
        let name = &api(kind).list(&Default::default()).await.unwrap().items[0];
        let name = name.metadata.name.clone().unwrap();
        api(kind).delete(&name, &Default::default()).await.unwrap();
        p.post(&client, &format!("{path}/restore"))
            .await
            .refused(409, "being_deleted");
    }
    // Whoever worked on it is told where to go.
    p.delete(&client, &format!("/projects/{project}"))
        .await
        .expect(202);
    p.submit(&wanda, &held, "1")
        .await
        .refused(409, "lease_lost");
    let ended = p.claim(&wanda, &project, 1).await;
    let ended = ended.refused(404, "no_task_available");
    assert!(ended["message"].as_str().unwrap().contains("has ended"));
    let (_, stranger) = p.register("wim").await;
    p.claim(&stranger, &project, 1)
        .await
        .refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_votes_cast_decide_what_waits_for_reviewers_when_its_dataset_goes() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 3})).await;
    p.grant(&project, 10).await;
    let dataset = p.loaded(&client, &project, 5, 5).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, rita) = p.register("rita").await;
    let answers = p.work(&wanda, &project, 3, "1").await;
    let held = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    p.decide(&rita, &answers[0], "approve").await.expect(200);
    p.reject(&rita, &answers[1], "no").await.expect(200);
    p.delete(&client, &format!("/datasets/{dataset}"))
        .await
        .expect(202);

    p.submit(&wanda, &held, "1")
        .await
        .refused(409, "lease_lost");
    let mine = p
        .call(Some(&wanda), Method::GET, "/me/answers", None)
        .await
        .expect(200);
    let states: Vec<_> = mine["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| &a["status"])
        .collect();
    assert_eq!(states, ["WITHDRAWN", "REJECTED", "APPROVED"]);
    let points = p.call(Some(&wanda), Method::GET, "/me/points", None).await;
    assert_eq!(points.expect(200)["balance"], 5);
    assert_eq!(
        p.used(&client, &project).await,
        2,
        "the answer that nobody looked at costs nothing"
    );
    p.decide(&rita, &answers[1], "undo")
        .await
        .refused(409, "undo_too_late");
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/answers/{}/withdraw", answers[0]),
        Some(json!({})),
    )
    .await
    .refused(404, "not_found");
    p.assert_consistent().await;
    exported(&p, &client, &project, &dataset).await;

    p.post(&client, &format!("/datasets/{dataset}/restore"))
        .await
        .expect(201);
    p.core.sweep(Utc::now()).await.unwrap();
    let again = p.claim(&wanda, &project, 5).await.expect(200);
    assert_eq!(
        again["tasks"].as_array().unwrap().len(),
        3,
        "not what was approved or rejected, but what was withdrawn"
    );
    p.assert_consistent().await;
}

/// The one approved answer of a deleted dataset is exported.
async fn exported(p: &Platform, client: &Actor, project: &str, dataset: &str) {
    let body = json!({"format": "JSONL", "datasetId": dataset});
    let export = p.export(client, project, body).await;
    let run = ExportRun::open(p, client, &export).await;
    let path = format!(
        "/internal/exports/{export}/answers?runId={}&epoch={}",
        run.id, run.opened["epoch"]
    );
    let request = p
        .http
        .get(format!("{}{path}", p.internal))
        .bearer_auth(&run.token);
    let page = crate::support::answer(request).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_earlier_release_deleted_is_let_go_by_the_sweeper() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 10).await;
    let dataset = p.loaded(&client, &project, 4, 2).await;
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 1, "1").await;
    p.claim(&wanda, &project, 1).await.expect(200);
    // As Retain was: out of the queue and unbound, and nothing more.
    sqlx::query("update tasks set queue_pos = null")
        .execute(&p.rows)
        .await
        .unwrap();
    sqlx::query("update datasets set bound_uid = null, dequeued_to = 2000")
        .execute(&p.rows)
        .await
        .unwrap();
    p.core
        .sweep_deleted(&env("TEST_S3_BUCKET"), Utc::now())
        .await
        .unwrap();
    assert_eq!(p.used(&client, &project).await, 0);
    assert_eq!(p.count("select count(*) from leases").await, 0);
    assert_eq!(
        p.get(&client, &format!("/datasets/{dataset}")).await["state"],
        "DELETED"
    );
    p.assert_consistent().await;
}
