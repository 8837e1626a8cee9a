//! Nothing that a worker can read tells gold from work: whoever is told of half the tasks which is which, and knows all that the
//! API said of every one, guesses the other half no better than by chance.

use std::{collections::HashMap, fmt::Write as _, sync::Arc, time::Instant};

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_labelling::{BillingMode, Decision};
use datacrowd_protocol::ids::{AnswerId, UserId};
use datacrowd_testkit::{first_seed, scaled};
use futures::future::join_all;
use rand::{RngExt, SeedableRng, rngs::StdRng, seq::SliceRandom};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{prefill::predict, support::Platform};

const WORKERS: usize = 12;
const ROUNDS: usize = 80;

/// What a worker notes of one task.
#[derive(Debug, Clone)]
struct Note {
    id: i64,
    answer: i64,
    features: Vec<f64>,
}

/// What a worker has seen so far, to compare with.
#[derive(Debug, Clone, Default)]
struct Before {
    id: f64,
    dataset: String,
    batch: f64,
    token: f64,
    answer: f64,
}

fn number(value: &Value) -> f64 {
    let text = value.as_str().map(str::to_owned);
    text.unwrap_or_else(|| value.to_string())
        .parse()
        .unwrap_or(-1.0)
}

fn at(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// How long something took: in the long runs alone. In the short ones, builds and other tests decide it.
fn lasted(seconds: f64) -> f64 {
    scaled(0.0, seconds.ln())
}

/// One task from claim to submit, with everything that could be a tell.
async fn work(p: &Platform, worker: &str, project: &str, before: &mut Before) -> Note {
    let began = (Instant::now(), Utc::now());
    let task = p.claim(worker, project, 1).await.expect(200)["tasks"][0].clone();
    let claim = began.0.elapsed().as_secs_f64();
    let said = Instant::now();
    let done = p.submit(worker, &task, "1").await.expect(201);
    let submit = said.elapsed().as_secs_f64();
    let (id, token) = (number(&task["id"]), number(&task["lease"]["token"]));
    let (batch, answer) = (number(&task["batchId"]), number(&done["answerId"]));
    let lease = at(&task["lease"]["expiresAt"]) - began.1;
    let payload = task["payload"].as_object().unwrap();
    let text = payload["text"].as_str().unwrap();
    let features = vec![
        id - before.id,
        (id - before.id).abs().ln_1p(),
        id % 64.0,
        id % 2.0,
        f64::from(u8::from(task["datasetId"] == before.dataset.as_str())),
        batch - before.batch,
        number(&task["labelingVersion"]),
        task["status"].as_str().unwrap().len() as f64,
        task.as_object().unwrap().len() as f64,
        f64::from(u8::from(task["prefill"].is_object())),
        payload.len() as f64,
        payload["id"].as_str().unwrap().len() as f64,
        text.len() as f64,
        token - before.token,
        number(&task["lease"]["rewardPoints"]),
        lease.num_milliseconds() as f64 / 1000.0,
        answer - before.answer,
        done.as_object().unwrap().len() as f64,
        number(&done["pointsPending"]),
        done["status"].as_str().unwrap().len() as f64,
        lasted(claim),
        lasted(submit),
    ];
    *before = Before {
        id,
        dataset: task["datasetId"].as_str().unwrap().to_owned(),
        batch,
        token,
        answer,
    };
    Note {
        id: id as i64,
        answer: answer as i64,
        features,
    }
}

/// Every answer that waits is reviewed between ten minutes and two hours after it was given, in a time of its own.
async fn review(p: &Platform, rng: &mut StdRng) {
    let waiting: Vec<(i64, DateTime<Utc>)> =
        sqlx::query_as("select id, submitted_at from answers where status = 'in_review'")
            .fetch_all(&p.rows)
            .await
            .unwrap();
    for (answer, submitted) in waiting {
        let then = submitted + TimeDelta::seconds(rng.random_range(600..7200));
        let approve = Decision::Approve {
            comment: String::new(),
        };
        let reviewer = UserId(Uuid::new_v4());
        p.core
            .review_decide(reviewer, AnswerId(answer), &approve, then)
            .await
            .unwrap();
    }
}

/// What a worker reads of an answer afterwards.
async fn outcomes(p: &Platform, worker: &str) -> HashMap<i64, Vec<f64>> {
    let path = "/me/answers?limit=200";
    let mine = p
        .call(Some(worker), Method::GET, path, None)
        .await
        .expect(200);
    let points = p
        .call(Some(worker), Method::GET, "/me/points?limit=200", None)
        .await
        .expect(200);
    let posted: HashMap<i64, f64> = points["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| (e["answerId"].as_i64().unwrap(), number(&e["points"])))
        .collect();
    mine["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|a| {
            let decisions = a["decisions"].as_array().unwrap();
            let waited = at(&a["decidedAt"]) - at(&a["submittedAt"]);
            let said = decisions.first().map_or(0, |d| {
                (at(&d["at"]) - at(&a["decidedAt"])).num_milliseconds()
            });
            let comment: usize = decisions
                .iter()
                .map(|d| d["comment"].as_str().unwrap().len())
                .sum();
            let id = a["id"].as_i64().unwrap();
            (
                id,
                vec![
                    a.as_object().unwrap().len() as f64,
                    a["status"].as_str().unwrap().len() as f64,
                    waited.num_milliseconds() as f64 / 1000.0,
                    decisions.len() as f64,
                    said as f64,
                    comment as f64,
                    number(&a["points"]),
                    posted.get(&id).copied().unwrap_or(-1.0),
                ],
            )
        })
        .collect()
}

/// Area under the curve: how often gold scores above work. By chance one half, with this standard deviation.
fn auc(scored: &[(f64, bool)]) -> (f64, f64) {
    let (gold, work): (Vec<_>, Vec<_>) = scored.iter().partition(|(_, gold)| *gold);
    let (n, m) = (gold.len() as f64, work.len() as f64);
    let above: f64 = gold
        .iter()
        .flat_map(|(g, _)| {
            work.iter().map(move |(w, _)| match g.total_cmp(w) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            })
        })
        .sum();
    (above / (n * m), ((n + m + 1.0) / (12.0 * n * m)).sqrt())
}

