//! What gold says of workers: it counts before what others say, in the labels, in who may stay, and in what the owner reads.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    scheduled,
    support::{Actor, Platform},
};

impl Platform {
    /// As the CronJob does it.
    pub async fn fit_skills(&self) {
        let fitted = scheduled::run(self, "consensus", &[]).await;
        assert!(fitted.status.success(), "{fitted:?}");
    }

    /// Answers what comes, and gold always right or always wrong.
    pub async fn answers_gold(&self, worker: &str, project: &str, count: usize, right: bool) {
        for _ in 0..count {
            let tasks = self.claim(worker, project, 1).await.expect(200)["tasks"].clone();
            let id = tasks[0]["id"].as_i64().unwrap();
            let known: Option<String> = sqlx::query_scalar(
                "select i.expected->>'rating' from gold_draws g join gold_items i on i.id = g.item_id where g.id = $1",
            )
            .bind(id)
            .fetch_optional(&self.rows)
            .await
            .unwrap();
            let say = match known {
                Some(expected) if right => expected,
                Some(_) => "-1".to_owned(),
                None => "1".to_owned(),
            };
            self.submit(worker, &tasks[0], &say).await.expect(201);
        }
    }
}

pub async fn mixed(members: Value) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let mut labeling = json!({"reviewersPerAnswer": 0, "gold": {"onboarding": 8}});
    for (name, value) in members.as_object().unwrap() {
        labeling[name] = value.clone();
    }
    let project = p.project(&client, labeling).await;
    p.loaded(&client, &project, 6, 6).await;
    p.gold_rows(&client, &project, 8).await;
    (p, client, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_is_wrong_on_enough_gold_is_blocked_and_nobody_for_less() {
    let qualification = json!({"minSkill": "0.7", "action": "BLOCK", "minGold": 8});
    let (p, client, project) = mixed(json!({"qualification": qualification})).await;
    let ((_, good), (_, bad)) = (p.register("good").await, p.register("bad").await);
    p.answers_gold(&good, &project, 8, true).await;
    p.answers_gold(&bad, &project, 7, false).await;
    p.fit_skills().await;
    let blocked = "select count(*) from project_workers where standing = 'blocked'";
    assert_eq!(p.count(blocked).await, 0, "seven of eight");
    p.answers_gold(&bad, &project, 1, false).await;
    let path = format!("/projects/{project}/quality/workers");
    let workers = p
        .call(Some(&client.token), Method::GET, &path, None)
        .await
        .expect(200);
    let found: Vec<_> = workers["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|w| {
            (
                w["goldAnswers"].clone(),
                w["goldRight"].clone(),
                w["goldHigh"].as_f64().unwrap() < 0.7,
            )
        })
        .collect();
    assert!(found.contains(&(json!(8), json!(8), false)), "{found:?}");
    assert!(found.contains(&(json!(8), json!(0), true)), "{found:?}");
    p.fit_skills().await;
    assert_eq!(p.count(blocked).await, 1);
    p.claim(&bad, &project, 1).await.refused(403, "blocked");
    p.claim(&good, &project, 1).await.expect(200);
    let by_gold =
        "select count(*) from worker_qualifications where by_gold and correct = 0 and total = 8";
    assert_eq!(p.count(by_gold).await, 1);
    // Gold that turns out to be wrong counts no more.
    for item in p.gold_list(&client, &project).await {
        let path = format!("/projects/{project}/gold/{}", item["id"]);
        p.call(Some(&client.token), Method::DELETE, &path, None)
            .await
            .expect(204);
    }
    p.fit_skills().await;
    assert_eq!(
        p.count("select coalesce(sum(gold_total), 0) from worker_skills")
            .await,
        0
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_label_of_a_task_goes_by_gold_where_there_is_some() {
    let consensus =
        json!({"field": "rating", "minAnswers": 1, "maxAnswers": 3, "confidence": "0.9"});
    let (p, _, project) = mixed(json!({"consensus": consensus})).await;
    let (_, good) = p.register("good").await;
    p.answers_gold(&good, &project, 8, true).await;
    p.answers_gold(&good, &project, 1, true).await;
    let grown = "select count(*) from tasks where slots > 1";
    assert_eq!(p.count(grown).await, 1, "of who is new nothing is known");
    p.fit_skills().await;
    p.answers_gold(&good, &project, 1, true).await;
    assert_eq!(
        p.count(grown).await,
        1,
        "one answer of who was right eight times is sure: 17/18"
    );
    assert_eq!(
        p.count("select count(*) from tasks where status = 'approved'")
            .await,
        1
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gold_is_taken_back_with_the_rest_of_a_workers_answers() {
    let (p, client, project) = mixed(json!({})).await;
    let (_, bad) = p.register("bad").await;
    p.answers_gold(&bad, &project, 10, false).await;
    let workers = format!("/projects/{project}/workers");
    let list = p
        .call(Some(&client.token), Method::GET, &workers, None)
        .await
        .expect(200);
    let worker = list["items"][0]["workerId"].as_str().unwrap().to_owned();
    let admin = p.login("admin").await;
    let void = format!("{workers}/{worker}/void");
    let why = json!({"reason": "always the same", "fraud": true});
    let voided = p
        .call(Some(&admin), Method::POST, &void, Some(why))
        .await
        .expect(200);
    assert_eq!(
        (&voided["voided"], &voided["pointsTakenBack"]),
        (&json!(2), &json!(50))
    );
    let mine = p.my_answers(&bad).await;
    assert!(
        mine.iter()
            .all(|a| a["status"] == "VOIDED" && a["points"] == 0),
        "{mine:#?}"
    );
    let points = p
        .call(Some(&bad), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(points["balance"], 0);
    p.assert_consistent().await;
}
