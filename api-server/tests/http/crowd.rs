//! The client's hand on the crowd: the list, the block, voiding, and what the numbers say.

mod names;

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, Platform, answer};

async fn free() -> Platform {
    Platform::with_billing(BillingMode::Disabled).await
}

async fn manage(p: &Platform, client: &Actor, method: Method, path: &str) -> Answer {
    p.call(Some(&client.token), method, path, None).await
}

/// An export's records and its pages' address: asking again must give the same.
async fn exported(p: &Platform, client: &Actor, project: &str) -> (Vec<Value>, String, String) {
    let export = p
        .call(
            Some(&client.token),
            Method::POST,
            &format!("/projects/{project}/export"),
            Some(json!({"format": "JSONL"})),
        )
        .await
        .expect(202)["exportId"]
        .as_str()
        .unwrap()
        .to_owned();
    let uid: Uuid = sqlx::query_scalar("select bound_uid from exports where id = $1")
        .bind(export.parse::<Uuid>().unwrap())
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let begun = p
        .trusted(
            Method::POST,
            &format!("/internal/exports/{export}/runs"),
            Some(json!({"uid": uid, "attempt": 1})),
        )
        .await
        .expect(201);
    let run = begun["runId"].as_str().unwrap();
    let token = p.runner_token(&client.namespace).await;
    let opened = p
        .runner(
            &token,
            &format!("/internal/runs/{run}/open"),
            json!({"podUid": "exporter"}),
        )
        .await
        .expect(200);
    let url = format!(
        "{}/internal/exports/{export}/answers?runId={run}&epoch={}",
        p.internal, opened["epoch"]
    );
    (page(p, &url, &token).await, url, token)
}

