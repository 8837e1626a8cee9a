//! Every type of event, each by what really brings it about.

use std::collections::BTreeSet;

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use datacrowd_notifications::EventType::{self, *};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    crowd,
    support::{assert_told, assert_valid},
};
use crate::{
    models::{items, said},
    qualification::answered_where,
    scheduled,
    support::{Actor, ExportRun, Platform, Predictor, Run, bound},
};

const OF_WORK: &[EventType] = &[
    ProjectCreated,
    ProjectUpdated,
    ProjectPaused,
    ProjectResumed,
    ProjectCompleted,
    ProjectClosed,
    ProjectDeleted,
    QuotaGranted,
    QuotaExhausted,
    DatasetCreated,
    DatasetGenerating,
    DatasetReady,
    DatasetFailed,
    DatasetCompleted,
    DatasetDeleted,
    BatchReady,
    BatchStarted,
    BatchDone,
    BatchReopened,
    TaskApproved,
    TaskRejected,
    TaskReopened,
    AnswerSubmitted,
    AnswerApproved,
    AnswerRejected,
    AnswerWithdrawn,
    AnswerVoided,
    ReviewDecided,
    ReviewUndone,
    WorkerAdded,
    WorkerBlocked,
    WorkerRemoved,
];
const OF_FILES: &[EventType] = &[
    ExportReady,
    ExportFailed,
    ExportExpired,
    ModelReady,
    ModelFailed,
    PredictionCompleted,
    PredictionFailed,
];
const OF_MONEY: &[EventType] = &[
    PaymentPaid,
    PaymentFailed,
    PaymentRefunded,
    PaymentDisputed,
    PaymentLost,
];
const OF_QUOTA: &[EventType] = &[QuotaLow];
const OF_SKILL: &[EventType] = &[WorkerDisqualified];
/// `webhooks` has the tests that bring these about.
const OF_WEBHOOKS: &[EventType] = &[WebhookDisabled, WebhookTested];

#[test]
fn every_type_has_a_flow_that_brings_it_about() {
    let flows = [
        OF_WORK,
        OF_FILES,
        OF_MONEY,
        OF_QUOTA,
        OF_SKILL,
        OF_WEBHOOKS,
        crowd::TOLD,
    ];
    let tested: BTreeSet<_> = flows.iter().copied().flatten().collect();
    assert_eq!(tested, EventType::ALL.iter().collect());
}

async fn patch(p: &Platform, client: &Actor, project: &str, body: Value) {
    let path = format!("/projects/{project}");
    p.call(Some(&client.token), Method::PATCH, &path, Some(body))
        .await
        .expect(200);
}

/// Two workers and a reviewer over a dataset of four tasks, up to the end of the project.
async fn work(p: &Platform, client: &Actor, project: &str) {
    p.grant(project, 4).await;
    let dataset = p.loaded(client, project, 4, 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, rita) = p.register("rita").await;
    let answers = p.work(&wanda, project, 4, "1").await;
    let withdraw = format!("/answers/{}/withdraw", answers[0]);
    let taken = p
        .call(Some(&wanda), Method::POST, &withdraw, Some(json!({})))
        .await;
    let task = taken.expect(200);
    let again = p.submit(&wanda, &task, "0").await.expect(201);
    p.reject(&rita, &answers[1], "Look again.")
        .await
        .expect(200);
    for answer in [&again["answerId"], &answers[2], &answers[3]] {
        p.decide(&rita, answer, "approve").await.expect(200);
    }
    p.undo(&rita, &answers[3]).await.expect(200);
    p.decide(&rita, &answers[3], "approve").await.expect(200);
    let worker = p.known_as(client, project, "wanda").await;
    p.grant(project, 10).await;
    let void = format!("/projects/{project}/workers/{worker}/void");
    let why = Some(json!({"reason": "none of hers"}));
    p.call(Some(&client.token), Method::POST, &void, why)
        .await
        .expect(200);
    let block = format!("/projects/{project}/workers/{worker}/block");
    p.call(Some(&client.token), Method::POST, &block, None)
        .await
        .expect(200);
    gone(p, "datasets", &dataset).await;
}

