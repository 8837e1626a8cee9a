//! Items of an inbox that people are asked about: which, what it costs, what they see, and what becomes of it.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{
    InboxSetting as Setting, inbox_setting_with as setting_with, said_at, unreadable, wav,
};

/// A form that plays the recording, answered by so many people.
fn form_of(answers: i64) -> Value {
    json!({
        "display": [{"column": "file", "kind": "AUDIO"}], "externalIdColumn": "name",
        "answersPerTask": answers, "reviewersPerAnswer": 0,
    })
}

async fn setting(people: Value, answers: i64, quota: i64) -> Setting {
    let s = setting_with(form_of(answers), people).await;
    if quota > 0 {
        s.p.grant(&s.project, quota).await;
    }
    s
}

impl Setting {
    /// What people have to do with an item.
    async fn crowd(&self, item: &Value) -> Value {
        self.seen(item).await["crowd"].clone()
    }

    /// A new item of which the model is as sure as this.
    async fn said_at(&self, probability: f64) -> Value {
        let item = self.send(&wav(b"an item")).await;
        let lease = Uuid::new_v4();
        let leased = self.lease(lease, 0).await;
        self.report_as(lease, said_at(&leased, probability))
            .await
            .expect(204);
        item
    }

    async fn used(&self) -> i64 {
        self.p.count("select tasks_used from projects").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_everybody_is_asked_an_item_is_played_answered_and_paid_for() {
    let s = setting(json!({"crowd": "Always"}), 2, 10).await;
    let bytes = wav(b"who is it");
    let item = s.send(&bytes).await;
    let asked = json!({"state": "ASKED", "answers": 0, "wanted": 2, "answer": {}});
    assert_eq!(s.crowd(&item).await, asked);
    assert_eq!(s.used().await, 2);
    let (_, wanda) = s.p.register("wanda").await;
    let (_, wim) = s.p.register("wim").await;
    let projects =
        s.p.call(Some(&wanda), Method::GET, "/work/projects", None)
            .await
            .expect(200);
    assert_eq!(projects["items"][0]["progress"]["open"], 1, "{projects}");
    for worker in [&wanda, &wim] {
        let task = s.p.claim(worker, &s.project, 5).await.expect(200)["tasks"][0].clone();
        assert_eq!(task["id"], item["taskId"]);
        assert_eq!(task["payload"]["name"], "call.wav");
        assert!(task.get("predictions").is_none() && task["payload"].get("label").is_none());
        let link = s.p.media(worker, &task, "file").await;
        assert_eq!(link.status, 307, "{:#}", link.body);
        let link = link.headers["location"].to_str().unwrap().to_owned();
        let played = s.p.http.get(&link).send().await.unwrap();
        assert_eq!(played.bytes().await.unwrap(), bytes);
        s.p.submit(worker, &task, "1").await.expect(201);
        s.p.assert_consistent().await;
    }
    let answered =
        json!({"state": "ANSWERED", "answers": 2, "wanted": 2, "answer": {"rating": "1"}});
    assert_eq!(s.crowd(&item).await, answered);

    // The model answers as well, and what it says changes nothing of that.
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    s.report(lease, &leased).await.expect(204);
    let seen = s.seen(&item).await;
    assert_eq!(
        (&seen["state"], &seen["crowd"]),
        (&json!("PREDICTED"), &answered)
    );
    // The next one opens again what had come to its end.
    let next = s.send(&wav(b"and who is that")).await;
    assert_eq!(s.crowd(&next).await["state"], "ASKED");
    let path = format!("/projects/{}", s.project);
    let token = Some(s.client.token.as_str());
    let project = s.p.call(token, Method::GET, &path, None).await.expect(200);
    assert_eq!(project["state"], "ACTIVE");
    assert_eq!(project["tasks"]["total"], 2, "{project}");
    assert_eq!(s.used().await, 4);
    let named = "select count(*) from tasks where external_id = 'call.wav'";
    assert_eq!(s.p.count(named).await, 2);
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_quota_an_item_is_predicted_and_people_are_asked_once_there_is_some() {
    let s = setting(json!({"crowd": "Always"}), 3, 2).await;
    let item = s.said_at(0.9).await;
    let seen = s.seen(&item).await;
    assert_eq!(seen["state"], "PREDICTED");
    assert_eq!(seen["crowd"]["state"], "AWAITING_QUOTA");
    let message = seen["crowd"]["message"].as_str().unwrap();
    assert!(message.contains("/payments/checkout"), "{message}");
    s.p.sweep_in(0).await;
    assert_eq!(s.used().await, 0);
    s.p.assert_consistent().await;
    s.p.grant(&s.project, 2).await;
    s.p.sweep_in(0).await;
    assert_eq!(s.crowd(&item).await["state"], "ASKED");
    assert_eq!(s.used().await, 3);
    // One judgement is left, and an item takes three or none.
    let next = s.send(&wav(b"next")).await;
    assert_eq!(s.crowd(&next).await["state"], "AWAITING_QUOTA");
    assert_eq!(s.used().await, 3);
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_asked_where_the_model_is_not_sure_fails_or_says_nothing() {
    let people = json!({"crowd": "Uncertain", "askBelow": 0.8, "holdSeconds": 60});
    let s = setting(people, 1, 10).await;
    let sure = s.said_at(0.8).await;
    assert_eq!(s.crowd(&sure).await["state"], "NOT_NEEDED");
    assert_eq!(s.used().await, 0);
    let unsure = s.said_at(0.79).await;
    assert_eq!(s.crowd(&unsure).await["state"], "ASKED");

    let broken = s.send(&wav(b"broken")).await;
    let lease = Uuid::new_v4();
    let leased = s.lease(lease, 0).await;
    s.report_as(lease, unreadable(&leased)).await.expect(204);
    let seen = s.seen(&broken).await;
    assert_eq!(
        (&seen["state"], &seen["crowd"]["state"]),
        (&json!("FAILED"), &json!("ASKED"))
    );

    let late = s.send(&wav(b"late")).await;
    assert_eq!(s.crowd(&late).await["state"], "PENDING");
    s.p.sweep_in(50).await;
    assert_eq!(s.crowd(&late).await["state"], "PENDING");
    s.p.sweep_in(61).await;
    assert_eq!(s.crowd(&late).await["state"], "ASKED");
    // A word that comes too late takes nothing back.
    let leased = s.lease(lease, 0).await;
    assert_eq!(leased["taskId"], late["taskId"]);
    s.report_as(lease, said_at(&leased, 1.0)).await.expect(204);
    assert_eq!(s.crowd(&late).await["state"], "ASKED");
    s.p.sweep_in(3600).await;
    assert_eq!(s.crowd(&sure).await["state"], "NOT_NEEDED");
    assert_eq!(s.used().await, 3);
    let settled = "select count(*) from inbox_items where look_at is not null";
    assert_eq!(s.p.count(settled).await, 0);
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_over_which_every_predictor_ended_goes_to_people() {
    let people = json!({"crowd": "Uncertain", "askBelow": 0.5});
    let s = setting(people, 1, 10).await;
    let item = s.send(&wav(b"deadly")).await;
    for _ in 0..3 {
        let leased = s.lease(Uuid::new_v4(), 0).await;
        assert_eq!(leased["taskId"], item["taskId"]);
        sqlx::query("update prediction_queue set leased_until = now()")
            .execute(&s.p.rows)
            .await
            .unwrap();
    }
    assert!(s.lease(Uuid::new_v4(), 0).await.is_null());
    let seen = s.seen(&item).await;
    assert_eq!(
        (&seen["models"][0]["reason"], &seen["crowd"]["state"]),
        (&json!("CRASHED"), &json!("ASKED"))
    );
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_with_people_ends_no_project_and_keeps_none_open() {
    let form = json!({"reviewersPerAnswer": 0});
    let s = setting_with(form, json!({"crowd": "Always"})).await;
    s.p.grant(&s.project, 10).await;
    let settle = || sqlx::query("select project_settle_v1(id) from projects").execute(&s.p.rows);
    s.send(&wav(b"open")).await;
    let dataset = s.p.loaded(&s.client, &s.project, 1, 1).await;
    sqlx::query("update datasets set state = 'completed' where id = $1::uuid")
        .bind(&dataset)
        .execute(&s.p.rows)
        .await
        .unwrap();
    settle().await.unwrap();
    let completed = "select count(*) from projects where state = 'completed'";
    assert_eq!(s.p.count(completed).await, 1, "an open item keeps it open");
    // Its people work on all the same.
    let (_, wanda) = s.p.register("wanda").await;
    let tasks = s.p.claim(&wanda, &s.project, 5).await.expect(200);
    assert_eq!(tasks["tasks"].as_array().unwrap().len(), 2, "{tasks}");
    for task in tasks["tasks"].as_array().unwrap() {
        s.p.submit(&wanda, task, "0").await.expect(201);
    }
    let open = "select count(*) from datasets where inbox is not null and (state <> 'ready' or open_batches > 0)";
    assert_eq!(s.p.count(open).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_applied_again_asks_again_what_nobody_answered() {
    let s = setting_with(form_of(1), json!({"crowd": "Never"})).await;
    s.p.grant(&s.project, 10).await;
    let mut resource = s.p.inbox_resource(&s.project, "calls").await;
    resource["spec"]["source"]["inbox"] =
        json!({"crowd": "Uncertain", "askBelow": 0.8, "holdSeconds": 60});
    let put = async |resource: &Value| {
        let put =
            s.p.trusted(Method::PUT, "/internal/datasets", Some(resource.clone()));
        put.await.expect(200)["id"].as_str().unwrap().to_owned()
    };
    let inbox = put(&resource).await;
    let send = async || {
        let file = wav(b"again");
        let parts = [
            ("inbox", None, inbox.as_bytes()),
            ("file", Some("a.wav"), file.as_slice()),
        ];
        let body = crate::support::form(&parts);
        let sent = s.p.send_form(&s.client, "/upload", body, None).await;
        let item = sent.expect(202);
        let lease = Uuid::new_v4();
        let leased = s.lease(lease, 0).await;
        s.report_as(lease, said_at(&leased, 0.5)).await.expect(204);
        item
    };
    let (answered, waiting) = (send().await, send().await);
    let (_, wanda) = s.p.register("wanda").await;
    let task = s.p.claim(&wanda, &s.project, 1).await.expect(200)["tasks"][0].clone();
    assert_eq!(task["id"], answered["taskId"]);
    s.p.submit(&wanda, &task, "1").await.expect(201);
    let uid = resource["uid"].as_str().unwrap();
    let path = format!("/internal/datasets/{inbox}?uid={uid}&policy=Retain");
    while s.p.trusted(Method::DELETE, &path, None).await.status == 202 {}
    s.p.sweep_in(3600).await;
    assert_eq!(s.used().await, 1, "what nobody answered is given back");
    s.p.assert_consistent().await;
    resource["uid"] = json!(Uuid::new_v4());
    assert_eq!(put(&resource).await, inbox);
    s.p.sweep_in(0).await;
    assert_eq!(s.crowd(&waiting).await["state"], "ASKED");
    assert_eq!(s.crowd(&answered).await["state"], "ANSWERED");
    assert_eq!(s.used().await, 2);
    let path = format!("/datasets/{inbox}");
    let token = Some(s.client.token.as_str());
    let seen = s.p.call(token, Method::GET, &path, None).await.expect(200);
    let rule = json!({"crowd": "UNCERTAIN", "askBelow": 0.8, "holdSeconds": 60});
    assert_eq!(seen["inbox"], rule);
    s.p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_together_of_an_inbox_is_refused_in_words() {
    let s = setting(json!({"crowd": "Never"}), 1, 0).await;
    for (people, why) in [
        (json!({"crowd": "Uncertain"}), "source.inbox.askBelow"),
        (
            json!({"crowd": "Uncertain", "askBelow": 1.5}),
            "from 0 to 1",
        ),
        (
            json!({"crowd": "Always", "askBelow": 0.5}),
            "belongs to crowd: Uncertain",
        ),
        (json!({"holdSeconds": 5}), "source.inbox.holdSeconds"),
        (
            json!({"crowd": "Uncertain", "askBelow": 0.5, "holdSeconds": 0}),
            "between 1 and 86400",
        ),
    ] {
        let mut resource = s.p.inbox_resource(&s.project, "odd").await;
        resource["spec"]["source"]["inbox"] = people.clone();
        let put =
            s.p.trusted(Method::PUT, "/internal/datasets", Some(resource));
        let refused = put.await.refused(422, "invalid_spec");
        assert!(refused.to_string().contains(why), "{people}: {refused}");
    }
}
