//! A lease ends, however it is prolonged, and what it promises is kept.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use datacrowd_labelling::{NewAnswer, Task};
use datacrowd_protocol::{
    ids::{LeaseToken, TaskId, UserId},
    raw::RawJson,
    work::TaskStatus,
};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use super::{get, setting};

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_ends_after_twelve_times_its_length_however_often_it_is_renewed() {
    let (p, _, project) = setting(json!({"lockSeconds": 600}), 2).await;
    let project_id = project.parse::<Uuid>().unwrap().into();
    let user = UserId(Uuid::new_v4());
    let begin = Utc::now().trunc_subsecs(6);
    let at = |seconds: i64| begin + TimeDelta::seconds(seconds);
    let task = p.core.task_claim(user, Some(project_id), 1, begin).await;
    let task = task.unwrap().remove(0);
    let (id, token): (TaskId, LeaseToken) = (task.id, task.lease.unwrap().token);
    for seconds in (300..=7_500).step_by(300) {
        let lease = p.core.task_heartbeat(user, id, token, at(seconds)).await;
        let ends = (lease.unwrap().expires_at - begin).num_seconds();
        assert_eq!(
            ends,
            (seconds + 600).min(7_200),
            "renewed after {seconds} s"
        );
    }
    let position = async || {
        sqlx::query_scalar::<_, Option<i64>>("select queue_pos from tasks where id = $1")
            .bind(id.0)
            .fetch_one(&p.rows)
            .await
            .unwrap()
    };
    let last = p.count("select max(queue_pos) from tasks").await;
    p.core.sweep(at(7_201)).await.unwrap();
    assert_eq!(p.count("select count(*) from leases").await, 0);
    assert!(position().await.unwrap() > last, "behind all others");
    assert!(
        p.core
            .task_heartbeat(user, id, token, at(7_201))
            .await
            .is_err()
    );
    p.assert_consistent().await;
}

