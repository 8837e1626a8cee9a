//! The flow of the product over REST, with a test in the place of operator and runner.

use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Platform, Run};

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_becomes_approved_answers_and_points() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let csv = b"id,text\ni1,good\ni2,\"bad, really\"\n".to_vec();
    let dataset = p
        .upload(&client, &project, "items.csv", csv, 100)
        .await
        .expect(201);
    assert_eq!(
        (
            &dataset["columns"],
            &dataset["state"],
            &dataset["sizeBytes"]
        ),
        (&json!(["id", "text"]), &json!("UPLOADED"), &json!(33))
    );
    let id = dataset["id"].as_str().unwrap().to_owned();

    let generate = format!("/datasets/{id}/generate-tasks");
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .refused(402, "payment_required");
    assert_eq!(
        p.count("select count(*) from runs").await,
        0,
        "a refusal changes nothing"
    );
    p.grant(&project, 2).await;
    let generating = p
        .call(
            Some(&client.token),
            Method::POST,
            &generate,
            Some(json!({})),
        )
        .await
        .expect(202);
    assert_eq!(generating["state"], "GENERATING");
    p.call(
        Some(&client.token),
        Method::POST,
        &generate,
        Some(json!({})),
    )
    .await
    .refused(409, "already_generating");

    let run = Run::open(&p, &client, &id, "pod-1").await;
    run.load(&p, 1, 2).await.expect(200);
    run.complete(&p, 2).await.expect(204);
    let ready = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/datasets/{id}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        (&ready["state"], &ready["totalRows"], &ready["tasksCreated"]),
        (&json!("READY"), &json!(2), &json!(2))
    );

    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let next = p
        .call(
            Some(&wanda),
            Method::GET,
            &format!("/tasks/next?projectId={project}"),
            None,
        )
        .await
        .expect(200);
    let task = next["task"]["id"].as_i64().unwrap();
    let locked = p
        .call(
            Some(&wanda),
            Method::POST,
            &format!("/tasks/{task}/lock"),
            Some(json!({})),
        )
        .await
        .expect(200);
    let token = locked["lease"]["token"].as_str().unwrap();
    let submit = format!("/tasks/{task}/submit");
    let wrong = p
        .call(
            Some(&wanda),
            Method::POST,
            &submit,
            Some(json!({"leaseToken": token, "answer": {"rating": "9"}})),
        )
        .await
        .refused(422, "invalid_answer");
    assert!(
        wrong["details"]["rating"]
            .as_str()
            .unwrap()
            .contains("\"-1\", \"0\", \"1\"")
    );
    let answer = json!({"leaseToken": token, "answer": {"rating": "-1"}, "activeMillis": 4200});
    let submitted = p
        .call(Some(&wanda), Method::POST, &submit, Some(answer.clone()))
        .await
        .expect(201);
    assert_eq!(
        (&submitted["status"], &submitted["pointsPending"]),
        (&json!("IN_REVIEW"), &json!(5))
    );
    let again = p
        .call(Some(&wanda), Method::POST, &submit, Some(answer))
        .await
        .expect(200);
    assert_eq!(
        again["answerId"], submitted["answerId"],
        "a repeated submit is the same answer"
    );

    let answer_id = submitted["answerId"].as_i64().unwrap();
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/reviews/{answer_id}/approve"),
        Some(json!({})),
    )
    .await
    .refused(403, "own_task");
    let review = p
        .call(Some(&wim), Method::GET, "/reviews/next", None)
        .await
        .expect(200);
    assert_eq!(review["review"]["answerId"], answer_id);
    for nothing in [json!({}), json!({"comment": "\u{200b}"})] {
        p.call(
            Some(&wim),
            Method::POST,
            &format!("/reviews/{answer_id}/reject"),
            Some(nothing),
        )
        .await
        .refused(422, "invalid_request");
    }
    let rejected = p
        .call(
            Some(&wim),
            Method::POST,
            &format!("/reviews/{answer_id}/reject"),
            Some(json!({"comment": "it is positive"})),
        )
        .await
        .expect(200);
    assert_eq!(rejected["status"], "REJECTED");
    p.call(
        Some(&wim),
        Method::POST,
        &format!("/reviews/{answer_id}/approve"),
        Some(json!({})),
    )
    .await
    .refused(409, "already_reviewed");
    let mine: Vec<Value> = p
        .call(
            Some(&wanda),
            Method::POST,
            "/tasks/claim",
            Some(json!({"projectId": project, "count": 10})),
        )
        .await
        .expect(200)["tasks"]
        .as_array()
        .unwrap()
        .clone();
    assert_eq!(
        mine.len(),
        1,
        "the rejected task never comes back to its author"
    );
    assert_ne!(mine[0]["id"].as_i64().unwrap(), task);

    let (_, willa) = p.register("willa").await;
    p.call(
        Some(&wim),
        Method::POST,
        &format!("/tasks/{task}/lock"),
        Some(json!({})),
    )
    .await
    .refused(404, "not_found");
    for (worker, reviewer) in [(&willa, &wim)] {
        let claimed = p
            .call(
                Some(worker),
                Method::POST,
                "/tasks/claim",
                Some(json!({"projectId": project})),
            )
            .await
            .expect(200);
        assert_eq!(
            claimed["tasks"][0]["id"], task,
            "the rejected task comes to another worker"
        );
        let lease = &claimed["tasks"][0]["lease"]["token"];
        let done = p
            .call(
                Some(worker),
                Method::POST,
                &submit,
                Some(json!({"leaseToken": lease, "answer": {"rating": "1"}})),
            )
            .await
            .expect(201);
        let approved = p
            .call(
                Some(reviewer),
                Method::POST,
                &format!("/reviews/{}/approve", done["answerId"]),
                Some(json!({})),
            )
            .await
            .expect(200);
        assert_eq!(approved["status"], "APPROVED");
    }
    let points = p
        .call(Some(&willa), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(
        (
            &points["balance"],
            points["items"].as_array().unwrap().len()
        ),
        (&json!(5), 1)
    );
    assert_eq!(
        p.call(Some(&wanda), Method::GET, "/me/points", None)
            .await
            .expect(200)["balance"],
        0
    );

    let export = p
        .call(
            Some(&client.token),
            Method::POST,
            &format!("/projects/{project}/export"),
            Some(json!({"format": "JSONL"})),
        )
        .await
        .expect(202);
    let export_id = export["exportId"].as_str().unwrap();
    p.call(
        Some(&client.token),
        Method::GET,
        &format!("/exports/{export_id}/download"),
        None,
    )
    .await
    .refused(409, "export_not_ready");
    let uid: Uuid = sqlx::query_scalar("select bound_uid from exports")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let begun = p
        .trusted(
            Method::POST,
            &format!("/internal/exports/{export_id}/runs"),
            Some(json!({"uid": uid, "attempt": 1})),
        )
        .await
        .expect(201);
    let run_id = begun["runId"].as_str().unwrap();
    let opened = p
        .runner(
            &run.token,
            &format!("/internal/runs/{run_id}/open"),
            json!({"podUid": "pod-2"}),
        )
        .await
        .expect(200);
    assert_eq!(
        opened["columns"],
        json!({"source": ["id", "text"], "answer": ["rating"], "options": {"rating": ["-1", "0", "1"]}})
    );
    let url = format!(
        "{}/internal/exports/{export_id}/answers?runId={run_id}&epoch={}",
        p.internal, opened["epoch"]
    );
    let page = crate::support::answer(p.http.get(url).bearer_auth(&run.token))
        .await
        .expect(200);
    assert_eq!(
        page["items"].as_array().unwrap().len(),
        1,
        "only approved answers leave"
    );
    assert_eq!(
        (
            &page["items"][0]["externalId"],
            &page["items"][0]["answers"][0]["answer"]
        ),
        (&json!("i1"), &json!({"rating": "1"}))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dataset_is_completed_when_its_last_task_ends_and_an_export_that_waited_is_due() {
    let p = Platform::with_billing(datacrowd_labelling::BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    let dataset = p.loaded(&client, &project, 5, 2).await;
    let body = json!({"format": "CSV", "trigger": "WHEN_COMPLETED"});
    let export = p
        .call(
            Some(&client.token),
            Method::POST,
            &format!("/projects/{project}/export"),
            Some(body),
        )
        .await
        .expect(202);
    let runs = format!(
        "/internal/exports/{}/runs",
        export["exportId"].as_str().unwrap()
    );
    let uid: Uuid = sqlx::query_scalar("select bound_uid from exports")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    p.trusted(Method::POST, &runs, Some(json!({"uid": uid, "attempt": 1})))
        .await
        .refused(409, "export_not_due");
    let (_, worker) = p.register("wanda").await;
    let claimed = p
        .call(
            Some(&worker),
            Method::POST,
            "/tasks/claim",
            Some(json!({"projectId": project, "count": 10})),
        )
        .await
        .expect(200);
    let tasks = claimed["tasks"].as_array().unwrap();
    assert_eq!(tasks.len(), 5);
    for task in tasks {
        let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": "0"}});
        p.call(
            Some(&worker),
            Method::POST,
            &format!("/tasks/{}/submit", task["id"]),
            Some(body),
        )
        .await
        .expect(201);
    }
    let completed = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/datasets/{dataset}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(completed["state"], "COMPLETED");
    let project = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/projects/{project}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        (&project["state"], &project["tasks"]["approved"]),
        (&json!("COMPLETED"), &json!(5))
    );
    p.trusted(Method::POST, &runs, Some(json!({"uid": uid, "attempt": 1})))
        .await
        .expect(201);
    p.call(Some(&worker), Method::GET, "/tasks/next", None)
        .await
        .refused(404, "no_task_available");
}
