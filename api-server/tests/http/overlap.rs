//! Tasks that grow while their label is not sure: by which formula, how far, what it costs, and what ends it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::{BillingMode, Fitted, NewAnswer, Share, Skill};
use datacrowd_protocol::{
    ids::{ProjectId, TaskId, UserId},
    raw::RawJson,
};
use datacrowd_testkit::{first_seed, scaled};
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    consensus::answered,
    support::{Actor, Platform, patiently},
};

/// A project of `rows` tasks of one to `most` answers, nine tenths sure, with so many judgements of quota.
async fn growing(most: i32, rows: i64, quota: i64, members: Value) -> (Platform, Actor, String) {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let mut all = json!({
        "reviewersPerAnswer": 0,
        "consensus": {"field": "rating", "minAnswers": 1, "maxAnswers": most, "confidence": "0.9"}
    });
    for (key, value) in members.as_object().unwrap() {
        all[key] = value.clone();
    }
    let project = p.project(&client, all).await;
    p.grant(&project, quota).await;
    p.loaded(&client, &project, rows, 10).await;
    (p, client, project)
}

impl Platform {
    /// Slots, answers and status of the tasks, and what was spent on them.
    async fn grown(&self) -> (Vec<(i16, i64, String)>, i64) {
        let tasks = sqlx::query_as(
            "select t.slots, (select count(*) from answers a where a.task_id = t.id and a.status in ('in_review', 'approved')), t.status
             from tasks t order by t.row_no",
        );
        let used = self.count("select tasks_used from projects").await;
        (tasks.fetch_all(&self.rows).await.unwrap(), used)
    }

    async fn trust(&self, project: &str, user: &str, correct: u32, total: u32) {
        let user = UserId(user.parse().unwrap());
        let skill = Skill {
            user,
            correct,
            total,
            gold_correct: 0,
            gold_total: 0,
            beside: Share::default(),
        };
        let fitted = Fitted {
            skills: vec![skill],
            ..Fitted::default()
        };
        let project = ProjectId(project.parse().unwrap());
        self.core
            .fit_put(project, &fitted, Utc::now())
            .await
            .unwrap();
    }

    async fn sweep(&self) {
        self.core.sweep(Utc::now()).await.unwrap();
    }
}

fn task(slots: i16, answers: i64, status: &str) -> (i16, i64, String) {
    (slots, answers, status.to_owned())
}

