//! Tasks that run on a schedule, as a CronJob runs them: once at a time, recorded, and with the exit code that it needs.

use std::process::Output;

use anyhow::bail;
use chrono::{DateTime, Utc};
use datacrowd_api_server::scheduled::{Ran, once};
use datacrowd_labelling::{BillingMode, ScheduledTask, TaskRuns};
use datacrowd_protocol::ids::{TenantId, UploadId};
use datacrowd_testkit::eventually;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::{process::Command, sync::oneshot};
use uuid::Uuid;

use crate::{
    payments::reconcile::FakeStripe,
    support::{Actor, PASSWORD, Platform, Process, TOTP_KEY, answer, env, pool_of},
};

pub async fn run(p: &Platform, task: &str, more: &[(&str, &str)]) -> Output {
    command(p, &["run", task], more).await
}

async fn command(p: &Platform, arguments: &[&str], more: &[(&str, &str)]) -> Output {
    process(p, arguments, more).output().await.unwrap()
}

/// The command itself. More variables go before the usual ones.
fn process(p: &Platform, arguments: &[&str], more: &[(&str, &str)]) -> Command {
    let mut process = Command::new(env!("CARGO_BIN_EXE_datacrowd-api-server"));
    process
        .args(arguments)
        .env("DATACROWD_LOG", "info")
        .env("KUBECONFIG", env("TEST_KUBECONFIG"))
        .env("AUTH_DATABASE_URL", p.auth.app_url())
        .env("CORE_DATABASE_URL", p.core_database.app_url())
        .env("PAYMENTS_DATABASE_URL", p.payments.app_url())
        .env("NOTIFICATIONS_DATABASE_URL", p.told.app_url())
        .env("DATACROWD_TOTP_KEY", TOTP_KEY)
        .env("DATACROWD_BUCKET", env("TEST_S3_BUCKET"))
        .env("AWS_ENDPOINT_URL", env("TEST_S3_ENDPOINT"))
        .envs(more.iter().copied())
        .kill_on_drop(true);
    process
}

fn said(output: &Output) -> String {
    let both = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8(both).unwrap()
}

async fn known(p: &Platform, task: ScheduledTask) -> Option<TaskRuns> {
    let all = p.core.scheduled_runs().await.unwrap();
    all.into_iter().find(|runs| runs.task == task)
}

/// What an ADMIN is shown.
async fn schedules(p: &Platform) -> Vec<Value> {
    let admin = p.login("admin").await;
    let shown = p.call(Some(&admin), Method::GET, "/admin/schedules", None);
    let shown = shown.await.expect(200);
    shown["items"].as_array().unwrap().clone()
}

/// Outcome and error of the latest run.
async fn latest(p: &Platform, task: ScheduledTask) -> (String, Option<String>) {
    sqlx::query_as("select outcome, error from scheduled_runs where task = $1")
        .bind(task.name())
        .fetch_one(&p.rows)
        .await
        .unwrap()
}