/// As the operator says it of a resource that was deleted.
async fn gone(p: &Platform, kind: &str, id: &str) {
    let uid = bound(p, kind, id).await;
    let path = format!("/internal/{kind}/{id}?uid={uid}&policy=Retain");
    p.trusted(Method::DELETE, &path, None).await.expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_told_from_the_project_s_beginning_to_its_end() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let rules = json!({"reviewersPerAnswer": 1, "maxRejections": 1});
    let project = p.project(&client, rules.clone()).await;
    p.relabel(
        &client,
        &project,
        json!({"reviewersPerAnswer": 1, "maxRejections": 1, "rewardPoints": 6}),
    )
    .await;
    for paused in [true, false] {
        patch(&p, &client, &project, json!({"paused": paused})).await;
    }
    work(&p, &client, &project).await;
    let broken = p
        .upload(&client, &project, "more.csv", b"id,text\n1,a\n".to_vec(), 5)
        .await
        .expect(201);
    let broken = broken["id"].as_str().unwrap();
    let generate = format!("/datasets/{broken}/generate-tasks");
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .expect(202);
    let run = Run::open(&p, &client, broken, "pod-2").await;
    let end = json!({"epoch": run.epoch, "outcome": "Failed", "reason": "BadInput", "rows": 0, "rejected": 0});
    p.runner(
        &run.token,
        &format!("/internal/runs/{}/complete", run.id),
        end,
    )
    .await
    .expect(204);
    gone(&p, "datasets", broken).await;
    patch(&p, &client, &project, json!({"closed": true})).await;
    gone(&p, "projects", &project).await;
    p.relay().await;
    let events = p.events(&client, &project).await;
    assert_valid(&events);
    assert_told(&events, OF_WORK);
}

async fn fails(p: &Platform, run: &Predictor, reason: &str) {
    let end = json!({"epoch": run.epoch, "outcome": "Failed", "reason": reason, "rows": 0, "rejected": 0});
    p.runner(
        &run.token,
        &format!("/internal/runs/{}/complete", run.id),
        end,
    )
    .await
    .expect(204);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_models_are_told_when_they_are_there_and_when_they_fail() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    let dataset = p.loaded(&client, &project, 2, 2).await;
    let export = p
        .export(&client, &project, json!({"format": "JSONL"}))
        .await;
    ExportRun::open(&p, &client, &export).await.finish(&p).await;
    let other = p.export(&client, &project, json!({"format": "CSV"})).await;
    let run = ExportRun::open(&p, &client, &other).await;
    let end = json!({"epoch": run.opened["epoch"], "outcome": "Failed", "reason": "OutOfMemory", "rows": 0});
    p.runner(
        &run.token,
        &format!("/internal/runs/{}/complete", run.id),
        end,
    )
    .await
    .expect(204);
    sqlx::query("update exports set expires_at = now() - interval '1 day' where state = 'ready'")
        .execute(&p.rows)
        .await
        .unwrap();
    p.core.sweep(Utc::now()).await.unwrap();

    let model = p.checked_model(&client, &project, json!({})).await;
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    let page = items(&pod.items(&p, 0).await.expect(200));
    let told = page.iter().map(said).collect();
    pod.report(&p, told).await.expect(200);
    pod.complete(&p, 2, 0).await.expect(204);
    let prediction = p.prediction(&client, &project, &model, &dataset).await;
    let pod = Predictor::open(&p, &client, "predictions", &prediction, 1).await;
    fails(&p, &pod, "InvalidModel").await;
    let model = p.model(&client, &project, json!({})).await.expect(202);
    let model = model["id"].as_str().unwrap();
    let pod = Predictor::open(&p, &client, "models", model, 1).await;
    fails(&p, &pod, "InvalidModel").await;

    p.relay().await;
    let events = p.events(&client, &project).await;
    assert_valid(&events);
    assert_told(&events, OF_FILES);
}

