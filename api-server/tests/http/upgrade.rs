//! Databases that the version before filled, on today's schema and under today's rules. What is in
//! `upgrade/*.sql` was written by that version's own server; `upgrade/facts.json` says what it answered then.

use chrono::{TimeDelta, Utc};
use datacrowd_labelling::BillingMode;
use datacrowd_testkit::TestDatabase;
use k8s_openapi::api::core::v1::Namespace;
use kube::{Api, api::PostParams};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{PASSWORD, Platform, answer, env};

/// Quota is kept by grants of the operator's side: 100 + 50 + 50 + 5.
const GRANTED: i64 = 205;

fn facts() -> Value {
    serde_json::from_str(include_str!("upgrade/facts.json")).unwrap()
}

fn text<'a>(facts: &'a Value, name: &str) -> &'a str {
    facts[name].as_str().unwrap()
}

/// A platform over what the version before left, whose one tenant's namespace is there again.
async fn upgraded() -> (Platform, Value) {
    let databases = tokio::join!(
        TestDatabase::restore("auth", include_str!("upgrade/auth.sql")),
        TestDatabase::restore("core", include_str!("upgrade/core.sql")),
        TestDatabase::restore("payments", include_str!("upgrade/payments.sql")),
        TestDatabase::create("notifications")
    );
    let p = Platform::over(
        databases,
        BillingMode::Manual,
        &env("TEST_STRIPE_URL"),
        (0, 0),
    )
    .await;
    (p, facts())
}