/// z ∝ Π q · Π (1 − q)/(Y − 1), as it is written: the most probable of Y labels.
fn posterior(options: usize, answers: &[(usize, f64)]) -> f64 {
    let likelihood = |label: usize| -> f64 {
        let of = answers.iter().map(|(said, q)| match *said == label {
            true => *q,
            false => (1.0 - q) / (options as f64 - 1.0),
        });
        of.product()
    };
    let all: Vec<_> = (0..options).map(likelihood).collect();
    all.iter().fold(0.0_f64, |a, b| a.max(*b)) / all.iter().sum::<f64>()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_is_as_probable_as_the_formula_says() {
    let (p, _, project) = growing(5, 1, 10, json!({})).await;
    let project: Uuid = project.parse().unwrap();
    let seed = first_seed().unwrap_or(1);
    let mut rng = StdRng::seed_from_u64(seed);
    let mut lease = 0_i64;
    for round in 0..scaled(60, 2_000) {
        let options = rng.random_range(2..=6_usize);
        let mut tx = p.rows.begin().await.unwrap();
        let mut expected = Vec::new();
        for _ in 0..rng.random_range(1..=9) {
            let total = [0, 1, 7, 400_i32][rng.random_range(0..4)];
            let correct = rng.random_range(0..=total);
            let label = rng.random_range(0..options);
            let user = Uuid::new_v4();
            lease += 1;
            sqlx::query(
                "insert into answers (task_id, project_id, user_id, lease_token, labeling_version, answer, status, reviewers_needed, claimed_at, submitted_at)
                 select id, $1, $2, -$3, 1, jsonb_build_object('rating', $4::text), 'approved', 0, now(), now() from tasks",
            )
            .bind(project)
            .bind(user)
            .bind(lease)
            .bind(label.to_string())
            .execute(&mut *tx)
            .await
            .unwrap();
            // Of a worker without a row nothing is known, as of one with an empty one.
            if total > 0 {
                sqlx::query("insert into worker_skills values ($1, $2, $3, $4, now())")
                    .bind(project)
                    .bind(user)
                    .bind(correct)
                    .bind(total)
                    .execute(&mut *tx)
                    .await
                    .unwrap();
            }
            expected.push((label, (0.5 + f64::from(correct)) / (1.0 + f64::from(total))));
        }
        let found: f64 =
            sqlx::query_scalar("select task_confidence_v1(id, 'rating', $1) from tasks")
                .bind(options as i32)
                .fetch_one(&mut *tx)
                .await
                .unwrap();
        tx.rollback().await.unwrap();
        let expected = posterior(options, &expected);
        assert!(
            (found - expected).abs() < 1e-9,
            "round {round}, seed {seed}: {found} is not {expected}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_grows_until_its_label_is_sure_and_as_far_as_quota_goes() {
    let (p, client, project) = growing(5, 1, 1, json!({})).await;
    let (_, nobody) = p.register("nina").await;
    let (good, trusted) = p.register("gina").await;
    // 19.5 : 1.5 against one half of three: 13 · 2.
    p.trust(&project, &good, 19, 20).await;
    // One in three, of whom nothing is known: 2 of 4.
    p.work(&nobody, &project, 1, "1").await;
    p.sweep().await;
    assert_eq!(
        p.grown().await,
        (vec![task(1, 1, "approved")], 1),
        "nothing is left to pay with"
    );
    let state = async || {
        let path = format!("/projects/{project}");
        let seen = p.call(Some(&client.token), Method::GET, &path, None).await;
        seen.expect(200)["state"].clone()
    };
    assert_eq!(state().await, "COMPLETED");
    let path = format!("/projects/{project}/quality");
    let seen = p.call(Some(&client.token), Method::GET, &path, None).await;
    assert_eq!(seen.expect(200)["belowConfidence"], 1);
    assert_eq!(
        p.core.backlog(Utc::now()).await.unwrap().below_confidence,
        1
    );
    p.grant(&project, 1).await;
    p.sweep().await;
    assert_eq!(
        p.grown().await,
        (vec![task(2, 1, "new")], 2),
        "a grant reopens what it pays for"
    );
    assert_eq!(state().await, "ACTIVE");
    p.assert_consistent().await;
    // 2 · 26 of 54.
    p.work(&trusted, &project, 1, "1").await;
    p.grant(&project, 10).await;
    p.sweep().await;
    assert_eq!(
        p.grown().await,
        (vec![task(2, 2, "approved")], 2),
        "sure enough"
    );
    assert_eq!(
        p.count("select count(*) from tasks where below_confidence")
            .await,
        0
    );
    let kinds = "select count(*) from events where kind = 'task.grown' and data->>'slots' = '2'";
    assert_eq!(p.count(kinds).await, 1);
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_does_not_grow_beyond_its_limit_nor_after_its_end() {
    let (p, _, project) = growing(3, 2, 100, json!({})).await;
    let mut workers = Vec::new();
    for name in ["wanda", "wim", "willa", "wolf"] {
        workers.push(p.register(name).await.1);
    }
    for (worker, rating) in workers.iter().zip(["1", "0", "-1"]) {
        let tasks = p.claim(worker, &project, 2).await.expect(200)["tasks"].clone();
        p.submit(worker, &tasks[0], rating).await.expect(201);
        // The other is closed by hand while somebody has it: what they say is taken, and nobody else is asked.
        if rating == "1" {
            let id = TaskId(tasks[1]["id"].as_i64().unwrap());
            p.core.task_cancel(id, Utc::now()).await.unwrap();
            p.submit(worker, &tasks[1], rating).await.expect(201);
        }
    }
    assert_eq!(
        p.grown().await,
        (vec![task(3, 3, "approved"), task(1, 1, "approved")], 4)
    );
    p.claim(&workers[3], &project, 1)
        .await
        .refused(404, "no_task_available");
    // Opened by hand, it may grow again.
    let id: i64 = p.count("select max(id) from tasks").await;
    p.core.task_requeue(TaskId(id), Utc::now()).await.unwrap();
    p.assert_consistent().await;
    let cancelled = p.count("select count(*) from tasks where cancelled").await;
    assert_eq!(cancelled, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejection_that_is_undone_leaves_the_place_that_was_paid_for() {
    let reviewed = json!({"reviewersPerAnswer": 1, "onReject": "CLOSE"});
    let (p, _, project) = growing(3, 1, 100, reviewed).await;
    let (_, wanda) = p.register("wanda").await;
    let (_, wim) = p.register("wim").await;
    let (_, rita) = p.register("rita").await;
    p.work(&wanda, &project, 1, "1").await;
    assert_eq!(p.grown().await, (vec![task(2, 1, "new")], 2));
    let second = p.work(&wim, &project, 1, "0").await.remove(0);
    assert_eq!(p.grown().await, (vec![task(3, 2, "new")], 3));
    // A place is open already: nothing grows.
    p.reject(&rita, &second, "no").await.expect(200);
    assert_eq!(p.grown().await, (vec![task(3, 1, "new")], 3));
    p.undo(&rita, &second).await.expect(200);
    assert_eq!(p.grown().await, (vec![task(3, 2, "new")], 3));
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_task_gives_back_what_it_grew_by_and_comes_back_as_it_was_made() {
    let reviewed = json!({"reviewersPerAnswer": 1, "lockSeconds": 5});
    let (p, client, project) = growing(3, 1, 100, reviewed).await;
    let (_, wanda) = p.register("wanda").await;
    let answer = p.work(&wanda, &project, 1, "1").await.remove(0);
    assert_eq!(p.grown().await, (vec![task(2, 1, "new")], 2));
    let dataset: Uuid = sqlx::query_scalar("select id from datasets")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    p.call(
        Some(&wanda),
        Method::POST,
        &format!("/answers/{answer}/withdraw"),
        Some(json!({})),
    )
    .await
    .expect(200);
    let path = format!("/datasets/{dataset}");
    p.delete(&client, &path).await.expect(202);
    let deadline = Utc::now() + TimeDelta::seconds(60);
    while p.count("select tasks_used from projects").await > 0 {
        assert!(Utc::now() < deadline, "what nobody answered is credited");
        p.core.sweep_deleted("datacrowd", Utc::now()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(p.grown().await.0, [task(1, 0, "new")]);
    p.post(&client, &format!("{path}/restore"))
        .await
        .expect(201);
    p.sweep().await;
    assert_eq!(p.grown().await, (vec![task(1, 0, "new")], 1));
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_limits_are_fixed_with_the_first_tasks() {
    let (p, client, project) = growing(3, 1, 100, json!({})).await;
    let patched = async |consensus: Value| {
        let labeling =
            crate::support::labeling(json!({"reviewersPerAnswer": 0, "consensus": consensus}));
        let path = format!("/projects/{project}");
        p.call(
            Some(&client.token),
            Method::PATCH,
            &path,
            Some(json!({"labeling": labeling})),
        )
        .await
    };
    let consensus = |least: i32, most: i32, confidence: &str| json!({"field": "rating", "minAnswers": least, "maxAnswers": most, "confidence": confidence});
    for (changed, code, path) in [
        (
            consensus(2, 3, "0.9"),
            "invalid_spec",
            "labeling.consensus.minAnswers",
        ),
        (
            consensus(1, 4, "0.9"),
            "invalid_spec",
            "labeling.consensus.maxAnswers",
        ),
        (
            json!({"field": "rating", "minAnswers": 1}),
            "invalid_spec",
            "labeling.consensus.maxAnswers",
        ),
        (
            consensus(1, 3, "1.5"),
            "invalid_request",
            "labeling.consensus.confidence",
        ),
    ] {
        let refused = patched(changed).await.refused(422, code);
        assert!(refused["details"][path].is_string(), "{refused}");
    }
    patched(consensus(1, 3, "0.99")).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_are_measured_by_the_labels_of_all_answers_and_by_decisions() {
    let (p, client, project) = answered(json!({"field": "rating"})).await;
    let id = ProjectId(project.parse().unwrap());
    let fitted = async || {
        let sample = p.core.skill_sample(id).await.unwrap().unwrap();
        let skills = sample.fit().unwrap();
        p.core.fit_put(id, &skills, Utc::now()).await.unwrap();
        let stored: Vec<(i32, i32)> = sqlx::query_as(
            "select s.correct, s.total from worker_skills s join (select user_id, min(id) as nth from answers group by 1) a using (user_id) order by a.nth",
        )
        .fetch_all(&p.rows)
        .await
        .unwrap();
        stored
    };
    // The majority says 1, 0 and 1: wanda, wim, willy and mallory are right so often.
    assert_eq!(fitted().await, [(2, 3), (3, 3), (1, 3), (1, 3)]);
    let task: i64 = p.count("select id from tasks where row_no = 3").await;
    let path = format!("/projects/{project}/quality/tasks/{task}/decision");
    p.call(
        Some(&client.token),
        Method::PUT,
        &path,
        Some(json!({"value": "-1"})),
    )
    .await
    .expect(200);
    assert_eq!(fitted().await, [(3, 3), (2, 3), (1, 3), (0, 3)]);
}

/// Thirty-two workers, some of whose calls are dropped in the middle and made again, and quota for less than they want.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn thirty_two_workers_never_exceed_the_limit_nor_the_quota() {
    let (tasks, most, quota) = (60, 5, 200);
    let (p, _, project) = growing(most, tasks, quota, json!({})).await;
    let p = Arc::new(p);
    let id = ProjectId(project.parse().unwrap());
    let done = join_all((0..32_u64).map(|nth| {
        let core = p.core.clone();
        tokio::spawn(async move {
            let user = UserId(Uuid::new_v4());
            let mut rng = StdRng::seed_from_u64(first_seed().unwrap_or(1) + nth);
            let mut given = Vec::new();
            while let Ok(claimed) =
                patiently(|| core.task_claim(user, Some(id), 2, Utc::now())).await
            {
                for task in claimed {
                    let label = ["-1", "0", "1"][rng.random_range(0..3)];
                    let new = NewAnswer {
                        user,
                        task: task.id,
                        lease_token: task.lease.unwrap().token,
                        answer: RawJson::parse(format!(r#"{{"rating":"{label}"}}"#)).unwrap(),
                        active_millis: None,
                    };
                    let limit = Duration::from_micros(rng.random_range(0..4_000));
                    // A submit that is dropped in the middle has happened or not; said again, it happens once.
                    let _ = tokio::time::timeout(limit, core.task_submit(&new, Utc::now())).await;
                    patiently(|| core.task_submit(&new, Utc::now()))
                        .await
                        .unwrap();
                    given.push(task.id);
                }
            }
            given
        })
    }))
    .await;
    let mut answers: BTreeMap<TaskId, i64> = BTreeMap::new();
    for worker in done {
        for task in worker.unwrap() {
            *answers.entry(task).or_default() += 1;
        }
    }
    p.assert_consistent().await;
    let (rows, used) = p.grown().await;
    let acknowledged: i64 = answers.values().sum();
    assert_eq!(
        rows.iter().map(|(_, answers, _)| answers).sum::<i64>(),
        acknowledged
    );
    assert_eq!(
        rows.iter()
            .map(|(slots, ..)| i64::from(*slots))
            .sum::<i64>(),
        used
    );
    assert!(used <= quota, "{used} of {quota} were spent");
    assert!(rows.iter().all(|(slots, ..)| i32::from(*slots) <= most));
    // Whatever ended did so because it was sure, at its limit, or not paid for.
    let stopped = "select count(*) from tasks where status = 'approved' and slots < 5 and not below_confidence
                   and task_confidence_v1(id, 'rating', 3) < 0.9";
    assert_eq!(p.count(stopped).await, 0);
    assert_eq!(
        p.count("select count(*) from tasks where status <> 'approved'")
            .await,
        0
    );
}
