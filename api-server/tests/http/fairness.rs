//! Nobody copies, nobody hoards, and what somebody was told when they took a task is kept.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use datacrowd_crds::Project;
use datacrowd_labelling::{BillingMode, NewAnswer, Task};
use datacrowd_protocol::{
    ids::{LeaseToken, TaskId, UserId},
    raw::RawJson,
    work::TaskStatus,
};
use datacrowd_testkit::scaled;
use futures::future::join_all;
use kube::Api;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Platform};

pub async fn setting(members: Value, rows: i64) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, members).await;
    p.loaded(&client, &project, rows, 10).await;
    (p, client, project)
}

async fn get(p: &Platform, token: &str, path: &str) -> Value {
    p.call(Some(token), Method::GET, path, None)
        .await
        .expect(200)
}

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
    // A review of that release left no other trace of what its reviewer saw.
    sqlx::query("delete from shown_tasks")
        .execute(&p.rows)
        .await
        .unwrap();
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

/// The case `skip-reasons-unread`.
#[tokio::test(flavor = "multi_thread")]
async fn skip_reasons_unread() {
    let (p, client, project) = setting(json!({}), 1).await;
    let token = client.token.as_str();
    for reason in ["blurry", "blurry", "in Finnish"] {
        let (_, worker) = p
            .register(&format!("w{}", &Uuid::new_v4().simple().to_string()[..8]))
            .await;
        let task = p.claim(&worker, &project, 1).await.expect(200)["tasks"][0].clone();
        let body = json!({"leaseToken": task["lease"]["token"], "reason": reason});
        let path = format!("/tasks/{}/skip", task["id"]);
        p.call(Some(&worker), Method::POST, &path, Some(body))
            .await
            .expect(204);
    }
    let told = async || {
        let stats = get(&p, token, &format!("/projects/{project}/stats")).await;
        let skips = get(&p, token, &format!("/projects/{project}/skips")).await;
        (stats, skips)
    };
    let (stats, skips) = told().await;
    assert_eq!(stats["skips"], 3);
    let reasons: Vec<_> = stats["skipReasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["reason"].as_str().unwrap(), r["count"].as_i64().unwrap()))
        .collect();
    assert_eq!(reasons, [("blurry", 2), ("in Finnish", 1)]);
    let task = &skips["items"][0];
    assert_eq!(
        (
            &task["externalId"],
            &task["rowNo"],
            &task["skips"],
            &task["status"]
        ),
        (&json!("i1"), &json!(1), &json!(3), &json!("NEW"))
    );
    let last: Vec<_> = task["lastReasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["reason"].as_str().unwrap())
        .collect();
    assert_eq!(last, ["in Finnish", "blurry", "blurry"]);
    assert_eq!(skips["nextCursor"], Value::Null);

    // What the release before wrote is found as well.
    sqlx::query("update skips set project_id = null")
        .execute(&p.rows)
        .await
        .unwrap();
    assert_eq!(told().await.0["skips"], 0);
    p.core.sweep(Utc::now()).await.unwrap();
    assert_eq!(told().await.0["skips"], 3);
    let other = p.client("carl").await;
    p.call(
        Some(&other.token),
        Method::GET,
        &format!("/projects/{project}/skips"),
        None,
    )
    .await
    .refused(404, "not_found");
}

/// The case `blocked-worker-message`.
#[tokio::test(flavor = "multi_thread")]
async fn blocked_worker_message() {
    let (p, client, project) = setting(json!({"reviewersPerAnswer": 2}), 3).await;
    let (wanda, token) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let others = p.work(&wim, &project, 1, "1").await.remove(0);
    let mine = p.work(&token, &project, 1, "1").await.remove(0);
    p.decide(&token, &others, "approve").await.expect(200);
    let task = p.claim(&token, &project, 1).await.expect(200)["tasks"][0].clone();
    let wanda = p.known_as(&client, &project, &wanda).await;
    let block = format!("/projects/{project}/workers/{wanda}/block");
    p.call(Some(&client.token), Method::POST, &block, None)
        .await
        .expect(200);
    let id = &task["id"];
    let mut told = vec![
        ("submit", p.submit(&token, &task, "1").await),
        ("claim", p.claim(&token, &project, 1).await),
        ("heartbeat", p.lease(&token, &task, "heartbeat").await),
        ("unlock", p.lease(&token, &task, "unlock").await),
        ("skip", p.lease(&token, &task, "skip").await),
        ("review", p.shown(&token, &project).await),
        ("approve", p.decide(&token, &others, "approve").await),
        ("undo", p.undo(&token, &others).await),
    ];
    for (method, path) in [
        (Method::GET, format!("/tasks/next?projectId={project}")),
        (Method::GET, format!("/work/projects/{project}")),
        (Method::GET, format!("/tasks/{id}/media/text")),
        (Method::POST, format!("/tasks/{id}/lock")),
        (Method::POST, format!("/answers/{mine}/withdraw")),
    ] {
        told.push(("", p.call(Some(&token), method, &path, None).await));
    }
    for (what, answer) in told {
        let path = answer.body["path"].clone();
        let told = answer.refused(403, "blocked");
        assert_eq!(
            told["message"],
            "This project does not take your answers any more; choose another project.",
            "{what} {path}"
        );
    }
    p.call(Some(&token), Method::POST, "/tasks/claim", Some(json!({})))
        .await
        .refused(404, "no_task_available");
    assert_eq!(get(&p, &token, "/work/projects").await["items"], json!([]));
}

/// The case `labeling-version-twice`: whoever writes the row first, the API after its own write or the operator that
/// saw it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn labeling_version_twice() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let (namespace, name, uid): (String, String, Uuid) =
        sqlx::query_as("select namespace, name, bound_uid from projects")
            .fetch_one(&p.rows)
            .await
            .unwrap();
    let tenant: String = sqlx::query_scalar("select name from tenants")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let api: Api<Project> = Api::namespaced(p.cluster.clone(), &namespace);
    let mut spec = serde_json::to_value(api.get(&name).await.unwrap().spec).unwrap();
    let changes = scaled(40, 400);
    for change in 1..=changes {
        spec["labeling"]["instructions"] = json!(format!("Instructions {change}"));
        let seen = json!({"namespace": namespace, "tenant": tenant, "name": name, "uid": uid, "generation": change + 1, "spec": spec});
        let writers =
            (0..4).map(|_| p.trusted(Method::PUT, "/internal/projects", Some(seen.clone())));
        for written in join_all(writers).await {
            written.expect(200);
        }
    }
    let shown = get(&p, &client.token, &format!("/projects/{project}")).await;
    assert_eq!(shown["labelingVersion"], changes + 1, "one for each change");
    assert_eq!(
        p.count("select count(*) - count(distinct labeling::text) from labeling_versions")
            .await,
        0
    );
}