/// Standardised, with squares: a tell may lie in the middle.
fn standardised(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let n = rows.len() as f64;
    let columns = rows[0].len();
    let of: Vec<(f64, f64)> = (0..columns)
        .map(|c| {
            let mean = rows.iter().map(|r| r[c]).sum::<f64>() / n;
            let var = rows.iter().map(|r| (r[c] - mean).powi(2)).sum::<f64>() / n;
            (mean, var.sqrt())
        })
        .collect();
    rows.iter()
        .map(|row| {
            let z = row
                .iter()
                .zip(&of)
                .filter(|(_, (_, sd))| *sd > 1e-12)
                .map(|(x, (mean, sd))| ((x - mean) / sd).clamp(-4.0, 4.0));
            let z: Vec<f64> = z.collect();
            z.iter()
                .copied()
                .chain(z.iter().map(|z| z * z - 1.0))
                .chain([1.0])
                .collect()
        })
        .collect()
}

/// Logistic regression by gradient descent, with a ridge.
fn train(rows: &[(Vec<f64>, bool)]) -> Vec<f64> {
    let mut weights = vec![0.0; rows[0].0.len()];
    for _ in 0..400 {
        let mut step = vec![0.0; weights.len()];
        for (row, gold) in rows {
            let off = f64::from(u8::from(*gold)) - 1.0 / (1.0 + (-dot(&weights, row)).exp());
            for (s, x) in step.iter_mut().zip(row) {
                *s += off * x / rows.len() as f64;
            }
        }
        for (w, s) in weights.iter_mut().zip(&step) {
            *w += 0.3 * (s - 0.01 * *w);
        }
    }
    weights
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_classifier_over_all_that_a_worker_reads_stays_at_chance() {
    let seed = first_seed().unwrap_or(1);
    let mut rng = StdRng::seed_from_u64(seed);
    let p = Arc::new(Platform::with_billing(BillingMode::Disabled).await);
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"gold": {"every": 3}})).await;
    // Texts of work and gold are of one kind, and say nothing of their row.
    let mut work_rows = "id,text\n".to_owned();
    for n in 1..=900 {
        writeln!(work_rows, "i{n:04},text {:04}", rng.random_range(1..=900)).unwrap();
    }
    let tasks = p.file(&client, &project, work_rows, &[]).await;
    let mut rows = String::new();
    for _ in 0..ROUNDS {
        let n = rng.random_range(1..=900);
        writeln!(rows, "i{n:04},text {:04},1,", rng.random_range(1..=900)).unwrap();
    }
    let gold = p.gold(&client, &project, &rows).await;
    // Workers begin with what a model says, but for a third of the tasks.
    let usage = json!({"use": {"prefill": true, "blindShare": 0.33}});
    let model = p.checked_model(&client, &project, usage).await;
    predict(&p, &client, &project, &model, &tasks).await;
    predict(&p, &client, &project, &model, &gold).await;
    let mut workers = Vec::new();
    for n in 0..WORKERS {
        workers.push(p.register(&format!("worker{n}")).await.1);
    }
    let mut seen = vec![Before::default(); WORKERS];
    let mut notes: Vec<(usize, Note)> = Vec::new();
    for round in 0..ROUNDS {
        let round_of = join_all(
            workers
                .iter()
                .zip(&mut seen)
                .map(|(worker, before)| work(&p, worker, &project, before)),
        )
        .await;
        // The first one has nothing to be compared with.
        notes.extend(round_of.into_iter().enumerate().filter(|_| round > 0));
        review(&p, &mut rng).await;
        p.sweep_in(0).await;
    }
    p.sweep_in(8000).await;
    let ids: Vec<i64> = sqlx::query_scalar("select id from gold_draws")
        .fetch_all(&p.rows)
        .await
        .unwrap();
    let mut after = Vec::new();
    for worker in &workers {
        after.push(outcomes(&p, worker).await);
    }
    let known: Vec<bool> = notes
        .iter()
        .map(|(_, note)| ids.contains(&note.id))
        .collect();
    let features: Vec<Vec<f64>> = notes
        .iter()
        .map(|(of, note)| {
            let outcome = &after[*of][&note.answer];
            note.features.iter().chain(outcome).copied().collect()
        })
        .collect();
    let gold = known.iter().filter(|gold| **gold).count();
    assert!(
        gold * 5 > known.len() && gold * 2 < known.len(),
        "{gold} of {}",
        known.len()
    );
    let mut tells = String::new();
    for column in 0..features[0].len() {
        let scored: Vec<_> = features
            .iter()
            .zip(&known)
            .map(|(row, gold)| (row[column], *gold))
            .collect();
        let (area, sd) = auc(&scored);
        write!(tells, "{column}: {area:.3} ").unwrap();
        assert!(
            (area - 0.5).abs() < 4.5 * sd,
            "feature {column} tells gold from work: {area:.3} ± {sd:.3}, seed {seed}"
        );
    }
    let mut rows: Vec<_> = standardised(&features).into_iter().zip(known).collect();
    rows.shuffle(&mut rng);
    let (learnt, asked) = rows.split_at(rows.len() / 2);
    let weights = train(learnt);
    let scored: Vec<_> = asked
        .iter()
        .map(|(row, gold)| (dot(&weights, row), *gold))
        .collect();
    let (area, sd) = auc(&scored);
    assert!(
        (area - 0.5).abs() < 3.5 * sd,
        "gold is told from work: {area:.3} ± {sd:.3}, seed {seed}; each alone: {tells}; learnt {weights:.2?}"
    );
    p.assert_consistent().await;
}
