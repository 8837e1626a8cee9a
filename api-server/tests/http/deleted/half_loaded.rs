//! Datasets that are deleted while their rows still arrive.

use chrono::Utc;
use reqwest::Method;
use serde_json::json;

use super::says;
use crate::support::{Actor, Platform, Run};

/// A dataset in mid-generation, with its runner.
async fn generating(p: &Platform, client: &Actor, project: &str, rows: i64) -> (String, Run) {
    let csv = "id,text\na,b\n".to_owned();
    let id = p.generating(client, project, csv, 100).await;
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
