//! A fit knows no history: after any of it, what is fitted equals a first fit of what is left.
//!
//! In one project people claim, submit, withdraw, review, undo, are voided, and the owner decides and takes that back. What is left of
//! it at the end is entered into another project, once and in order. Whatever a fit writes and an owner reads is the same in both, to
//! the last bit. A few histories, many with `TEST_SCALE=full`; `TEST_SEED` repeats one.

mod history;

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::ids::ProjectId;
use datacrowd_testkit::{first_seed, scaled};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use self::history::{Crowd, Did};
use crate::{
    consensus::{asked, downloaded, lines, written},
    support::{Actor, Platform},
};

const TASKS: i64 = 10;
const METHODS: [&str; 5] = [
    "MAJORITY_VOTE",
    "DAWID_SKENE",
    "WAWA",
    "ONE_COIN_DAWID_SKENE",
    "ZERO_BASED_SKILL",
];

/// A project of which nothing is known yet.
async fn empty(p: &Platform, client: &Actor, method: &str) -> String {
    let members = json!({
        "answersPerTask": 4, "reviewersPerAnswer": 1, "consensus": {"field": "rating", "method": method},
        "qualification": {"minSkill": "0.8", "action": "WARN"}
    });
    let project = p.project(client, members).await;
    p.loaded(client, &project, TASKS, 3).await;
    project
}

/// Answers that stand, by row and worker: what they say, and the number of their approval.
type Left = Vec<(i64, Uuid, String, Option<i64>)>;

async fn left(p: &Platform, project: &str) -> Left {
    sqlx::query_as(
        "select t.row_no, a.user_id, a.answer->>'rating', v.seq from answers a join tasks t on t.id = a.task_id
         left join approval_events v on v.answer_id = a.id and v.kind = 'approved' and a.status = 'approved'
              and not exists (select from approval_events r where r.revokes = v.seq)
         where a.project_id = $1::uuid and a.status in ('in_review', 'approved') order by v.seq nulls last, t.row_no, a.user_id",
    )
    .bind(project)
    .fetch_all(&p.rows)
    .await
    .unwrap()
}

/// What the owner's decisions come to, by row.
async fn decided(p: &Platform, project: &str) -> Vec<(i64, String)> {
    sqlx::query_as(
        "select row_no, value from (
             select distinct on (d.task_id) t.row_no, d.value #>> '{}' as value from decisions d join tasks t on t.id = d.task_id
             where d.project_id = $1::uuid order by d.task_id, d.seq desc) last
         where value is not null order by row_no",
    )
    .bind(project)
    .fetch_all(&p.rows)
    .await
    .unwrap()
}

/// Enters into a fresh project what is left of another one.
async fn entered(p: &Platform, client: &Actor, crowd: &Crowd, from: &str, to: &str) {
    let left = left(p, from).await;
    let mut answers = Vec::new();
    for (user, token) in &crowd.workers {
        let user: Uuid = user.parse().unwrap();
        let tasks = p.claim(token, to, TASKS).await.expect(200)["tasks"].clone();
        for task in tasks.as_array().unwrap() {
            let row = row_of(task);
            match left
                .iter()
                .position(|(of, by, ..)| (*of, *by) == (row, user))
            {
                Some(place) => {
                    let done = p.submit(token, task, &left[place].2).await.expect(201);
                    answers.push((place, done["answerId"].clone()));
                }
                None => drop(p.lease(token, task, "unlock").await.expect(204)),
            }
        }
    }
    assert_eq!(answers.len(), left.len(), "all of it is entered");
    answers.sort_by_key(|(place, _)| *place);
    for (place, answer) in answers {
        if left[place].3.is_some() {
            let reviewer = &crowd.reviewers[0].1;
            p.decide(reviewer, &answer, "approve").await.expect(200);
        }
    }
    let tasks = history::tasks(p, to).await;
    for (row, value) in decided(p, from).await {
        let task = tasks[usize::try_from(row).unwrap() - 1];
        let path = format!("/projects/{to}/quality/tasks/{task}/decision");
        let body = Some(json!({"value": value}));
        let put = p.call(Some(&client.token), Method::PUT, &path, body).await;
        put.expect(200);
    }
}

pub fn row_of(task: &Value) -> i64 {
    task["payload"]["id"].as_str().unwrap()[1..]
        .parse()
        .unwrap()
}

