//! The real runner process against the real server: killed, doubled, and read back.

use std::{collections::BTreeSet, fmt::Write as _, path::PathBuf, process::Stdio, time::Duration};

use datacrowd_labelling::BillingMode;
use datacrowd_testkit::first_seed;
use rand::{RngExt, SeedableRng, rngs::StdRng};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::process::{Child, Command};

use crate::support::{Actor, ExportRun, Platform, Process, Run, answer};

/// Built beside this test by `cargo build`.
fn binary() -> PathBuf {
    let path = std::env::current_exe()
        .unwrap()
        .ancestors()
        .nth(2)
        .unwrap()
        .join("datacrowd-runner");
    assert!(
        path.exists(),
        "{} is not built; run `cargo build --workspace` first",
        path.display()
    );
    path
}

pub struct Job {
    run: String,
    token_file: tempfile::TempPath,
}

impl Job {
    pub async fn new(p: &Platform, namespace: &str, run: String) -> Self {
        let token = p.runner_token(namespace).await;
        let token_file = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&token_file, token).unwrap();
        Self { run, token_file }
    }

    fn start(&self, p: &Platform, what: &str, pod: &str) -> Child {
        self.command(p, what, pod).spawn().unwrap()
    }

    pub fn command(&self, p: &Platform, what: &str, pod: &str) -> Command {
        let mut command = Command::new(binary());
        command
            .args([what, "--run-id", &self.run])
            .env("DATACROWD_INTERNAL_URL", &p.internal)
            .env("DATACROWD_TOKEN_FILE", &self.token_file)
            .env("POD_UID", pod)
            .env("TERMINATION_LOG", "/dev/null")
            .env("DATACROWD_LOG", "warn")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true);
        command
    }

    pub async fn finish(&self, p: &Platform, what: &str, pod: &str) -> i32 {
        let mut child = self.start(p, what, pod);
        let ended = tokio::time::timeout(Duration::from_mins(2), child.wait())
            .await
            .expect("the runner ends in time");
        ended.unwrap().code().unwrap_or(-1)
    }
}

async fn generating(p: &Platform, client: &Actor, rows: i64) -> (String, String, Job) {
    let project = p.project(client, json!({"reviewersPerAnswer": 0})).await;
    p.grant(&project, rows * 2).await;
    let mut csv = "id,text\n".to_owned();
    for row in 1..=rows {
        writeln!(csv, "i{row},\"text, number {row}\"").unwrap();
    }
    let id = p.generating(client, &project, csv, 1000).await;
    let run = Run::begin(p, &id, 1).await;
    let job = Job::new(p, &client.namespace, run).await;
    (project, id, job)
}

