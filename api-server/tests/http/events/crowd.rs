//! Events of whom a client invites, of whom a project finds good enough, and of tasks that wait for somebody.

use datacrowd_notifications::EventType::{self, *};
use reqwest::Method;
use serde_json::{Value, json};

use super::support::{assert_told, assert_valid};
use crate::{
    fairness::setting,
    gold_skill::mixed,
    support::{Actor, Platform},
};

pub const TOLD: &[EventType] = &[TaskStarved, UserInvited, WorkerQualified];

impl Platform {
    /// Events of a project that are of this type, told up to now.
    async fn told_of(&self, client: &Actor, project: &str, kind: EventType) -> Vec<Value> {
        self.relay().await;
        let mut events = self.events(client, project).await;
        assert_valid(&events);
        events.retain(|event| event["type"] == kind.name());
        events
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_who_passes_is_told_once_with_the_last_of_the_gold_for_newcomers() {
    let qualification = json!({"minSkill": "0.7", "action": "BLOCK"});
    let (p, client, project) = mixed(json!({"qualification": qualification})).await;
    let ((_, good), (_, bad)) = (p.register("good").await, p.register("bad").await);
    p.answers_gold(&good, &project, 7, true).await;
    p.answers_gold(&bad, &project, 8, false).await;
    p.fit_skills().await;
    let passed = async || p.told_of(&client, &project, WorkerQualified).await;
    assert_eq!(passed().await, Vec::<Value>::new(), "seven of eight");
    p.answers_gold(&good, &project, 1, true).await;
    for _ in 0..2 {
        p.fit_skills().await;
        let told = passed().await;
        assert_eq!(told.len(), 1, "{told:?}");
        let data = &told[0]["data"];
        assert_eq!((&data["correct"], &data["total"]), (&json!(8), &json!(8)));
        assert_eq!(data["action"], Value::Null);
    }
    p.tell_people().await;
    let of = async |token: &str| -> Vec<String> {
        let told = p.notices(token).await;
        let types = told["items"].as_array().unwrap().iter();
        types
            .map(|n| n["type"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(of(&good).await, [WorkerQualified.name()]);
    assert!(!of(&bad).await.contains(&WorkerQualified.name().to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_nobody_on_the_list_can_go_on_with_is_told_until_somebody_can() {
    let members = json!({"audience": "MEMBERS"});
    let (p, client, project) = setting(members, 2).await;
    let starving = async || p.told_of(&client, &project, TaskStarved).await.len();
    assert_eq!((p.starved().await, starving().await), (json!(2), 2));
    assert_eq!((p.starved().await, starving().await), (json!(2), 2));
    let (wanda, _) = p.register("wanda").await;
    let path = |worker: &str| format!("/projects/{project}/workers/{worker}");
    let account = path(&wanda);
    let put = p.call(Some(&client.token), Method::PUT, &account, None);
    put.await.expect(200);
    assert_eq!((p.starved().await, starving().await), (json!(0), 2));
    let known = path(&p.known_as(&client, &project, &wanda).await);
    let removed = p.call(Some(&client.token), Method::DELETE, &known, None);
    removed.await.expect(204);
    assert_eq!((p.starved().await, starving().await), (json!(2), 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_is_told_of_who_is_invited_to_it_and_no_other_is() {
    let p = Platform::start().await;
    let (client, other) = (p.client("clara").await, p.client("cecil").await);
    let admin = p.login("admin").await;
    let tenant = p.me(&client).await["tenant"]["name"].clone();
    for body in [
        json!({"role": "CLIENT", "tenant": tenant}),
        json!({"role": "CLIENT"}),
        json!({"role": "WORKER"}),
    ] {
        let path = "/admin/invitations";
        let issued = p.call(Some(&admin), Method::POST, path, Some(body)).await;
        issued.expect(201);
    }
    p.relay().await;
    let events = async |actor: &Actor| {
        let all = p
            .call(Some(&actor.token), Method::GET, "/events", None)
            .await;
        let mut all = all.expect(200)["items"].as_array().unwrap().clone();
        all.retain(|event| event["type"] == UserInvited.name());
        all
    };
    let told = events(&client).await;
    assert_valid(&told);
    assert_told(&told, &[UserInvited]);
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["data"]["role"], "CLIENT");
    let source = told[0]["source"].as_str().unwrap();
    assert!(!source.contains("projects"), "{source}");
    assert_eq!(events(&other).await, Vec::<Value>::new());
}
