//! What is done about workers who are wrong too often, and who has the last word.

use chrono::Utc;
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    consensus::answered_so,
    scheduled,
    support::{Actor, Platform},
};

/// Four workers have answered six tasks: wanda and wim say the same, willy and mallory never do, nor does anybody else say what they
/// say. Five tasks are open.
pub async fn answered_where(action: &str) -> (Platform, Actor, String) {
    let said = [
        ("wanda", &["1"; 6][..]),
        ("wim", &["1"; 6]),
        ("willy", &["0"; 6]),
        ("mallory", &["-1"; 6]),
    ];
    let (p, client, project) = answered_so(json!({"field": "rating"}), &said).await;
    let members = json!({
        "answersPerTask": 4, "reviewersPerAnswer": 0, "consensus": {"field": "rating"},
        "qualification": {"minSkill": "0.8", "action": action}
    });
    p.relabel(&client, &project, members).await;
    p.loaded(&client, &project, 5, 5).await;
    (p, client, project)
}

impl Platform {
    /// As the CronJob does it.
    async fn fit(&self) {
        let fitted = scheduled::run(self, "consensus", &[]).await;
        assert!(fitted.status.success(), "{fitted:?}");
    }

    /// Who is disqualified, and how.
    async fn disqualified(&self, client: &Actor, project: &str) -> Vec<(String, Value, Value)> {
        let path = format!("/projects/{project}/workers");
        let list = self
            .call(Some(&client.token), Method::GET, &path, None)
            .await
            .expect(200);
        let workers = list["items"].as_array().unwrap().iter();
        workers
            .filter(|worker| !worker["disqualified"].is_null())
            .map(|worker| {
                let id = worker["workerId"].as_str().unwrap().to_owned();
                (
                    id,
                    worker["standing"].clone(),
                    worker["disqualified"].clone(),
                )
            })
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_is_surely_wrong_too_often_is_blocked_until_the_owner_says_otherwise() {
    let (p, client, project) = answered_where("BLOCK").await;
    let mallory = p.login("mallory").await;
    let held = p.claim(&mallory, &project, 2).await.expect(200)["tasks"].clone();
    p.fit().await;
    let found = p.disqualified(&client, &project).await;
    let blocked =
        |(_, standing, action): &(String, Value, Value)| standing == "BLOCKED" && action == "BLOCK";
    assert!(found.len() == 2 && found.iter().all(blocked), "{found:?}");
    let below = async || p.core.backlog(Utc::now()).await.unwrap().below_skill;
    assert_eq!(below().await, [("warn", 0), ("review", 0), ("block", 2)]);
    p.submit(&mallory, &held[0], "1")
        .await
        .refused(403, "blocked");
    p.claim(&mallory, &project, 1).await.refused(403, "blocked");
    assert_eq!(p.count("select count(*) from leases").await, 0);
    let approved = "select count(*) from answers where status = 'approved'";
    assert_eq!(p.count(approved).await, 24, "what they did before stays");
    for good in ["wanda", "wim"] {
        let token = p.login(good).await;
        p.claim(&token, &project, 1).await.expect(200);
    }
    let events: Vec<String> = sqlx::query_scalar("select data->>'total' from events where kind = 'worker.disqualified' and data->>'project' = $1")
        .bind(&project)
        .fetch_all(&p.rows)
        .await
        .unwrap();
    assert_eq!(events, ["6", "6"]);
    // Let in again, they stay in.
    for (worker, _, _) in &found {
        let path = format!("/projects/{project}/workers/{worker}");
        p.delete(&client, &path).await.expect(204);
    }
    p.fit().await;
    assert_eq!(p.disqualified(&client, &project).await, []);
    assert_eq!(below().await[2], ("block", 0));
    p.claim(&mallory, &project, 1).await.expect(200);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_of_a_worker_who_is_wrong_too_often_are_reviewed() {
    let (p, client, project) = answered_where("REVIEW").await;
    p.fit().await;
    let found = p.disqualified(&client, &project).await;
    assert!(
        found
            .iter()
            .all(|(_, standing, action)| standing.is_null() && action == "REVIEW")
    );
    let status = async |name: &str| {
        let token = p.login(name).await;
        let task = p.claim(&token, &project, 1).await.expect(200)["tasks"][0].clone();
        p.submit(&token, &task, "1").await.expect(201)["status"].clone()
    };
    assert_eq!(status("mallory").await, "IN_REVIEW");
    assert_eq!(status("wanda").await, "APPROVED");
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_is_told_of_workers_who_are_wrong_too_often() {
    let (p, client, project) = answered_where("WARN").await;
    p.fit().await;
    p.fit().await;
    let found = p.disqualified(&client, &project).await;
    assert!(
        found.len() == 2
            && found
                .iter()
                .all(|(_, standing, action)| standing.is_null() && action == "WARN")
    );
    let mallory = p.login("mallory").await;
    p.claim(&mallory, &project, 1).await.expect(200);
}