async fn page(p: &Platform, url: &str, token: &str) -> Vec<Value> {
    let page = answer(p.http.get(url).bearer_auth(token)).await.expect(200);
    page["items"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_for_members_is_worked_on_by_its_list_only() {
    let p = free().await;
    let client = p.client("clara").await;
    let other = p.client("carl").await;
    let project = p.project(&client, json!({"audience": "MEMBERS"})).await;
    p.loaded(&client, &project, 3, 3).await;
    let (wanda, token) = p.register("wanda").await;
    let listed = format!("/projects/{project}/workers/{wanda}");
    p.claim(&token, &project, 1).await.refused(404, "not_found");
    manage(&p, &other, Method::PUT, &listed)
        .await
        .refused(404, "not_found");
    let nobody = format!("/projects/{project}/workers/{}", Uuid::new_v4());
    manage(&p, &client, Method::PUT, &nobody)
        .await
        .refused(404, "not_found");
    let put = manage(&p, &client, Method::PUT, &listed).await.expect(200);
    assert_eq!(
        (&put["standing"], &put["answers"]),
        (&json!("MEMBER"), &json!(0))
    );
    p.work(&token, &project, 1, "0").await;
    let list = manage(
        &p,
        &client,
        Method::GET,
        &format!("/projects/{project}/workers?standing=MEMBER"),
    )
    .await
    .expect(200);
    assert_eq!(list["items"][0]["workerId"], put["workerId"]);
    manage(
        &p,
        &client,
        Method::GET,
        &format!("/projects/{project}/workers?standing=FRIEND"),
    )
    .await
    .refused(422, "invalid_request");
    let listed = format!(
        "/projects/{project}/workers/{}",
        put["workerId"].as_str().unwrap()
    );
    manage(&p, &client, Method::DELETE, &listed)
        .await
        .expect(204);
    p.claim(&token, &project, 3).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_worker_loses_what_they_hold_and_gives_no_answer_any_more() {
    let p = free().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    p.loaded(&client, &project, 2, 2).await;
    let (wanda, blocked) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let mine = p.claim(&blocked, &project, 2).await.expect(200)["tasks"].clone();
    p.submit(&blocked, &mine[0], "0").await.expect(201);
    let others = p.claim(&wim, &project, 1).await;
    others.refused(404, "no_task_available");
    let wanda = p.known_as(&client, &project, &wanda).await;
    let block = format!("/projects/{project}/workers/{wanda}/block");
    let standing = manage(&p, &client, Method::POST, &block).await.expect(200);
    assert_eq!(
        (&standing["standing"], &standing["inReview"]),
        (&json!("BLOCKED"), &json!(1)),
        "what they answered before stays"
    );
    p.submit(&blocked, &mine[1], "0")
        .await
        .refused(403, "blocked");
    p.claim(&blocked, &project, 1).await.refused(403, "blocked");
    let task = p.claim(&wim, &project, 1).await.expect(200)["tasks"][0].clone();
    assert_eq!(task["id"], mine[1]["id"], "the place is free at once");
    let done = p.submit(&wim, &task, "1").await.expect(201);
    p.decide(&blocked, &done["answerId"], "approve")
        .await
        .refused(403, "blocked");
    manage(
        &p,
        &client,
        Method::DELETE,
        &format!("/projects/{project}/workers/{wanda}"),
    )
    .await
    .expect(204);
    p.decide(&blocked, &done["answerId"], "approve")
        .await
        .expect(200);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fraud_loses_points_and_places_and_leaves_later_exports_only() {
    let p = free().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    let dataset = p.loaded(&client, &project, 5, 2).await;
    let (wanda, bad) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    p.work(&bad, &project, 3, "0").await;
    p.work(&wim, &project, 2, "1").await;
    let state = async |path: String| {
        manage(&p, &client, Method::GET, &path).await.expect(200)["state"].clone()
    };
    assert_eq!(state(format!("/datasets/{dataset}")).await, "COMPLETED");
    let (before, url, token) = exported(&p, &client, &project).await;
    assert_eq!(before.len(), 5);

    let wanda = p.known_as(&client, &project, &wanda).await;
    let void = format!("/projects/{project}/workers/{wanda}/void");
    let fraud = json!({"reason": "the same option for every item", "fraud": true});
    p.call(
        Some(&client.token),
        Method::POST,
        &void,
        Some(fraud.clone()),
    )
    .await
    .refused(403, "forbidden");
    let admin = p.login("admin").await;
    let take_back = async || {
        p.call(Some(&admin), Method::POST, &void, Some(fraud.clone()))
            .await
            .expect(200)
    };
    let used = p.count("select tasks_used from projects").await;
    let voided = take_back().await;
    assert_eq!(
        voided,
        json!({"voided": 3, "charged": 0, "credited": 0, "pointsTakenBack": 15})
    );
    let again = take_back().await;
    assert_eq!(
        again,
        json!({"voided": 0, "charged": 0, "credited": 0, "pointsTakenBack": 0})
    );
    assert_eq!(
        p.count("select tasks_used from projects").await,
        used,
        "what was paid for fraud pays for the next answer"
    );
    let points = p
        .call(Some(&bad), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(
        (
            &points["balance"],
            points["items"].as_array().unwrap().len()
        ),
        (&json!(0), 6),
        "postings are taken back by postings"
    );
    assert_eq!(state(format!("/datasets/{dataset}")).await, "READY");
    assert_eq!(state(format!("/projects/{project}")).await, "ACTIVE");
    let (after, ..) = exported(&p, &client, &project).await;
    assert_eq!(after.len(), 2, "later exports leave them out");
    assert_eq!(
        page(&p, &url, &token).await,
        before,
        "an earlier one stays as it was"
    );

    p.work(&wim, &project, 3, "1").await;
    assert_eq!(state(format!("/datasets/{dataset}")).await, "COMPLETED");
    let (whole, ..) = exported(&p, &client, &project).await;
    assert_eq!(whole.len(), 5);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_numbers_of_a_project_follow_from_what_was_stored() {
    let p = free().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"answersPerTask": 2})).await;
    p.loaded(&client, &project, 3, 3).await;
    let stats = format!("/projects/{project}/stats");
    let empty = manage(&p, &client, Method::GET, &stats).await.expect(200);
    assert_eq!(
        (&empty["answers"], &empty["agreement"], &empty["workers"]),
        (&json!(0), &Value::Null, &json!([]))
    );
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, willa) = p.register("willa").await;
    let mut answers = Vec::new();
    for (token, ratings, millis) in [
        (&wanda, ["1", "1", "1"], 2000),
        (&wim, ["1", "-1", "1"], 4000),
    ] {
        let tasks = p.claim(token, &project, 3).await.expect(200)["tasks"].clone();
        let mut tasks = tasks.as_array().unwrap().clone();
        tasks.sort_by_key(|t| t["id"].as_i64());
        for (task, rating) in tasks.iter().zip(ratings) {
            let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": rating}, "activeMillis": millis});
            let path = format!("/tasks/{}/submit", task["id"]);
            answers.push(
                p.call(Some(token), Method::POST, &path, Some(body))
                    .await
                    .expect(201)["answerId"]
                    .clone(),
            );
        }
    }
    p.reject(&willa, &answers[4], "it is positive")
        .await
        .expect(200);
    p.decide(&willa, &answers[0], "approve").await.expect(200);
    let s = manage(&p, &client, Method::GET, &stats).await.expect(200);
    assert_eq!(
        (
            &s["answers"],
            &s["approved"],
            &s["rejected"],
            &s["inReview"]
        ),
        (&json!(6), &json!(1), &json!(1), &json!(4))
    );
    assert_eq!(s["secondsPerItem"], json!({"mean": 3.0, "median": 3.0}));
    assert_eq!(
        s["rejections"],
        json!([{"comment": "it is positive", "count": 1}])
    );
    let two_of_three = |v: &Value| (v.as_f64().unwrap() - 2.0 / 3.0).abs() < 1e-9;
    assert!(
        s["agreement"]["pairs"] == 3 && two_of_three(&s["agreement"]["rate"]),
        "{s:#}"
    );
    assert!(
        s["fieldAgreement"][0]["field"] == "rating"
            && two_of_three(&s["fieldAgreement"][0]["rate"]),
        "{s:#}"
    );
    let workers = s["workers"].as_array().unwrap();
    assert_eq!(workers.len(), 2);
    assert!(
        workers
            .iter()
            .all(|w| w["answers"] == 3 && two_of_three(&w["agreement"])),
        "{s:#}"
    );
    let hours = s["hours"].as_array().unwrap();
    assert_eq!(
        hours
            .iter()
            .map(|h| h["answers"].as_i64().unwrap())
            .sum::<i64>(),
        6
    );
    let other = p.client("carl").await;
    manage(&p, &other, Method::GET, &stats)
        .await
        .refused(404, "not_found");
}