/// The access token of who signs in with this password and, where one is on, this second step.
async fn sign_in(p: &Platform, login: &str, password: &str, totp: Option<&str>) -> String {
    let body = json!({"login": login, "password": password, "totp": totp});
    let tokens = p
        .call(None, Method::POST, "/auth/login", Some(body))
        .await
        .expect(200);
    tokens["accessToken"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_of_the_version_before_sign_in() {
    let (p, facts) = upgraded().await;
    sign_in(&p, text(&facts, "clara"), PASSWORD, None).await;
    let without = json!({"login": "wanda", "password": PASSWORD});
    p.call(None, Method::POST, "/auth/login", Some(without))
        .await
        .refused(401, "totp_required");
    let recovery = &facts["recoveryCodes"];
    sign_in(&p, "wanda", PASSWORD, recovery[0].as_str()).await;
    let secret = totp_rs::Secret::try_from_base32(text(&facts, "totpSecret")).unwrap();
    let device = totp_rs::Builder::new()
        .with_secret(secret)
        .with_account_name("wanda")
        .build()
        .unwrap();
    let code = || {
        let now = u64::try_from(Utc::now().timestamp()).unwrap();
        device.generate(now).to_string()
    };
    sign_in(&p, "wanda", PASSWORD, Some(&code())).await;

    // Registered with a decomposed password, which the version before hashed as it came.
    let (decomposed, composed) = ("pa\u{308}sswo\u{308}rd geheim", "p\u{e4}ssw\u{f6}rd geheim");
    sign_in(&p, "uwe@b\u{fc}cher.example", decomposed, None).await;
    sign_in(&p, "uwe", composed, None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn work_of_the_version_before_goes_on() {
    let (p, facts) = upgraded().await;
    p.assert_consistent().await;
    let now = Utc::now();
    // As if the upgrade came a minute after the claim.
    sqlx::query("update leases set locked_at = $1, expires_at = $2")
        .bind(now - TimeDelta::minutes(1))
        .bind(now + TimeDelta::minutes(9))
        .execute(&p.rows)
        .await
        .unwrap();
    let wanda = sign_in(&p, "wanda", PASSWORD, facts["recoveryCodes"][1].as_str()).await;
    let wim = sign_in(&p, "wim", PASSWORD, None).await;
    let held = facts["held"].as_array().unwrap();
    assert_eq!(held.len(), 2);
    let submitted = p.submit(&wanda, &held[0], "0").await.expect(201);
    assert_eq!(submitted["pointsPending"], 5);
    p.decide(&wim, &submitted["answerId"], "approve")
        .await
        .expect(200);
    p.decide(&wim, &facts["waiting"], "approve")
        .await
        .expect(200);
    let points = p
        .call(Some(&wanda), Method::GET, "/me/points", None)
        .await
        .expect(200);
    assert_eq!(points["balance"], 15);
    // A task that was skipped before the upgrade is not offered again to who skipped it.
    let offered = p.claim(&wim, text(&facts, "live"), 10).await.expect(200);
    let offered = offered["tasks"].as_array().unwrap();
    assert!(offered.iter().all(|t| t["id"] != facts["skipped"]));
    p.core.sweep(Utc::now()).await.unwrap();
    p.assert_consistent().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_rows_and_numbers_of_the_version_before_are_shown() {
    let (p, facts) = upgraded().await;
    let clara = sign_in(&p, text(&facts, "clara"), PASSWORD, None).await;
    let path = format!("/datasets/{}", text(&facts, "liveDataset"));
    let dataset = p
        .call(Some(&clara), Method::GET, &path, None)
        .await
        .expect(200);
    assert_eq!(
        (
            &dataset["state"],
            &dataset["tasksCreated"],
            &dataset["rowsRejected"],
            &dataset["rejectedRows"][0]["line"]
        ),
        (&json!("READY"), &json!(11), &json!(1), &json!(3)),
        "{dataset:#}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_deleted_before_the_upgrade_is_gone_and_its_untouched_tasks_are_credited() {
    let (p, facts) = upgraded().await;
    let clara = sign_in(&p, text(&facts, "clara"), PASSWORD, None).await;
    // What was deleted before is credited by the sweep.
    p.core.sweep_deleted("datacrowd", Utc::now()).await.unwrap();
    let listed = p
        .call(Some(&clara), Method::GET, "/projects", None)
        .await
        .expect(200);
    let listed: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|project| project["id"].as_str().unwrap())
        .collect();
    assert!(listed.contains(&text(&facts, "live")) && listed.contains(&text(&facts, "half")));
    assert!(!listed.contains(&text(&facts, "gone")), "{listed:?}");
    let datasets = p
        .call(
            Some(&clara),
            Method::GET,
            &format!("/projects/{}/datasets", text(&facts, "half")),
            None,
        )
        .await
        .expect(200);
    let datasets = datasets["items"].as_array().unwrap();
    assert_eq!(datasets.len(), 1, "{datasets:#?}");
    assert_eq!(datasets[0]["id"], facts["halfKept"]);
    // 4 tasks of one judgement and 3 of two that nobody answered.
    let used = p
        .count("select sum(tasks_used)::bigint from projects")
        .await;
    assert_eq!(used, facts["used"].as_i64().unwrap() - 10);
    assert_eq!(
        p.count("select sum(task_quota)::bigint from projects")
            .await,
        GRANTED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_begun_before_the_upgrade_gives_the_same_records() {
    let (p, facts) = upgraded().await;
    let namespace = text(&facts, "claraNamespace");
    let tenant = namespace.strip_prefix("dc-").unwrap();
    let made: Namespace = serde_json::from_value(json!({
        "metadata": {"name": namespace, "labels": {"datacrowd.io/tenant": tenant}}
    }))
    .unwrap();
    let namespaces = Api::<Namespace>::all(p.cluster.clone());
    namespaces
        .create(&PostParams::default(), &made)
        .await
        .unwrap();
    let token = p.runner_token(namespace).await;
    let run = text(&facts, "exportRun");
    let opened = p
        .runner(
            &token,
            &format!("/internal/runs/{run}/open"),
            json!({"podUid": "pod-2"}),
        )
        .await
        .expect(200);
    let url = format!(
        "{}/internal/exports/{}/answers?runId={run}&epoch={}",
        p.internal,
        text(&facts, "export"),
        opened["epoch"]
    );
    let page = answer(p.http.get(url).bearer_auth(&token))
        .await
        .expect(200);
    assert_eq!(page, facts["exportPage"]);
}
