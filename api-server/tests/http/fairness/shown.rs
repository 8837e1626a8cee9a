//! Who has seen an answer neither gives another of its task nor judges for the one who pays.

use datacrowd_crds::Project;
use kube::Api;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{get, setting};
use crate::support::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn who_was_shown_an_answer_is_never_offered_its_task() {
    let (p, _, project) = setting(json!({"answersPerTask": 2}), 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let answers = p.work(&wanda, &project, 2, "1").await;
    let first = p.shown(&wim, &project).await.expect(200)["review"].clone();
    let again = p.shown(&wim, &project).await.expect(200)["review"].clone();
    assert_eq!(first, again, "who looks again is shown the same answer");
    assert_eq!(first["answerId"], answers[0]);
    let body = json!({"projectId": project, "count": 1});
    let claimed = p
        .call(Some(&wim), Method::POST, "/reviews/claim", Some(body))
        .await
        .expect(200);
    assert_eq!(claimed["reviews"], json!([first]), "and so when they claim");

    let barred = &first["task"]["id"];
    p.call(
        Some(&wim),
        Method::POST,
        &format!("/tasks/{barred}/lock"),
        None,
    )
    .await
    .refused(404, "not_found");
    let next = get(&p, &wim, &format!("/tasks/next?projectId={project}")).await;
    assert_ne!(&next["task"]["id"], barred);
    let tasks = p.claim(&wim, &project, 10).await.expect(200)["tasks"].clone();
    let tasks = tasks.as_array().unwrap();
    assert_eq!(tasks.len(), 1, "the other task only: {tasks:#?}");
    assert_ne!(&tasks[0]["id"], barred);

    p.decide(&wim, &answers[0], "approve").await.expect(200);
    p.undo(&wim, &answers[0]).await.expect(200);
    p.lease(&wim, &tasks[0], "unlock").await.expect(204);
    let tasks = p.claim(&wim, &project, 10).await.expect(200)["tasks"].clone();
    assert_eq!(
        tasks.as_array().unwrap().len(),
        1,
        "a decision that was undone was a look all the same"
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_holds_or_answered_a_task_is_shown_no_answer_of_it() {
    let (p, _, project) = setting(json!({"answersPerTask": 2}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let task = p.claim(&wim, &project, 1).await.expect(200)["tasks"][0].clone();
    let answer = p.work(&wanda, &project, 1, "1").await.remove(0);
    p.shown(&wim, &project)
        .await
        .refused(404, "no_review_available");
    p.decide(&wim, &answer, "approve")
        .await
        .refused(403, "own_task");
    p.submit(&wim, &task, "1").await.expect(201);
    p.shown(&wim, &project)
        .await
        .refused(404, "no_review_available");
    p.shown(&wanda, &project)
        .await
        .refused(404, "no_review_available");
    p.assert_consistent().await;
}

impl Platform {
    /// Tasks of the only project that starve, as the operator's next look at it finds.
    pub async fn starved(&self) -> Value {
        let row: (String, String, Uuid, i64) =
            sqlx::query_as("select namespace, name, bound_uid, generation from projects")
                .fetch_one(&self.rows)
                .await
                .unwrap();
        let api: Api<Project> = Api::namespaced(self.cluster.clone(), &row.0);
        let spec = api.get(&row.1).await.unwrap().spec;
        let tenant: String = sqlx::query_scalar("select name from tenants")
            .fetch_one(&self.rows)
            .await
            .unwrap();
        let body = json!({"namespace": row.0, "tenant": tenant, "name": row.1, "uid": row.2, "generation": row.3, "spec": spec});
        let view = self
            .trusted(Method::PUT, "/internal/projects", Some(body))
            .await
            .expect(200);
        view["tasks"]["starved"].clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_that_everybody_on_the_list_has_seen_counts_as_starved() {
    let members = json!({"audience": "MEMBERS", "answersPerTask": 2});
    let (p, client, project) = setting(members, 1).await;
    let (wanda, author) = p.register("wanda").await;
    let (wim, reviewer) = p.register("wim").await;
    for worker in [&wanda, &wim] {
        let path = format!("/projects/{project}/workers/{worker}");
        p.call(Some(&client.token), Method::PUT, &path, None)
            .await
            .expect(200);
    }
    p.work(&author, &project, 1, "1").await;
    assert_eq!(p.starved().await, 0, "the other one may take it");
    let shown = p.shown(&reviewer, &project).await.expect(200);
    assert_eq!(
        p.starved().await,
        1,
        "the other one has seen an answer of it"
    );
    p.decide(&reviewer, &shown["review"]["answerId"], "approve")
        .await
        .expect(200);
    assert_eq!(p.starved().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_the_owning_tenant_is_no_judge_of_its_answers() {
    let (p, client, project) = setting(json!({}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let answer = p.work(&wanda, &project, 1, "1").await.remove(0);
    let me = p.me(&client).await;
    let admin = p.login("admin").await;
    let path = format!("/admin/users/{}/role", me["id"].as_str().unwrap());
    p.call(
        Some(&admin),
        Method::PATCH,
        &path,
        Some(json!({"role": "WORKER"})),
    )
    .await
    .expect(200);
    let member = p.login(me["username"].as_str().unwrap()).await;
    p.shown(&member, &project).await.refused(403, "own_project");
    p.call(Some(&member), Method::GET, "/reviews/next", None)
        .await
        .refused(404, "no_review_available");
    p.reject(&member, &answer, "I do not want to pay for it")
        .await
        .refused(403, "own_project");
    p.decide(&member, &answer, "approve")
        .await
        .refused(403, "own_project");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_the_owning_tenant_takes_back_no_decision_of_before() {
    let (p, client, project) = setting(json!({}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (wim, reviewer) = p.register("wim").await;
    let answer = p.work(&wanda, &project, 1, "1").await.remove(0);
    p.decide(&reviewer, &answer, "approve").await.expect(200);
    let tenant = p.me(&client).await["tenant"]["name"].clone();
    let admin = p.login("admin").await;
    let path = format!("/admin/users/{wim}/role");
    for role in [
        json!({"role": "CLIENT", "tenant": tenant}),
        json!({"role": "WORKER"}),
    ] {
        p.call(Some(&admin), Method::PATCH, &path, Some(role))
            .await
            .expect(200);
    }
    let member = p.login("wim").await;
    p.undo(&member, &answer).await.refused(403, "own_project");
    assert_eq!(
        p.count("select count(*) from answers where status = 'approved'")
            .await,
        1
    );
}