/// Who answers and takes the answer back, again and again, does not get twelve lives each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_task_whose_answer_was_taken_back_is_leased_until_the_first_lease_would_have_ended() {
    let (p, _, project) = setting(json!({"lockSeconds": 600}), 1).await;
    let project_id = project.parse::<Uuid>().unwrap().into();
    let user = UserId(Uuid::new_v4());
    let begin = Utc::now().trunc_subsecs(6);
    let at = |seconds: i64| begin + TimeDelta::seconds(seconds);
    let claimed = p.core.task_claim(user, Some(project_id), 1, begin).await;
    let mut task = claimed.unwrap().remove(0);
    let submit = async |task: Task, seconds: i64| {
        let new = NewAnswer {
            user,
            task: task.id,
            lease_token: task.lease.unwrap().token,
            answer: RawJson::parse(r#"{"rating":"1"}"#.to_owned()).unwrap(),
            active_millis: None,
        };
        p.core.task_submit(&new, at(seconds)).await.unwrap()
    };
    for seconds in (500..7_200).step_by(500) {
        let given = submit(task, seconds - 1).await;
        let back = p.core.answer_withdraw(user, given.answer_id, at(seconds));
        task = back.await.unwrap();
        let lease = task.lease.as_ref().unwrap();
        assert_eq!(lease.expires_at, at((seconds + 600).min(7_200)));
        let ends = sqlx::query_scalar::<_, DateTime<Utc>>("select ends_at from leases");
        let ends = ends.fetch_one(&p.rows).await.unwrap();
        assert_eq!(ends, at(7_200), "taken back after {seconds} s");
    }
    // After that end others may have the task: it is the queue's, under a new position.
    let position = "select max(queue_pos) from tasks";
    let given = submit(task, 7_199).await;
    let before = "select nextval('task_queue_pos')";
    let before = sqlx::query_scalar::<_, i64>(before)
        .fetch_one(&p.rows)
        .await;
    let back = p.core.answer_withdraw(user, given.answer_id, at(7_200));
    let task = back.await.unwrap();
    assert_eq!((task.status, task.lease), (TaskStatus::New, None));
    assert_eq!(p.count("select count(*) from leases").await, 0);
    assert!(p.count(position).await > before.unwrap());
    let other = UserId(Uuid::new_v4());
    let claimed = p
        .core
        .task_claim(other, Some(project_id), 1, at(7_201))
        .await;
    assert_eq!(claimed.unwrap()[0].id, task.id);
    // What exports tell of the time is each lease's own.
    let longer =
        "select count(*) from answers where submitted_at - claimed_at > interval '500 seconds'";
    assert_eq!(p.count(longer).await, 0);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_promised_with_the_lease_goes_with_the_answer() {
    let (p, client, project) = setting(json!({}), 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    assert_eq!(task["lease"]["rewardPoints"], 5);
    let stingy = json!({
        "rewardPoints": 1, "reviewersPerAnswer": 3,
        "fields": [{"name": "stars", "type": "SINGLE_CHOICE", "options": ["1", "2"], "required": true}]
    });
    p.relabel(&client, &project, stingy).await;
    let held = get(&p, &wanda, "/me/tasks").await;
    assert_eq!(
        (
            &held["tasks"][0]["labelingVersion"],
            &held["tasks"][0]["lease"]["rewardPoints"]
        ),
        (&json!(1), &json!(5))
    );
    let first = p.submit(&wanda, &task, "1").await.expect(201);
    assert_eq!(first["pointsPending"], 5);
    let again = p.submit(&wanda, &task, "1").await.expect(200);
    assert_eq!(again["pointsPending"], 5);

    let withdraw = format!("/answers/{}/withdraw", first["answerId"]);
    let task = p
        .call(Some(&wanda), Method::POST, &withdraw, None)
        .await
        .expect(200);
    assert_eq!(
        (&task["labelingVersion"], &task["lease"]["rewardPoints"]),
        (&json!(1), &json!(5)),
        "taken back, it is the same bargain"
    );
    let answer = p.submit(&wanda, &task, "1").await.expect(201)["answerId"].clone();
    let decided = p.decide(&wim, &answer, "approve").await.expect(200);
    assert_eq!(decided["status"], "APPROVED", "one reviewer was promised");
    let points = get(&p, &wanda, "/me/points").await;
    assert_eq!(points["balance"], 5);

    let fresh = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    assert_eq!(
        (&fresh["labelingVersion"], &fresh["lease"]["rewardPoints"]),
        (&json!(2), &json!(1))
    );
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn leases_of_the_release_before_promise_what_the_project_says() {
    let (p, _, project) = setting(json!({}), 1).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    sqlx::query(
        "update leases set ends_at = null, labeling_version = null, reward_points = null, reviewers_needed = null",
    )
    .execute(&p.rows)
    .await
    .unwrap();
    p.lease(&wanda, &task, "heartbeat").await.expect(200);
    let answer = p.submit(&wanda, &task, "1").await.expect(201)["answerId"].clone();
    sqlx::query("update answers set reward_points = null")
        .execute(&p.rows)
        .await
        .unwrap();
    p.decide(&wim, &answer, "approve").await.expect(200);
    assert_eq!(get(&p, &wanda, "/me/points").await["balance"], 5);
    sqlx::query(
        "update tasks set slots = 2, slots_free = 1, queue_pos = nextval('task_queue_pos')",
    )
    .execute(&p.rows)
    .await
    .unwrap();
    p.claim(&wim, &project, 1)
        .await
        .refused(404, "no_task_available");
}

/// The case `old-form-after-unlock`.
#[tokio::test(flavor = "multi_thread")]
async fn old_form_after_unlock() {
    let (p, client, project) = setting(json!({"answersPerTask": 2}), 2).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let tasks = p.claim(&wanda, &project, 2).await.expect(200)["tasks"].clone();
    let corrected = json!({"answersPerTask": 2,
        "fields": [{"name": "stars", "type": "SINGLE_CHOICE", "options": ["1", "2"], "required": true}]});
    p.relabel(&client, &project, corrected).await;
    p.lease(&wanda, &tasks[0], "unlock").await.expect(204);
    let next = get(&p, &wim, &format!("/tasks/next?projectId={project}")).await;
    let shown = next["task"]["id"] == tasks[0]["id"];
    assert_eq!(
        next["task"]["labelingVersion"],
        if shown { 2 } else { 1 },
        "next shows the form that a claim would give"
    );
    let claimed = p.claim(&wim, &project, 2).await.expect(200)["tasks"].clone();
    for task in claimed.as_array().unwrap() {
        if task["id"] == tasks[0]["id"] {
            assert_eq!(
                task["labelingVersion"], 2,
                "nobody holds or has answered it"
            );
            let body = json!({"leaseToken": task["lease"]["token"], "answer": {"stars": "2"}});
            let path = format!("/tasks/{}/submit", task["id"]);
            p.call(Some(&wim), Method::POST, &path, Some(body))
                .await
                .expect(201);
        } else {
            assert_eq!(task["labelingVersion"], 1, "somebody holds it in this form");
            p.submit(&wim, task, "1").await.expect(201);
        }
    }
    assert_eq!(claimed.as_array().unwrap().len(), 2);
    p.submit(&wanda, &tasks[1], "1").await.expect(201);
    p.assert_consistent().await;
}
