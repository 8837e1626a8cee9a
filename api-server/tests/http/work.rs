//! Finding work: rotation over projects, and why there is none.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::json;

use crate::support::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn work_rotates_over_the_projects_that_have_some() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let mut projects = Vec::new();
    for _ in 0..3 {
        let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
        p.loaded(&client, &project, 4, 4).await;
        projects.push(project);
    }
    p.project(&client, json!({})).await;
    let (_, wanda) = p.register("wanda").await;
    let mut seen = Vec::new();
    for _ in 0..6 {
        let next = p
            .call(Some(&wanda), Method::GET, "/tasks/next", None)
            .await
            .expect(200);
        let claimed = p
            .call(Some(&wanda), Method::POST, "/tasks/claim", Some(json!({})))
            .await
            .expect(200);
        let task = &claimed["tasks"][0];
        assert_eq!(
            next["task"]["projectId"], task["projectId"],
            "next shows what a claim would take"
        );
        seen.push(task["projectId"].as_str().unwrap().to_owned());
        p.submit(&wanda, task, "0").await.expect(201);
    }
    for half in [&seen[..3], &seen[3..]] {
        let mut half = half.to_vec();
        half.sort();
        let mut all = projects.clone();
        all.sort();
        assert_eq!(half, all, "each project has its turn");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_without_a_task_is_told_why_and_when_to_come_back() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let why = async |token: &str, project: &str| {
        let none = p.claim(token, project, 1).await;
        assert!(none.headers.contains_key("retry-after"));
        let body = none.refused(404, "no_task_available");
        assert!(body["details"]["retryAfter"].as_i64().unwrap() > 0);
        body["details"].clone()
    };
    assert_eq!(why(&wanda, &project).await["reason"], "DONE");
    p.loaded(&client, &project, 1, 1).await;
    let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    let leased = why(&wim, &project).await;
    assert_eq!(
        (&leased["reason"], &leased["leasedUntil"]),
        (&json!("ALL_LEASED"), &task["lease"]["expiresAt"])
    );
    let body = json!({"leaseToken": task["lease"]["token"], "reason": "not my language"});
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/tasks/{}/skip", task["id"]),
        Some(body),
    )
    .await
    .expect(204);
    assert_eq!(why(&wanda, &project).await["reason"], "ALL_SEEN");
    p.work(&wim, &project, 1, "0").await;
    assert_eq!(why(&wanda, &project).await["reason"], "IN_REVIEW");
    let pause = json!({"paused": true});
    p.call(
        Some(&client.token),
        Method::PATCH,
        &format!("/projects/{project}"),
        Some(pause),
    )
    .await
    .expect(200);
    assert_eq!(
        why(&wanda, &project).await["reason"],
        "IN_REVIEW",
        "there is still something to review"
    );
    let (_, willa) = p.register("willa").await;
    let everywhere = p
        .call(Some(&willa), Method::POST, "/tasks/claim", Some(json!({})))
        .await
        .refused(404, "no_task_available");
    assert_eq!(everywhere["details"]["reason"], "IN_REVIEW");
}
