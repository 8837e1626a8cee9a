//! Second thoughts: a reviewer undoes, an author withdraws, and what they see of it.

use chrono::Utc;
use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Actor, Platform};

async fn setting(members: Value, rows: i64) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    p.loaded(&client, &project, rows, 10).await;
    (p, client, project)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_undone_approval_takes_its_points_back_and_the_answer_waits_again() {
    let (p, client, project) = setting(json!({}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, willa) = p.register("willa").await;
    let answer = p.work(&wanda, &project, 1, "1").await.remove(0);
    p.undo(&wim, &answer).await.refused(404, "not_found");
    p.decide(&wim, &answer, "approve").await.expect(200);
    let balance = async || {
        p.call(Some(&wanda), Method::GET, "/me/points", None)
            .await
            .expect(200)["balance"]
            .clone()
    };
    assert_eq!(balance().await, 5);
    let undone = p.undo(&wim, &answer).await.expect(200);
    assert_eq!(undone, json!({"answerId": answer, "status": "IN_REVIEW"}));
    assert_eq!(balance().await, 0);
    p.undo(&wim, &answer).await.refused(404, "not_found");
    p.reject(&willa, &answer, "no").await.expect(200);
    p.decide(&wim, &answer, "approve")
        .await
        .refused(409, "already_decided");
    p.undo(&willa, &answer).await.expect(200);
    p.decide(&wim, &answer, "approve").await.expect(200);
    assert_eq!(balance().await, 5);
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
        (&json!("COMPLETED"), &json!(1))
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_export_gave_out_is_not_undone_after_the_export_is_deleted() {
    let (p, client, project) = setting(json!({}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let answer = p.work(&wanda, &project, 1, "1").await.remove(0);
    p.decide(&wim, &answer, "approve").await.expect(200);
    let export = p
        .export(&client, &project, json!({"format": "JSONL"}))
        .await;
    let uid = p.export_runs().await;
    let path = format!("/internal/exports/{export}?uid={uid}&policy=Delete");
    p.trusted(Method::DELETE, &path, None).await.expect(204);
    assert_eq!(p.count("select count(*) from exports").await, 0);
    let refused = p.undo(&wim, &answer).await.refused(409, "undo_too_late");
    assert!(refused["message"].as_str().unwrap().contains("exported"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_something_depends_on_is_not_undone() {
    let (p, client, project) = setting(json!({"reviewersPerAnswer": 3}), 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, willa) = p.register("willa").await;
    let answers = p.work(&wanda, &project, 2, "1").await;
    p.decide(&wim, &answers[0], "approve").await.expect(200);
    p.decide(&wim, &answers[1], "approve").await.expect(200);
    p.undo(&wim, &answers[0])
        .await
        .refused(409, "undo_too_late");
    let decided = p.decide(&willa, &answers[1], "approve").await.expect(200);
    assert_eq!(decided["status"], "APPROVED", "two of three are a majority");
    p.undo(&wim, &answers[1])
        .await
        .refused(409, "undo_too_late");
    // A finished export holds the answer.
    sqlx::query("update approval_events set created_at = now()")
        .execute(&p.rows)
        .await
        .unwrap();
    p.export(&client, &project, json!({"format": "JSONL"}))
        .await;
    p.export_runs().await;
    let refused = p
        .undo(&willa, &answers[1])
        .await
        .refused(409, "undo_too_late");
    assert!(refused["message"].as_str().unwrap().contains("exported"));
    // Its runner read the answer, whatever became of the file.
    sqlx::query("update exports set state = 'failed'")
        .execute(&p.rows)
        .await
        .unwrap();
    p.undo(&willa, &answers[1])
        .await
        .refused(409, "undo_too_late");
    sqlx::query("update exports set watermark = null")
        .execute(&p.rows)
        .await
        .unwrap();
    p.undo(&willa, &answers[1]).await.expect(200);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_is_undone_until_another_worker_has_the_task() {
    let (p, _, project) = setting(json!({"maxRejections": 2}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, willa) = p.register("willa").await;
    let first = p.work(&wanda, &project, 1, "1").await.remove(0);
    p.reject(&wim, &first, "no").await.expect(200);
    p.undo(&wim, &first).await.expect(200);
    p.claim(&willa, &project, 1)
        .await
        .refused(404, "no_task_available");
    p.reject(&wim, &first, "no").await.expect(200);
    let task = p.claim(&willa, &project, 1).await.expect(200)["tasks"][0].clone();
    p.undo(&wim, &first).await.refused(409, "undo_too_late");
    let second = p.submit(&willa, &task, "0").await.expect(201)["answerId"].clone();
    let last = p.reject(&wim, &second, "no").await.expect(200);
    assert_eq!(last["status"], "REJECTED");
    assert_eq!(
        p.count("select count(*) from tasks where status = 'rejected'")
            .await,
        1,
        "rejected too often"
    );
    p.undo(&wim, &second).await.expect(200);
    assert_eq!(
        p.count("select count(*) from tasks where status = 'in_review'")
            .await,
        1
    );
    p.decide(&wim, &second, "approve").await.expect(200);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_is_withdrawn_until_somebody_reviewed_it() {
    let (p, _, project) = setting(json!({"reviewersPerAnswer": 2}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let answer = p.work(&wanda, &project, 1, "-1").await.remove(0);
    let withdraw = format!("/answers/{answer}/withdraw");
    p.call(Some(&wim), Method::POST, &withdraw, None)
        .await
        .refused(404, "not_found");
    let held = p
        .call(Some(&wim), Method::POST, "/reviews/claim", Some(json!({})))
        .await
        .expect(200);
    assert_eq!(held["reviews"][0]["answerId"], answer);
    let task = p
        .call(Some(&wanda), Method::POST, &withdraw, None)
        .await
        .expect(200);
    assert_eq!(task["status"], "LOCKED");
    p.decide(&wim, &answer, "approve")
        .await
        .refused(409, "already_decided");
    let mine = p
        .call(Some(&wanda), Method::GET, "/me/tasks", None)
        .await
        .expect(200);
    assert_eq!(
        mine["tasks"][0]["lease"], task["lease"],
        "the task is the author's again"
    );
    let second = p.submit(&wanda, &task, "1").await.expect(201)["answerId"].clone();
    assert_ne!(second, answer);
    p.reject(&wim, &second, "still wrong").await.expect(200);
    let late = format!("/answers/{second}/withdraw");
    p.call(Some(&wanda), Method::POST, &late, None)
        .await
        .refused(409, "already_reviewed");

    let list = p
        .call(Some(&wanda), Method::GET, "/me/answers?limit=1", None)
        .await
        .expect(200);
    let newest = &list["items"][0];
    assert_eq!(
        (
            &newest["id"],
            &newest["status"],
            &newest["decisions"][0]["comment"]
        ),
        (&second, &json!("REJECTED"), &json!("still wrong")),
        "one of two against it makes a majority impossible"
    );
    let path = format!(
        "/me/answers?cursor={}",
        list["nextCursor"].as_str().unwrap()
    );
    let rest = p
        .call(Some(&wanda), Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(
        (
            rest["items"].as_array().unwrap().len(),
            &rest["items"][0]["status"],
            &rest["nextCursor"]
        ),
        (1, &json!("WITHDRAWN"), &Value::Null)
    );
    let voided = p
        .call(Some(&wanda), Method::GET, "/me/answers?status=VOIDED", None)
        .await
        .expect(200);
    assert_eq!(voided["items"], json!([]));
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_reviewers_are_shown_different_answers() {
    let (p, _, project) = setting(json!({}), 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, willa) = p.register("willa").await;
    p.work(&wanda, &project, 2, "1").await;
    let claim = async |token: &str| {
        p.call(
            Some(token),
            Method::POST,
            "/reviews/claim",
            Some(json!({"projectId": project})),
        )
        .await
    };
    let first = claim(&wim).await.expect(200)["reviews"][0]["answerId"].clone();
    let again = claim(&wim).await.expect(200)["reviews"][0]["answerId"].clone();
    let other = claim(&willa).await.expect(200)["reviews"][0]["answerId"].clone();
    assert_eq!(first, again, "what I hold comes first");
    assert_ne!(first, other);
    let (_, wolf) = p.register("wolf").await;
    claim(&wolf).await.refused(404, "no_review_available");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lets_holds_pass_stands_back_for_others_as_long_again() {
    let (p, _, project) = setting(json!({}), 4).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, willa) = p.register("willa").await;
    let answers = p.work(&wanda, &project, 4, "1").await;
    let claim = async |who: &str, count: i64| {
        let body = json!({"projectId": project, "count": count});
        let claimed = p
            .call(Some(who), Method::POST, "/reviews/claim", Some(body))
            .await
            .expect(200);
        let reviews = claimed["reviews"].as_array().unwrap().clone();
        let ids = reviews.into_iter().map(|r| r["answerId"].clone());
        ids.collect::<Vec<_>>()
    };
    let pass = async |seconds: f64| {
        sqlx::query("update review_leases set expires_at = expires_at - make_interval(secs => $1)")
            .bind(seconds)
            .execute(&p.rows)
            .await
            .unwrap();
        p.core.sweep(Utc::now()).await.unwrap();
    };
    assert_eq!(claim(&wim, 2).await, answers[..2]);
    pass(301.0).await;
    assert_eq!(claim(&wim, 2).await, answers[2..], "not the same again");
    assert_eq!(claim(&willa, 2).await, answers[..2]);
    // The only one who looks goes on, with one at a time; and later as before.
    pass(301.0).await;
    p.decide(&willa, &answers[0], "approve").await.expect(200);
    p.decide(&willa, &answers[1], "approve").await.expect(200);
    assert_eq!(claim(&wim, 2).await, answers[2..3]);
    pass(601.0).await;
    assert_eq!(claim(&wim, 2).await, answers[2..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reviewer_sees_what_models_say_and_who_labels_does_not() {
    let (p, client, project) = setting(json!({}), 2).await;
    let first = p.checked_model(&client, &project, json!({})).await;
    let gone = p.checked_model(&client, &project, json!({})).await;
    sqlx::query(
        "insert into predictions (task_id, model_id, label, probability, probabilities, micros, created_at)
         select t.id, m.id, '\"1\"', 0.75, '{\"1\": 0.75}', 1, now() from tasks t, models m where t.row_no = 1",
    )
    .execute(&p.rows)
    .await
    .unwrap();
    // Its resource is gone.
    sqlx::query("update models set bound_uid = null where id = $1::uuid")
        .bind(&gone)
        .execute(&p.rows)
        .await
        .unwrap();
    let (_, wanda) = p.register("wanda").await;
    let claimed = p.claim(&wanda, &project, 2).await.expect(200);
    let path = format!("/models/{first}");
    let token = Some(client.token.as_str());
    let name = p.call(token, Method::GET, &path, None).await.expect(200)["name"].clone();
    for told in ["0.75", name.as_str().unwrap(), "models"] {
        assert!(!claimed.to_string().contains(told), "{claimed}");
    }
    for task in claimed["tasks"].as_array().unwrap() {
        p.submit(&wanda, task, "0").await.expect(201);
    }
    let (_, wim) = p.register("wim").await;
    let body = json!({"projectId": project, "count": 2});
    let shown = p
        .call(Some(&wim), Method::POST, "/reviews/claim", Some(body))
        .await
        .expect(200);
    let said = json!([{"model": name, "field": "rating", "label": "1", "probability": 0.75}]);
    let reviews = shown["reviews"].as_array().unwrap();
    let models = |row: &str| {
        let of = |review: &&Value| review["task"]["payload"]["id"] == row;
        reviews.iter().find(of).unwrap()["models"].clone()
    };
    assert_eq!((models("i1"), models("i2")), (said, json!([])));
    // Its author reads of the answer, and not of models.
    let mine = p.call(Some(&wanda), Method::GET, "/me/answers", None).await;
    assert!(!mine.expect(200).to_string().contains("0.75"));
    // Whoever has seen it never labels it.
    p.claim(&wim, &project, 1)
        .await
        .refused(404, "no_task_available");
}
