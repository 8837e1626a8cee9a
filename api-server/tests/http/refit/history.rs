//! A project's history as dice have it: whatever people may do, in any order, and some of it is refused.

use rand::{RngExt, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};

use super::row_of;
use crate::support::{Actor, Answer, Platform};

/// How often what was done. A history without some of it proves less than it says.
#[derive(Debug, Default)]
pub struct Did {
    submitted: usize,
    withdrawn: usize,
    approved: usize,
    rejected: usize,
    undone: usize,
    decided: usize,
    undecided: usize,
    voided: usize,
    fitted: usize,
    pub qualified: usize,
}

impl Did {
    #[track_caller]
    pub fn assert_all(&self) {
        let all = [
            self.submitted,
            self.withdrawn,
            self.approved,
            self.rejected,
            self.undone,
            self.decided,
            self.undecided,
            self.voided,
        ];
        assert!(all.iter().all(|times| *times > 0), "{self:?}");
    }
}

/// Who lives it: ids and tokens.
pub struct Crowd {
    pub workers: Vec<(String, String)>,
    pub reviewers: Vec<(String, String)>,
    admin: String,
}

/// Ids of a project's tasks, in the order of their rows.
pub async fn tasks(p: &Platform, project: &str) -> Vec<i64> {
    sqlx::query_scalar("select id from tasks where project_id = $1::uuid order by row_no")
        .bind(project)
        .fetch_all(&p.rows)
        .await
        .unwrap()
}

/// One when it was done, none when it was refused.
#[track_caller]
fn once(answer: &Answer) -> usize {
    assert!(!answer.status.is_server_error(), "{answer:#?}");
    usize::from(answer.status.is_success())
}

/// One of them, if there is any.
fn any<'a, T>(of: &'a [T], rng: &mut StdRng) -> Option<&'a T> {
    (!of.is_empty()).then(|| &of[rng.random_range(0..of.len())])
}

/// What each says of a row: three mostly the truth, one anything, one always something else.
fn says(worker: usize, row: i64, rng: &mut StdRng) -> &'static str {
    let labels = ["-1", "0", "1"];
    let truth = usize::try_from(row).unwrap() % 3;
    let of = match worker {
        4 => truth + 1,
        3 => rng.random_range(0..3),
        _ if rng.random_bool(0.85) => truth,
        _ => rng.random_range(0..3),
    };
    labels[of % 3]
}

impl Crowd {
    pub async fn new(p: &Platform) -> Self {
        let mut workers = Vec::new();
        for name in ["wanda", "wim", "willy", "wilma", "mallory"] {
            workers.push(p.register(name).await);
        }
        Self {
            workers,
            reviewers: vec![p.register("rita").await, p.register("roy").await],
            admin: p.login("admin").await,
        }
    }

    /// Lets a project live so many steps. Nobody holds a task at the end.
    #[expect(clippy::too_many_arguments, reason = "a history has many sides")]
    pub async fn lives(
        &self,
        p: &Platform,
        client: &Actor,
        project: &str,
        steps: usize,
        fits: bool,
        rng: &mut StdRng,
        did: &mut Did,
    ) {
        let ids = tasks(p, project).await;
        let mut given: Vec<(usize, Value)> = Vec::new();
        // The answers that each reviewer decided on.
        let mut judged: Vec<(usize, Value)> = Vec::new();
        for step in 0..steps {
            match rng.random_range(0..100) {
                0..48 => self.submits(p, project, &mut given, rng, did).await,
                48..54 => {
                    let Some((worker, answer)) = any(&given, rng) else {
                        continue;
                    };
                    let path = format!("/answers/{answer}/withdraw");
                    let token = Some(&*self.workers[*worker].1);
                    did.withdrawn += once(&p.call(token, Method::POST, &path, None).await);
                }
                54..82 => {
                    let Some((_, answer)) = any(&given, rng) else {
                        continue;
                    };
                    let reviewer = rng.random_range(0..self.reviewers.len());
                    let token = &self.reviewers[reviewer].1;
                    if rng.random_bool(0.85) {
                        did.approved += once(&p.decide(token, answer, "approve").await);
                    } else {
                        did.rejected += once(&p.reject(token, answer, "no").await);
                    }
                    judged.push((reviewer, answer.clone()));
                }
                82..88 => {
                    // Who has decided since undoes nothing: the latest have the best chance.
                    let latest = &judged[judged.len().saturating_sub(2)..];
                    if let Some((reviewer, answer)) = any(latest, rng) {
                        let token = &self.reviewers[*reviewer].1;
                        did.undone += once(&p.undo(token, answer).await);
                    }
                }
                88..95 => {
                    let task = ids[rng.random_range(0..ids.len())];
                    decides(p, client, project, task, rng, did).await;
                }
                95..97 => self.voids(p, client, project, rng, did).await,
                _ if fits && step > 10 => {
                    p.fit_skills().await;
                    did.fitted += 1;
                }
                _ => {}
            }
        }
    }

    /// Somebody takes a task, and mostly answers it.
    async fn submits(
        &self,
        p: &Platform,
        project: &str,
        given: &mut Vec<(usize, Value)>,
        rng: &mut StdRng,
        did: &mut Did,
    ) {
        let worker = rng.random_range(0..self.workers.len());
        let token = &self.workers[worker].1;
        let claimed = p.claim(token, project, 2).await;
        if once(&claimed) == 0 {
            return;
        }
        for task in claimed.body["tasks"].as_array().into_iter().flatten() {
            if rng.random_bool(0.1) {
                p.lease(token, task, "unlock").await.expect(204);
                continue;
            }
            let said = says(worker, row_of(task), rng);
            let done = p.submit(token, task, said).await.expect(201);
            given.push((worker, done["answerId"].clone()));
            did.submitted += 1;
        }
    }

    /// The ADMIN takes back what somebody answered, which may go on afterwards.
    async fn voids(
        &self,
        p: &Platform,
        client: &Actor,
        project: &str,
        rng: &mut StdRng,
        did: &mut Did,
    ) {
        let worker = &self.workers[rng.random_range(0..self.workers.len())].0;
        let worker = p.known_as(client, project, worker).await;
        let path = format!("/projects/{project}/workers/{worker}/void");
        let why = json!({"reason": "always the same", "fraud": rng.random_bool(0.5)});
        let void = p
            .call(Some(&self.admin), Method::POST, &path, Some(why))
            .await;
        did.voided += once(&void);
    }
}

/// The owner says what the label of a task is, or takes that back.
async fn decides(
    p: &Platform,
    client: &Actor,
    project: &str,
    task: i64,
    rng: &mut StdRng,
    did: &mut Did,
) {
    let path = format!("/projects/{project}/quality/tasks/{task}/decision");
    if rng.random_bool(0.6) {
        let value = ["-1", "0", "1"][rng.random_range(0..3)];
        let body = Some(json!({"value": value}));
        did.decided += once(&p.call(Some(&client.token), Method::PUT, &path, body).await);
    } else {
        let gone = p
            .call(Some(&client.token), Method::DELETE, &path, None)
            .await;
        did.undecided += once(&gone);
    }
}
