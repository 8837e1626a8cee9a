//! Deleted is deleted: out of queues, lists, numbers and shops, credited, and with a way back.

use std::time::Duration;

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, ExportRun, Platform, Run, env};

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

/// A dataset in mid-generation, with its runner.
async fn generating(p: &Platform, client: &Actor, project: &str, rows: i64) -> (String, Run) {
    let csv = b"id,text\na,b\n".to_vec();
    let made = p.upload(client, project, "items.csv", csv, 100).await;
    let id = made.expect(201)["id"].as_str().unwrap().to_owned();
    p.post(client, &format!("/datasets/{id}/generate-tasks"))
        .await
        .expect(202);
    let run = Run::open(p, client, &id, "pod-1").await;
    for first in (1..=rows).step_by(1000) {
        run.load(p, first, rows.min(first + 999)).await.expect(200);
    }
    (id, run)
}

#[tokio::test(flavor = "multi_thread")]
async fn dataset_deleted_while_generating() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 30_000).await;
    let (id, run) = generating(&p, &client, &project, 3_000).await;
    assert_eq!(p.used(&client, &project).await, 3_000);
    let dataset = format!("/datasets/{id}");
    p.delete(&client, &dataset).await.expect(202);

    let seen = p.get(&client, &dataset).await;
    assert_eq!(seen["state"], "DELETED");
    says(&seen, &format!("{dataset}/restore"));
    assert_eq!(p.used(&client, &project).await, 0, "nobody answered any");
    run.load(&p, 3_001, 3_002).await.refused(409, "fenced");
    let (_, wanda) = p.register("wanda").await;
    let none = p.claim(&wanda, &project, 1).await;
    let none = none.refused(404, "no_task_available");
    assert_eq!(none["details"]["reason"], "DONE", "nothing is to come");
    for path in ["generate-tasks", "retry"] {
        let refused = p.post(&client, &format!("{dataset}/{path}")).await;
        says(&refused.refused(410, "dataset_deleted"), "?rows=true");
    }
    let again = p.delete(&client, &dataset).await;
    says(&again.refused(410, "dataset_deleted"), "?rows=true");
    p.assert_consistent().await;

    p.delete(&client, &format!("{dataset}?rows=true"))
        .await
        .expect(202);
    p.call(Some(&client.token), Method::GET, &dataset, None)
        .await
        .refused(404, "not_found");
    assert_eq!(p.count("select count(*) from tasks").await, 0);
    assert_eq!(p.used(&client, &project).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_brought_back_in_mid_generation_goes_on_where_it_was() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 30_000).await;
    // The last 50 are a batch that is not full.
    let (id, _) = generating(&p, &client, &project, 2_550).await;
    let dataset = format!("/datasets/{id}");
    p.delete(&client, &dataset).await.expect(202);
    let back = p.post(&client, &format!("{dataset}/restore")).await;
    assert_eq!(back.expect(201)["state"], "GENERATING");
    p.post(&client, &format!("{dataset}/restore"))
        .await
        .refused(409, "not_deleted");
    let run = Run::open(&p, &client, &id, "pod-2").await;
    run.load(&p, 2_551, 2_600).await.expect(200);
    assert_eq!(
        p.count("select count(*) from tasks where queue_pos is not null")
            .await,
        50,
        "the rows that are new; nobody pays for the others yet"
    );
    p.core.sweep(Utc::now()).await.unwrap();
    run.load(&p, 2_601, 2_700).await.expect(200);
    run.complete(&p, 2_700).await.expect(204);
    assert_eq!(p.get(&client, &dataset).await["state"], "READY");
    assert_eq!(p.used(&client, &project).await, 2_700);
    let queued = "select count(*) from tasks where queue_pos is not null";
    assert_eq!(p.count(queued).await, 2_700);
    p.assert_consistent().await;
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
async fn identity_changed_remedy() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let put = async |body: &Value| {
        p.trusted(Method::PUT, "/internal/datasets", Some(body.clone()))
            .await
    };
    let other = format!("s3://{}/{}/b.csv", env("TEST_S3_BUCKET"), client.namespace);
    for by in ["annotation", "rest"] {
        let old = p.loaded(&client, &project, 3, 1).await;
        p.delete(&client, &format!("/datasets/{old}"))
            .await
            .expect(202);
        let mut upsert = upsert_of(&p, &old, &other).await;
        let refused = put(&upsert).await.refused(409, "identity_changed");
        let (namespace, name) = (&client.namespace, upsert["name"].as_str().unwrap());
        let command = format!(
            "kubectl -n {namespace} annotate dataset {name} datacrowd.io/delete-rows={old}"
        );
        says(&refused, &command);
        says(
            &refused,
            &format!("DELETE /api/v1/datasets/{old}?rows=true"),
        );
        if by == "annotation" {
            upsert["deleteRows"] = json!(Uuid::new_v4());
            put(&upsert).await.refused(409, "identity_changed");
            upsert["deleteRows"] = json!(old);
        } else {
            p.delete(&client, &format!("/datasets/{old}?rows=true"))
                .await
                .expect(202);
        }
        let view = put(&upsert).await.expect(200);
        assert_ne!(view["id"], json!(old));
        assert_eq!(
            (&view["tasksCreated"], &view["state"]),
            (&json!(0), &json!("Uploaded"))
        );
        assert_eq!(p.count("select count(*) from tasks").await, 0);
        // Left from then, the annotation says nothing of the rows that are now there.
        upsert["generation"] = json!(2);
        assert_eq!(put(&upsert).await.expect(200)["id"], view["id"]);
    }
    assert_eq!(p.used(&client, &project).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_were_read_in_another_way_are_not_taken_over() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 100).await;
    let read = p.loaded(&client, &project, 3, 1).await;
    let csv = b"id,text\n1,a\n".to_vec();
    let unread = p.upload(&client, &project, "items.csv", csv, 10).await;
    let unread = unread.expect(201)["id"].as_str().unwrap().to_owned();
    for id in [&read, &unread] {
        p.delete(&client, &format!("/datasets/{id}"))
            .await
            .expect(202);
    }
    let put = async |upsert: &Value, source: Value| {
        let mut upsert = upsert.clone();
        for (member, value) in source.as_object().unwrap() {
            upsert["spec"]["source"][member] = value.clone();
        }
        p.trusted(Method::PUT, "/internal/datasets", Some(upsert))
            .await
    };

    let upsert = upsert_of(&p, &read, "").await;
    for other in [
        json!({"encoding": "Windows1251"}),
        json!({"delimiter": "Semicolon"}),
        json!({"multiline": true}),
        json!({"format": "JSONL"}),
    ] {
        let refused = put(&upsert, other).await.refused(409, "identity_changed");
        says(&refused, &format!("datacrowd.io/delete-rows={read}"));
    }
    // Written out or left out, a comma is a comma.
    let same = json!({"delimiter": "Comma", "encoding": "Utf8", "format": "CSV"});
    assert_eq!(put(&upsert, same).await.expect(200)["id"], json!(read));

    // Of this one nothing was read: it is read as is said now.
    let upsert = upsert_of(&p, &unread, "").await;
    let view = put(&upsert, json!({"format": "JSONL"})).await.expect(200);
    assert_eq!(view["id"], json!(unread));
    let lines = "select count(*) from datasets where source_format = 'jsonl' and checkpoint->>'nextRow' = '1'";
    assert_eq!(p.count(lines).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_taken_over_are_charged_as_far_as_quota_goes() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.grant(&project, 10).await;
    let first = p.loaded(&client, &project, 10, 1).await;
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &project, 1, "1").await;
    p.delete(&client, &format!("/datasets/{first}"))
        .await
        .expect(202);
    assert_eq!(
        p.used(&client, &project).await,
        1,
        "what was answered stays"
    );
    let second = p.loaded(&client, &project, 6, 1).await;
    assert_eq!(p.used(&client, &project).await, 7);

    let restore = format!("/datasets/{first}/restore");
    p.post(&client, &restore).await.expect(201);
    let view = async || {
        let uid: Uuid = sqlx::query_scalar("select bound_uid from datasets where id = $1::uuid")
            .bind(&first)
            .fetch_one(&p.rows)
            .await
            .unwrap();
        let mut upsert = upsert_of(&p, &first, "").await;
        upsert["uid"] = json!(uid);
        p.trusted(Method::PUT, "/internal/datasets", Some(upsert))
            .await
            .expect(200)
    };
    assert_eq!(
        view().await["unpaid"],
        true,
        "from the beginning: quota covers three of nine"
    );
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(p.used(&client, &project).await, 10);
    assert_eq!(view().await["unpaid"], true);
    let told = p.get(&client, &format!("/datasets/{first}")).await;
    assert!(
        told["message"]
            .as_str()
            .unwrap()
            .contains("until they are paid for"),
        "{told}"
    );
    let queued = "select count(*) from tasks where queue_pos is not null";
    assert_eq!(p.count(queued).await, 6 + 3);
    p.assert_consistent().await;

    p.grant(&project, 5).await;
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(view().await["unpaid"], true, "one is left");
    p.delete(&client, &format!("/datasets/{second}"))
        .await
        .expect(202);
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(view().await["unpaid"], false);
    assert_eq!(p.count(queued).await, 9);
    assert_eq!(p.used(&client, &project).await, 10);
    p.assert_consistent().await;
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
async fn a_sweep_locks_no_row_that_quota_does_not_reach() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 5).await;
    let first = p.loaded(&client, &project, 5, 5).await;
    p.delete(&client, &format!("/datasets/{first}"))
        .await
        .expect(202);
    p.loaded(&client, &project, 3, 3).await;
    p.post(&client, &format!("/datasets/{first}/restore"))
        .await
        .expect(201);
    p.core.sweep(Utc::now()).await.unwrap();
    let waiting = "select count(*) from tasks where not charged";
    assert_eq!(p.count(waiting).await, 3);

    let mut other = p.rows.begin().await.unwrap();
    sqlx::query("select id from tasks where not charged for update")
        .execute(&mut *other)
        .await
        .unwrap();
    let swept = tokio::time::timeout(Duration::from_secs(20), p.core.sweep(Utc::now())).await;
    swept.expect("it waits for no row").unwrap();
    other.rollback().await.unwrap();

    p.grant(&project, 3).await;
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(p.count(waiting).await, 0);
    assert_eq!(p.used(&client, &project).await, 8);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_taken_over_in_a_closed_project_ask_for_no_money() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 3).await;
    let first = p.loaded(&client, &project, 3, 3).await;
    p.delete(&client, &format!("/datasets/{first}"))
        .await
        .expect(202);
    p.loaded(&client, &project, 3, 3).await;
    let upsert = upsert_of(&p, &first, "").await;
    let view = async || {
        p.trusted(Method::PUT, "/internal/datasets", Some(upsert.clone()))
            .await
            .expect(200)
    };
    assert_eq!(view().await["unpaid"], true);
    let close = json!({"closed": true});
    let path = format!("/projects/{project}");
    p.call(Some(&client.token), Method::PATCH, &path, Some(close))
        .await
        .expect(200);
    let seen = view().await;
    assert_eq!(
        (&seen["unpaid"], &seen["projectState"]),
        (&json!(false), &json!("Closed")),
        "nothing that is bought would bring them back into the queue"
    );
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

