//! No judgement for nothing: what a client takes back it has paid for, and who rejects much is seen.

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Answer, Platform};

/// A project with quota for `judgements`, its rows loaded.
async fn bought(members: Value, rows: i64, judgements: i64) -> (Platform, Actor, String) {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    p.grant(&project, judgements).await;
    p.loaded(&client, &project, rows, 10).await;
    (p, client, project)
}

async fn void(p: &Platform, client: &Actor, project: &str, worker: &str, body: Value) -> Answer {
    let worker = p.known_as(client, project, worker).await;
    let path = format!("/projects/{project}/workers/{worker}/void");
    p.call(Some(&client.token), Method::POST, &path, Some(body))
        .await
}

fn because() -> Value {
    json!({"reason": "always the same option"})
}

async fn used(p: &Platform) -> i64 {
    p.count("select tasks_used from projects").await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approved_answer_that_is_taken_back_keeps_its_charge_and_its_points() {
    let members = json!({"reviewersPerAnswer": 0});
    let (p, client, project) = bought(members, 3, 5).await;
    let (wanda, worker) = p.register("wanda").await;
    p.work(&worker, &project, 3, "1").await;
    assert_eq!(used(&p).await, 3);

    let refused = void(&p, &client, &project, &wanda, because())
        .await
        .refused(402, "payment_required");
    assert_eq!(refused["details"], json!({"remaining": 2, "needed": 3}));
    assert_eq!(
        p.count("select count(*) from answers where status = 'voided'")
            .await,
        0,
        "nothing is taken back that is not paid for"
    );
    assert_eq!(used(&p).await, 3);

    p.grant(&project, 1).await;
    let voided = void(&p, &client, &project, &wanda, because())
        .await
        .expect(200);
    assert_eq!(
        voided,
        json!({"voided": 3, "charged": 3, "credited": 0, "pointsTakenBack": 0})
    );
    assert_eq!(used(&p).await, 6, "each place that opens is paid for anew");
    let points = p
        .call(Some(&worker), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(points["balance"], 15);
    assert_eq!(
        p.count("select count(*) from tasks where status = 'new' and queue_pos is not null")
            .await,
        3
    );
    p.assert_consistent().await;

    // An ADMIN finds out later that it was fraud.
    let admin = p.login("admin").await;
    let wanda = p.known_as(&client, &project, &wanda).await;
    let path = format!("/projects/{project}/workers/{wanda}/void");
    let fraud = json!({"reason": "a script", "fraud": true});
    for (credited, points) in [(3, 15), (0, 0)] {
        let made_good = p
            .call(Some(&admin), Method::POST, &path, Some(fraud.clone()))
            .await
            .expect(200);
        assert_eq!(
            made_good,
            json!({"voided": 0, "charged": 0, "credited": credited, "pointsTakenBack": points})
        );
        assert_eq!(used(&p).await, 3);
    }
    let points = p
        .call(Some(&worker), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(points["balance"], 0);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_waits_for_its_review_is_taken_back_for_nothing() {
    let (p, client, project) = bought(json!({}), 3, 4).await;
    let (wanda, worker) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let answers = p.work(&worker, &project, 3, "1").await;
    p.decide(&wim, &answers[0], "approve").await.expect(200);
    let voided = void(&p, &client, &project, &wanda, because())
        .await
        .expect(200);
    assert_eq!(
        voided,
        json!({"voided": 3, "charged": 1, "credited": 0, "pointsTakenBack": 0})
    );
    assert_eq!(used(&p).await, 4);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_calls_nothing_fraud_that_may_only_do_what_clients_do() {
    let members = json!({"reviewersPerAnswer": 0});
    let (p, client, project) = bought(members, 2, 2).await;
    let (wanda, worker) = p.register("wanda").await;
    p.work(&worker, &project, 2, "1").await;
    let wanda = p.known_as(&client, &project, &wanda).await;
    let path = format!("/projects/{project}/workers/{wanda}/void");
    let admin = p.login("admin").await;
    let expires = Utc::now() + TimeDelta::days(1);
    for (scopes, status) in [(json!(["MANAGE"]), 403), (json!(["MANAGE", "ADMIN"]), 200)] {
        let new = json!({"name": scopes.to_string(), "scopes": scopes, "expiresAt": expires});
        let made = p
            .call(Some(&admin), Method::POST, "/me/tokens", Some(new))
            .await
            .expect(201);
        let fraud = json!({"reason": "a script", "fraud": true});
        let token = made["token"].as_str();
        let told = p.call(token, Method::POST, &path, Some(fraud)).await;
        match status {
            200 => assert_eq!(told.expect(200)["pointsTakenBack"], 10),
            _ => {
                told.refused(status, "insufficient_scope");
            }
        }
    }
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_charged_where_no_place_opens_again() {
    let members = json!({"reviewersPerAnswer": 0});
    let (p, client, project) = bought(members, 2, 2).await;
    let (wanda, worker) = p.register("wanda").await;
    p.work(&worker, &project, 2, "1").await;
    let path = format!("/projects/{project}");
    let close = json!({"closed": true});
    p.call(Some(&client.token), Method::PATCH, &path, Some(close))
        .await
        .expect(200);
    let voided = void(&p, &client, &project, &wanda, because())
        .await
        .expect(200);
    assert_eq!(
        voided,
        json!({"voided": 2, "charged": 0, "credited": 0, "pointsTakenBack": 0})
    );
    assert_eq!(used(&p).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn fraud_in_a_closed_project_gives_back_what_was_paid_once() {
    let members = json!({"reviewersPerAnswer": 0});
    let (p, client, project) = bought(members, 2, 2).await;
    let (wanda, worker) = p.register("wanda").await;
    p.work(&worker, &project, 2, "1").await;
    let path = format!("/projects/{project}");
    let close = json!({"closed": true});
    p.call(Some(&client.token), Method::PATCH, &path, Some(close))
        .await
        .expect(200);
    let wanda = p.known_as(&client, &project, &wanda).await;
    let path = format!("/projects/{project}/workers/{wanda}/void");
    let admin = p.login("admin").await;
    for (voided, credited) in [(2, 2), (0, 0)] {
        let body = json!({"reason": "a script", "fraud": true});
        let told = p.call(Some(&admin), Method::POST, &path, Some(body)).await;
        assert_eq!(
            told.expect(200),
            json!({"voided": voided, "charged": 0, "credited": credited, "pointsTakenBack": 5 * voided})
        );
        assert_eq!(used(&p).await, 0);
    }
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_answers_back_says_why_and_it_is_recorded() {
    let (p, client, project) = bought(json!({}), 1, 1).await;
    let (wanda, worker) = p.register("wanda").await;
    p.work(&worker, &project, 1, "1").await;
    for reason in ["", "   ", "\u{200b}"] {
        void(&p, &client, &project, &wanda, json!({"reason": reason}))
            .await
            .refused(422, "invalid_request");
    }
    void(&p, &client, &project, &wanda, json!({}))
        .await
        .refused(422, "invalid_request");
    void(&p, &client, &project, &wanda, because())
        .await
        .expect(200);
    let admin = p.login("admin").await;
    let path = format!("/admin/audit?action=worker.voided&subject={wanda}");
    let audit = p
        .call(Some(&admin), Method::GET, &path, None)
        .await
        .expect(200);
    let entries = audit["items"].as_array().unwrap();
    assert_eq!(entries.len(), 1);
    let details = &entries[0]["details"];
    assert_eq!(
        (&details["reason"], &details["fraud"], &details["answers"]),
        (&json!("always the same option"), &json!(false), &json!(1))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_void_that_was_interrupted_is_carried_on_as_it_was_asked_for() {
    let members = json!({"reviewersPerAnswer": 0});
    let (p, client, project) = bought(members, 3, 10).await;
    let (wanda, worker) = p.register("wanda").await;
    p.work(&worker, &project, 3, "1").await;
    // As if the server had died between setting the charge aside and the first answer.
    let begun = Utc::now() - TimeDelta::minutes(2);
    sqlx::query(
        "insert into voids (project_id, user_id, actor, reason, fraud, up_to, charges, reserved, created_at)
         select project_id, user_id, user_id, 'x', false, max(id) - 1, true, 3, $1 from answers group by 1, 2",
    )
    .bind(begun)
    .execute(&p.rows)
    .await
    .unwrap();
    sqlx::query("update projects set tasks_used = tasks_used + 3")
        .execute(&p.rows)
        .await
        .unwrap();
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(
        p.count("select count(*) from answers where status = 'voided'")
            .await,
        2,
        "what was answered later is left alone"
    );
    assert_eq!(used(&p).await, 5, "what was set aside and not used is free");
    let rest = void(&p, &client, &project, &wanda, because())
        .await
        .expect(200);
    assert_eq!(
        rest,
        json!({"voided": 1, "charged": 1, "credited": 0, "pointsTakenBack": 0})
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_sees_who_rejects_much_and_whose_answers_are_rejected() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let (clara, carl) = (p.client("clara").await, p.client("carl").await);
    let (_, author) = p.register("author").await;
    let (harsh, reviewer) = p.register("harsh").await;
    let mut tenants = Vec::new();
    for (client, rejects) in [(&clara, true), (&carl, false)] {
        let project = p.project(client, json!({})).await;
        p.loaded(client, &project, 2, 10).await;
        for answer in p.work(&author, &project, 2, "1").await {
            if rejects {
                p.reject(&reviewer, &answer, "no").await.expect(200);
            } else {
                p.decide(&reviewer, &answer, "approve").await.expect(200);
            }
        }
        let me = p.me(client).await;
        tenants.push(me["tenant"]["name"].as_str().unwrap().to_owned());
    }
    let admin = p.login("admin").await;
    let get = async |path: String| {
        p.call(Some(&admin), Method::GET, &path, None)
            .await
            .expect(200)["items"]
            .clone()
    };
    let all = get("/admin/reviewers".into()).await;
    assert_eq!(
        all,
        json!([{"userId": harsh, "reviews": 4, "rejections": 2, "rejectionRate": 0.5}])
    );
    let of_one = get(format!("/admin/reviewers?tenant={}", tenants[0])).await;
    assert_eq!(
        (&of_one[0]["reviews"], &of_one[0]["rejectionRate"]),
        (&json!(2), &json!(1.0))
    );
    let shares = get("/admin/rejections".into()).await;
    let of = |name: &str| {
        let mut rows = shares.as_array().unwrap().iter();
        rows.find(|r| r["name"] == name).unwrap()["rejectedShare"].clone()
    };
    assert_eq!((of(&tenants[0]), of(&tenants[1])), (json!(1.0), json!(0.0)));
}