async fn exactly(p: &Platform, client: &Actor, dataset: &str, rows: i64) {
    let ready = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/datasets/{dataset}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(
        (&ready["state"], &ready["totalRows"], &ready["tasksCreated"]),
        (&json!("READY"), &json!(rows), &json!(rows)),
        "{ready:#}"
    );
    assert_eq!(p.count("select count(*) from tasks").await, rows);
    assert_eq!(
        p.count("select count(distinct row_no) from tasks").await,
        rows
    );
    assert_eq!(
        p.count("select sum(size)::bigint from task_batches").await,
        rows
    );
    assert_eq!(p.count("select tasks_used from projects").await, rows);
    assert_eq!(
        p.count("select count(*) from tasks where payload->>'id' <> 'i' || row_no")
            .await,
        0,
        "each row is itself"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_runner_killed_twenty_times_loads_every_row_once() {
    let rows: i64 = 100_000;
    let seed = first_seed().unwrap_or_else(rand::random);
    eprintln!("TEST_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let (_, dataset, job) = generating(&p, &client, rows).await;
    for _ in 0..20 {
        let mut child = job.start(&p, "generate", "the-pod");
        let life = Duration::from_millis(random.random_range(5..400));
        // A random moment of the work is the point of this pause.
        if tokio::time::timeout(life, child.wait()).await.is_err() {
            child.kill().await.unwrap();
        }
    }
    assert_eq!(job.finish(&p, "generate", "the-pod").await, 0);
    exactly(&p, &client, &dataset, rows).await;
    assert_eq!(
        job.finish(&p, "generate", "the-pod").await,
        0,
        "a run that has ended is nothing to do"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_runners_at_once_load_every_row_once() {
    let rows: i64 = 30_000;
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let (_, dataset, job) = generating(&p, &client, rows).await;
    let (one, two) = tokio::join!(
        job.finish(&p, "generate", "pod-1"),
        job.finish(&p, "generate", "pod-2")
    );
    assert_eq!((one, two), (0, 0));
    exactly(&p, &client, &dataset, rows).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_exported_file_holds_each_approved_answer_once() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let (project, _, job) = generating(&p, &client, 1200).await;
    assert_eq!(job.finish(&p, "generate", "pod-1").await, 0);
    let (_, worker) = p.register("wanda").await;
    for _ in 0..120 {
        let claimed = p
            .call(
                Some(&worker),
                Method::POST,
                "/tasks/claim",
                Some(json!({"projectId": project, "count": 10})),
            )
            .await
            .expect(200);
        for task in claimed["tasks"].as_array().unwrap() {
            let body = json!({"leaseToken": task["lease"]["token"], "answer": {"rating": "1"}});
            p.call(
                Some(&worker),
                Method::POST,
                &format!("/tasks/{}/submit", task["id"]),
                Some(body),
            )
            .await
            .expect(201);
        }
    }
    for (format, lines) in [("JSONL", 1200), ("CSV", 1201)] {
        let export = p
            .call(
                Some(&client.token),
                Method::POST,
                &format!("/projects/{project}/export"),
                Some(json!({"format": format})),
            )
            .await
            .expect(202);
        let id = export["exportId"].as_str().unwrap();
        let begun = ExportRun::begin(&p, id, 1).await.expect(201);
        let job = Job::new(
            &p,
            &client.namespace,
            begun["runId"].as_str().unwrap().to_owned(),
        )
        .await;
        assert_eq!(job.finish(&p, "export", "pod-3").await, 0);
        let ready = p
            .call(
                Some(&client.token),
                Method::GET,
                &format!("/exports/{id}"),
                None,
            )
            .await
            .expect(200);
        assert_eq!(
            (&ready["state"], &ready["rows"]),
            (&json!("READY"), &json!(1200)),
            "{ready:#}"
        );
        let redirect = p
            .http
            .get(format!("{}/exports/{id}/download", p.url))
            .bearer_auth(&client.token)
            .send()
            .await
            .unwrap();
        assert_eq!(redirect.status(), 307);
        let bytes = p
            .http
            .get(redirect.headers()["location"].to_str().unwrap())
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap();
        assert_eq!(ready["sha256"], hex::encode(Sha256::digest(&bytes)));
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text.lines().count(), lines);
        if format == "JSONL" {
            let ids: BTreeSet<String> = text
                .lines()
                .map(|l| {
                    serde_json::from_str::<Value>(l).unwrap()["externalId"]
                        .as_str()
                        .unwrap()
                        .to_owned()
                })
                .collect();
            assert_eq!(ids.len(), 1200);
        }
    }
}

#[tokio::test]
async fn a_store_that_refuses_the_platform_says_what_to_set_right() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let clara = p.client("clara").await;
    let (_, _, job) = generating(&p, &clara, 3).await;
    let wrong = [("AWS_SECRET_ACCESS_KEY", "not the one it was")];
    let server = Process::start_with(&p, &wrong).await;
    let open = p
        .http
        .post(format!(
            "{}/internal/runs/{}/open",
            server.internal, job.run
        ))
        .bearer_auth(p.runner_token(&clara.namespace).await)
        .json(&json!({"podUid": "pod"}));
    let refused = answer(open).await.expect(502);
    assert_eq!(refused["code"], "object_store_refused");
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("(403)"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_replaced_after_its_upload_becomes_no_task() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let (_, id, job) = generating(&p, &client, 3).await;
    let source: String = sqlx::query_scalar("select source_path from datasets")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let key = source.splitn(4, '/').nth(3).unwrap();
    p.put_object(key, b"id,text\ni1,somebody else's\n".to_vec())
        .await;
    assert_eq!(job.finish(&p, "generate", "pod-1").await, 64);
    assert_eq!(p.count("select count(*) from tasks").await, 0);
    let dataset = p
        .call(
            Some(&client.token),
            Method::GET,
            &format!("/datasets/{id}"),
            None,
        )
        .await
        .expect(200);
    assert_eq!(dataset["state"], "FAILED");
    let reason: String = sqlx::query_scalar("select reason from runs")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    assert_eq!(reason, "source_changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_runner_read_whole_is_known_by_its_hash() {
    let p = Platform::with_billing(BillingMode::Manual).await;
    let client = p.client("clara").await;
    let (_, id, job) = generating(&p, &client, 3).await;
    // As a file that nobody uploaded.
    sqlx::query("update datasets set sha256 = null")
        .execute(&p.rows)
        .await
        .unwrap();
    assert_eq!(job.finish(&p, "generate", "pod-1").await, 0);
    exactly(&p, &client, &id, 3).await;
    let known: String = sqlx::query_scalar("select sha256 from datasets")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    let accepted: String = sqlx::query_scalar("select sha256 from uploads")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    assert_eq!(known, accepted);
}