/// An upload that a server began two days ago, and then died.
async fn forgotten_upload(p: &Platform, client: &Actor) {
    let id = UploadId(Uuid::new_v4());
    let key = format!("{}/datasets/{id}/source.csv", client.namespace);
    let tenant = sqlx::query_scalar("select id from tenants")
        .fetch_one(&p.rows)
        .await
        .unwrap();
    p.core
        .upload_open(id, TenantId(tenant), &key, Some("of a server that died"))
        .await
        .unwrap();
    sqlx::query("update uploads set created_at = created_at - interval '2 days'")
        .execute(&p.rows)
        .await
        .unwrap();
    p.put_object(&key, b"id,text\n1,a\n".to_vec()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_does_its_work_and_is_recorded() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    p.project(&client, json!({})).await;
    forgotten_upload(&p, &client).await;
    assert_eq!(p.stored(&client.namespace).await, (1, 0));
    let begin = Utc::now();
    let output = run(&p, "forgotten-uploads", &[]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(p.stored(&client.namespace).await, (0, 0));
    let open = "select count(*) from uploads where state = 'open'";
    assert_eq!(p.count(open).await, 0);
    let task = ScheduledTask::ForgottenUploads;
    assert_eq!(latest(&p, task).await, ("succeeded".to_owned(), None));
    let success = known(&p, task).await.unwrap().last_success;
    assert!(success.is_some_and(|at| at >= begin), "{success:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_fails_says_so_by_its_exit_code_and_in_its_record() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    p.project(&client, json!({})).await;
    let task = ScheduledTask::ForgottenUploads;
    let output = run(&p, task.name(), &[]).await;
    assert!(output.status.success(), "{}", said(&output));
    let before = known(&p, task).await.unwrap().last_success;
    forgotten_upload(&p, &client).await;
    // Nobody listens there.
    let away = [("AWS_ENDPOINT_URL", "http://127.0.0.1:1")];
    let output = run(&p, task.name(), &away).await;
    assert!(!output.status.success(), "{}", said(&output));
    let (outcome, error) = latest(&p, task).await;
    assert_eq!(outcome, "failed");
    let shown = &schedules(&p).await[0];
    assert_eq!(
        (&shown["task"], &shown["outcome"]),
        (&json!("forgotten-uploads"), &json!("FAILED"))
    );
    assert_eq!(
        (&shown["isLate"], &shown["error"]),
        (&json!(false), &json!(error))
    );
    let error = error.unwrap();
    assert!(error.contains("cannot be removed"), "{error}");
    let after = known(&p, task).await.unwrap().last_success;
    assert_eq!(after, before, "a failure is no success");

    let output = run(&p, task.name(), &[]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(latest(&p, task).await, ("succeeded".to_owned(), None));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_runs_at_once_one_runs_and_the_other_ends_well() {
    let p = Platform::start().await;
    let (begun, has_begun) = oneshot::channel();
    let (go, may_end) = oneshot::channel::<()>();
    let core = p.core.clone();
    let first = tokio::spawn(async move {
        let work = async {
            begun.send(()).unwrap();
            may_end.await?;
            Ok(3)
        };
        once(&core, ScheduledTask::Retention, Utc::now, work).await
    });
    has_begun.await.unwrap();
    let second = run(&p, "retention", &[]).await;
    assert!(second.status.success(), "{}", said(&second));
    assert!(
        said(&second).contains("already running"),
        "{}",
        said(&second)
    );
    assert_eq!(latest(&p, ScheduledTask::Retention).await.0, "running");
    assert_eq!(schedules(&p).await[0]["outcome"], "RUNNING");
    let other = run(&p, "account-upkeep", &[]).await;
    assert!(
        said(&other).contains("the task is done"),
        "{}",
        said(&other)
    );

    go.send(()).unwrap();
    let done = first.await.unwrap().unwrap();
    assert_eq!(done, Ran::Done { found: 3 });
    let runs = known(&p, ScheduledTask::Retention).await.unwrap();
    assert_eq!(runs.found, 3);
    let third = run(&p, "retention", &[]).await;
    assert!(
        said(&third).contains("the task is done"),
        "{}",
        said(&third)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_was_killed_holds_up_no_other() {
    let p = Platform::start().await;
    let task = ScheduledTask::Retention;
    let killed = p.core.scheduled_run_begin(task, Utc::now()).await.unwrap();
    drop(killed.unwrap());
    let lost = async || (schedules(&p).await[0]["outcome"] == "LOST").then_some(());
    eventually(std::time::Duration::from_secs(10), lost).await;
    let next = eventually(std::time::Duration::from_secs(10), || async {
        p.core.scheduled_run_begin(task, Utc::now()).await.unwrap()
    });
    next.await.succeed(0, Utc::now()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_told_to_stop_is_recorded_as_failed() {
    let p = Platform::start().await;
    let auth = p.auth.owner_pool();
    let mut held = auth.begin().await.unwrap();
    sqlx::query("lock table sessions in access exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    let mut child = process(&p, &["run", "retention"], &[]).spawn().unwrap();
    let waits = "select count(*) from pg_locks where not granted
        and database = (select oid from pg_database where datname = current_database())";
    eventually(std::time::Duration::from_secs(20), || async {
        let waiting: i64 = sqlx::query_scalar(waits).fetch_one(&auth).await.ok()?;
        (waiting > 0).then_some(())
    })
    .await;
    let pid = child.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-TERM", &pid]).status().await;
    assert!(sent.unwrap().success());
    assert!(!child.wait().await.unwrap().success());
    let (outcome, error) = latest(&p, ScheduledTask::Retention).await;
    assert_eq!(outcome, "failed");
    let error = error.unwrap();
    assert!(error.contains("told to stop"), "{error}");
    held.rollback().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_lost_its_lock_is_no_success() {
    let p = Platform::start().await;
    // A role may end its own sessions.
    let ours = pool_of(&p.core_database);
    let work = async {
        sqlx::query("select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())")
            .execute(&ours)
            .await?;
        Ok(0)
    };
    let task = ScheduledTask::Retention;
    once(&p.core, task, Utc::now, work).await.unwrap_err();
    assert_eq!(known(&p, task).await.unwrap().last_success, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_is_removed_and_addresses_get_their_form() {
    let p = Platform::start().await;
    p.client("clara").await;
    let auth = p.auth.owner_pool();
    for change in [
        "update sessions set expires_at = now() - interval '400 days'",
        "update users set email_key = null",
    ] {
        sqlx::query(change).execute(&auth).await.unwrap();
    }
    for task in ["retention", "account-upkeep"] {
        let output = run(&p, task, &[]).await;
        assert!(output.status.success(), "{}", said(&output));
    }
    for left in [
        "select count(*) from sessions",
        "select count(*) from users where email_key is null",
    ] {
        let rows: i64 = sqlx::query_scalar(left).fetch_one(&auth).await.unwrap();
        assert_eq!(rows, 0, "{left}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn payments_that_the_ledger_does_not_fit_are_counted_and_fail_the_reconciliation() {
    let fake = FakeStripe::start().await;
    let p = Platform::with_stripe(BillingMode::Stripe, &fake.url).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let purchase = p.purchase(&client, &project, 100).await;
    let paid = json!({"status": "complete", "payment_status": "paid"});
    fake.set(&purchase.session, &paid);
    p.send(&purchase.paid()).await;
    p.settle().await;
    let stripe = [
        ("DATACROWD_STRIPE_SECRET_KEY", "sk_test_123"),
        ("DATACROWD_STRIPE_API_URL", fake.url.as_str()),
    ];
    let found = async || {
        known(&p, ScheduledTask::LedgerDrift)
            .await
            .map(|runs| runs.found)
    };
    for arguments in [&["run", "ledger-drift"][..], &["run", "reconcile-payments"]] {
        let output = command(&p, arguments, &stripe).await;
        assert!(output.status.success(), "{}", said(&output));
    }
    assert_eq!(found().await, Some(0));

    sqlx::query("update payments set refunded_cents = 1")
        .execute(&p.money)
        .await
        .unwrap();
    let output = run(&p, "ledger-drift", &[]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(found().await, Some(1));
    // Under the name that it had before.
    let output = command(&p, &["reconcile-payments"], &stripe).await;
    assert!(!output.status.success(), "{}", said(&output));
    let (outcome, error) = latest(&p, ScheduledTask::ReconcilePayments).await;
    assert_eq!(outcome, "failed");
    let error = error.unwrap();
    assert!(
        error.contains("1 payments do not fit the ledger"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_is_asked_for_what_it_lost() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    p.project(&client, json!({})).await;
    let output = run(&p, "lost-resources", &[]).await;
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(p.count("select bound from lost_passes").await, 1);
}

/// The value of a task's gauge in Prometheus' text, if it is there.
fn gauge(metrics: &str, name: &str, task: &str) -> Option<f64> {
    let series = format!("{name}{{task=\"{task}\"}} ");
    let line = metrics
        .lines()
        .find_map(|line| line.strip_prefix(&series))?;
    line.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_tells_of_what_it_awaits_before_it_ever_ran() {
    let p = Platform::start().await;
    let begin = Utc::now().timestamp() as f64;
    let awaited = [("DATACROWD_SCHEDULED_TASKS", "retention=10800")];
    let server = Process::start_with(&p, &awaited).await;
    let url = format!("{}/metrics", server.internal);
    let shown = eventually(std::time::Duration::from_secs(20), || async {
        let metrics = p
            .http
            .get(&url)
            .header("x-internal-token", "an internal token")
            .send()
            .await
            .ok()?
            .text()
            .await
            .ok()?;
        let since = gauge(
            &metrics,
            "datacrowd_task_last_success_timestamp_seconds",
            "retention",
        )?;
        let late = gauge(&metrics, "datacrowd_task_late_after_seconds", "retention")?;
        Some((since, late, metrics))
    });
    let (since, late, metrics) = shown.await;
    assert!(since >= begin - 1.0, "it is not late from the start");
    assert!((late - 10_800.0).abs() < f64::EPSILON, "{late}");
    assert!(
        !metrics.contains("task=\"ledger-drift\""),
        "nobody awaits it"
    );
    let runs = known(&p, ScheduledTask::Retention).await.unwrap();
    let first: Option<DateTime<Utc>> = runs.awaited_since;
    // It signs with a secret of its own.
    let login = p.http.post(format!("{}/auth/login", server.url));
    let login = login.json(&json!({"login": "admin", "password": PASSWORD}));
    let session = answer(login).await.expect(200);
    let admin = session["accessToken"].as_str().unwrap();
    let schedules = async || {
        let url = format!("{}/admin/schedules", server.url);
        let shown = answer(p.http.get(url).bearer_auth(admin)).await.expect(200);
        shown["items"][0].clone()
    };
    let shown = schedules().await;
    assert_eq!(
        (&shown["lateAfterSeconds"], &shown["isLate"]),
        (&json!(10_800), &json!(false))
    );
    assert_eq!(shown["outcome"], Value::Null);
    sqlx::query(
        "update scheduled_runs set awaited_since = awaited_since - interval '3 hours 1 second'",
    )
    .execute(&p.rows)
    .await
    .unwrap();
    assert_eq!(schedules().await["isLate"], true);
    sqlx::query("update scheduled_runs set awaited_since = $1")
        .bind(first)
        .execute(&p.rows)
        .await
        .unwrap();
    p.core
        .scheduled_run_await(ScheduledTask::Retention, Utc::now())
        .await
        .unwrap();
    let again = known(&p, ScheduledTask::Retention).await.unwrap();
    assert_eq!(
        again.awaited_since, first,
        "each start awaits the same first success"
    );
    assert_eq!(again.last_success, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_has_one_name_everywhere() {
    for task in ScheduledTask::ALL {
        assert_eq!(ScheduledTask::named(task.name()), Some(task));
    }
    assert_eq!(ScheduledTask::named("nothing"), None);
    let p = Platform::start().await;
    let failed = once(&p.core, ScheduledTask::LostResources, Utc::now, async {
        bail!("for a reason")
    });
    let error = format!("{:#}", failed.await.unwrap_err());
    assert_eq!(error, "running lost-resources: for a reason");
    let latest = latest(&p, ScheduledTask::LostResources).await;
    assert_eq!(
        latest,
        ("failed".to_owned(), Some("for a reason".to_owned()))
    );
}