#[tokio::test(flavor = "multi_thread")]
async fn money_is_told_as_it_comes_and_goes() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let bought = p.purchase(&client, &project, 100).await;
    p.send(&bought.paid()).await;
    p.send(&bought.refunded(100)).await;
    let lost = p.purchase(&client, &project, 200).await;
    p.send(&lost.paid()).await;
    p.send(&lost.dispute("funds_withdrawn", lost.amount, "needs_response"))
        .await;
    p.send(&lost.dispute("closed", lost.amount, "lost")).await;
    let refused = p.purchase(&client, &project, 300).await;
    p.send(&refused.session("expired", "unpaid")).await;
    p.relay().await;
    let events = p.events(&client, &project).await;
    assert_valid(&events);
    assert_told(&events, OF_MONEY);
    let paid = events.iter().find(|e| e["type"] == PaymentPaid.name());
    let expected = json!({
        "projectId": project, "paymentId": bought.payment, "judgements": 100, "granted": 100,
        "amountCents": 500, "refundedCents": 0, "currency": "EUR",
    });
    assert_eq!(paid.unwrap()["data"], expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_is_wrong_too_often_is_told_by_a_pseudonym() {
    let (p, client, project) = answered_where("BLOCK").await;
    let fitted = scheduled::run(&p, "consensus", &[]).await;
    assert!(fitted.status.success(), "{fitted:?}");
    p.relay().await;
    let events = p.events(&client, &project).await;
    assert_valid(&events);
    assert_told(&events, OF_SKILL);
    assert_told(&events, &[WorkerBlocked]);
    p.tell_people().await;
    let notices =
        "select count(*), count(distinct user_id) from notices where topic = 'qualification'";
    let (told, people): (i64, i64) = sqlx::query_as(notices)
        .fetch_one(&p.told.owner_pool())
        .await
        .unwrap();
    assert!(
        told == people && told > 0,
        "{told} to {people}: two events, one act"
    );
    let told = serde_json::to_string(&events).unwrap();
    let users: Vec<String> = sqlx::query_scalar("select distinct user_id::text from answers")
        .fetch_all(&p.rows)
        .await
        .unwrap();
    assert!(!users.is_empty());
    assert!(
        users.iter().all(|user| !told.contains(user.as_str())),
        "{told}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_that_runs_low_is_told_once_and_before_it_is_used_up() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.grant(&project, 20).await;
    let told = async || -> Vec<String> {
        p.relay().await;
        let events = p.events(&client, &project).await;
        assert_valid(&events);
        let quota = events.iter().filter_map(|e| e["type"].as_str());
        let quota = quota.filter_map(|t| t.strip_prefix("io.datacrowd.quota."));
        quota.map(ToOwned::to_owned).collect()
    };
    p.loaded(&client, &project, 17, 20).await;
    assert_eq!(told().await, ["granted.v1"]);
    p.loaded(&client, &project, 1, 20).await;
    assert_eq!(told().await, ["granted.v1", "low.v1"]);
    p.loaded(&client, &project, 1, 20).await;
    assert_eq!(told().await, ["granted.v1", "low.v1"]);
    p.loaded(&client, &project, 1, 20).await;
    assert_eq!(told().await, ["granted.v1", "low.v1", "exhausted.v1"]);
    // What voids give back and is spent again is no news; another quota is.
    let spent = async |used: i64| {
        sqlx::query("update projects set tasks_used = $1")
            .bind(used)
            .execute(&p.rows)
            .await
            .unwrap();
    };
    for used in [17, 18, 20, 17, 20] {
        spent(used).await;
    }
    assert_eq!(told().await, ["granted.v1", "low.v1", "exhausted.v1"]);
    p.grant(&project, 20).await;
    for used in [35, 36, 35, 36] {
        spent(used).await;
    }
    let expected = [
        "granted.v1",
        "low.v1",
        "exhausted.v1",
        "granted.v1",
        "low.v1",
    ];
    assert_eq!(told().await, expected);
    let low = p.events(&client, &project).await;
    assert_told(&low, OF_QUOTA);
}