/// The upsert that the operator would send of an export named `final`, with this spec.
async fn export_upsert(p: &Platform, project: &str, uid: Uuid, spec: &Value) -> Answer {
    let mut upsert: Value = sqlx::query_scalar(
        "select json_build_object('namespace', p.namespace, 'tenant', t.name, 'name', 'final', 'generation', 1,
            'spec', json_build_object('projectRef', json_build_object('name', p.name)))
         from projects p join tenants t on t.id = p.tenant_id where p.id = $1::uuid",
    )
    .bind(project)
    .fetch_one(&p.rows)
    .await
    .unwrap();
    upsert["uid"] = json!(uid);
    for (member, value) in spec.as_object().unwrap() {
        upsert["spec"][member] = value.clone();
    }
    p.trusted(Method::PUT, "/internal/exports", Some(upsert))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_applied_again_in_another_form_is_not_given_the_file_that_is_there() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let put = async |uid: Uuid, spec: &Value| export_upsert(&p, &project, uid, spec).await;
    let delete = async |id: &Value, uid: Uuid| {
        let path = format!(
            "/internal/exports/{}?uid={uid}&policy=Retain",
            id.as_str().unwrap()
        );
        p.trusted(Method::DELETE, &path, None).await.expect(204);
    };
    let [first, second, third] = [Uuid::new_v4(), Uuid::new_v4(), Uuid::new_v4()];
    let csv = json!({"format": "CSV"});
    // Nothing was taken yet: it becomes what is asked for now.
    let id = put(first, &json!({"format": "JSONL", "rowPer": "Task"}))
        .await
        .expect(200)["id"]
        .clone();
    delete(&id, first).await;
    assert_eq!(put(second, &csv).await.expect(200)["id"], id);
    let opened = ExportRun::open(&p, &client, id.as_str().unwrap())
        .await
        .opened;
    assert_eq!(
        (&opened["format"], &opened["rowPer"]),
        (&json!("CSV"), &json!("Answer"))
    );

    delete(&id, second).await;
    for other in [
        json!({"format": "JSONL"}),
        json!({"format": "CSV", "bom": true}),
        json!({"format": "CSV", "rowPer": "Task"}),
        json!({"format": "CSV", "since": 1}),
        json!({"format": "CSV", "rawCells": true}),
    ] {
        let refused = put(third, &other).await.refused(409, "identity_changed");
        says(&refused, "another name");
    }
    assert_eq!(put(third, &csv).await.expect(200)["id"], id);
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