/// What a fit wrote of workers and of the project, and what it makes of each task. Numbers are compared as they are stored.
async fn fitted(p: &Platform, project: &str) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for (what, sql) in [
        (
            "skills",
            "select coalesce(string_agg(format('%s %s/%s %s/%s', user_id, correct, total, gold_correct, gold_total), ', ' order by user_id), '')
             from worker_skills where project_id = $1::uuid",
        ),
        (
            "agreement and confidence",
            "select format('%s %s', quality_agreement, quality_confidence) from projects where id = $1::uuid",
        ),
        (
            "how sure each task is",
            "select string_agg(format('%s: %s', row_no, task_confidence_v1(id, 'rating', 3)), ', ' order by row_no) from tasks where project_id = $1::uuid",
        ),
    ] {
        found.push((what, text(p, sql, project).await));
    }
    let id = ProjectId(project.parse().unwrap());
    let sample = p.core.skill_sample(id).await.unwrap().unwrap();
    let fit = sample.fit().unwrap();
    let evidence: Vec<_> = fit.skills.iter().map(|s| (s.user, s.beside)).collect();
    found.push(("what others alone say", format!("{evidence:?}")));
    found
}

/// Who is disqualified and who has passed.
async fn qualified(p: &Platform, project: &str) -> String {
    let sql = "select coalesce(string_agg(said, ', ' order by said), '') from (
             select format('%s %s %s/%s', user_id, action, correct, total) as said from worker_qualifications where project_id = $1::uuid
             union all select format('%s passed %s/%s', user_id, correct, total) from worker_passes where project_id = $1::uuid) said";
    text(p, sql, project).await
}

async fn text(p: &Platform, sql: &'static str, project: &str) -> String {
    let found = sqlx::query_scalar(sql).bind(project);
    found.fetch_one(&p.rows).await.unwrap()
}

/// What an owner reads, without ids and times.
async fn read(p: &Platform, client: &Actor, project: &str) -> Vec<(&'static str, String)> {
    let quality = format!("/projects/{project}/quality");
    let get = async |rest: &str| {
        let path = format!("{quality}{rest}");
        let body = p.call(Some(&client.token), Method::GET, &path, None).await;
        body.expect(200)
    };
    let mut workers = get("/workers").await;
    for worker in workers["items"].as_array_mut().unwrap() {
        worker["medianSeconds"].take();
    }
    let hardest = get("/tasks?order=disagreement").await;
    let hardest: Vec<_> = hardest["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|t| {
            format!(
                "{} {} {}",
                t["rowNo"], t["agreement"], t["decision"]["value"]
            )
        })
        .collect();
    let id = asked(p, client, project, "JSONL").await;
    let labels: Vec<_> = lines(&written(p, client, &id).await)
        .iter()
        .map(|task| {
            ["rowNo", "label", "confidence", "method", "agreement"].map(|m| task[m].to_string())
        })
        .collect();
    let exported = downloaded(p, client, &format!("/exports/{id}/workers")).await;
    vec![
        ("quality", format!("{:#}", get("?confidence=0.7").await)),
        ("workers", format!("{workers:#}")),
        ("costs", format!("{:#}", get("/costs").await)),
        ("hardest tasks", hardest.join(", ")),
        ("labels", format!("{labels:?}")),
        ("workers of an export", exported),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refit_after_any_history_equals_a_fit_of_what_is_left() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let crowd = Crowd::new(&p).await;
    let first = first_seed().unwrap_or_else(rand::random);
    let mut did = Did::default();
    for nth in 0..scaled(5, 60) {
        let seed = first.wrapping_add(nth);
        let method = METHODS[usize::try_from(seed % 5).unwrap()];
        let mut rng = StdRng::seed_from_u64(seed);
        // What was done about a worker stays done, so it is the same only where no fit came before.
        let fits_between = rng.random_bool(0.5);
        eprintln!("refit: TEST_SEED={seed}, {method}, fits between: {fits_between}");
        let (lived, fresh) = (
            empty(&p, &client, method).await,
            empty(&p, &client, method).await,
        );
        let steps = scaled(110, 180);
        crowd
            .lives(&p, &client, &lived, steps, fits_between, &mut rng, &mut did)
            .await;
        entered(&p, &client, &crowd, &lived, &fresh).await;
        p.fit_skills().await;
        let told = format!("TEST_SEED={seed}");
        let pairs = fitted(&p, &lived).await.into_iter();
        for ((what, after), (_, at_once)) in pairs.zip(fitted(&p, &fresh).await) {
            assert_eq!(after, at_once, "{what}, {told}");
        }
        if !fits_between {
            let both = (qualified(&p, &lived).await, qualified(&p, &fresh).await);
            assert_eq!(both.0, both.1, "qualification, {told}");
            did.qualified += usize::from(!both.0.is_empty());
        }
        let pairs = read(&p, &client, &lived).await.into_iter();
        for ((what, after), (_, at_once)) in pairs.zip(read(&p, &client, &fresh).await) {
            assert_eq!(after, at_once, "{what}, {told}");
        }
    }
    p.assert_consistent().await;
    eprintln!("refit: {did:?}");
    did.assert_all();
}
