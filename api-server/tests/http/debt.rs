//! A debt closes the door of the whole tenant: nothing new is exported and nothing is handed out until it is paid.

use datacrowd_labelling::BillingMode;
use datacrowd_protocol::{
    ids::{PaymentId, ProjectId},
    payment::PaymentGrant,
};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, ExportRun, Platform, answer, env};

/// As the payments' outbox tells it.
async fn grant(p: &Platform, project: &str, payment: PaymentId, judgements: i64, version: i64) {
    let grant = PaymentGrant {
        payment,
        project: ProjectId(project.parse().unwrap()),
        judgements,
        pending: false,
        version,
    };
    p.core.payment_grant(&grant).await.unwrap();
}

fn payment() -> PaymentId {
    PaymentId(Uuid::now_v7())
}

fn jsonl() -> Value {
    json!({"format": "JSONL"})
}

async fn download(p: &Platform, client: &Actor, export: &str) -> Answer {
    let path = format!("/exports/{export}/download");
    p.call(Some(&client.token), Method::GET, &path, None).await
}

async fn billing(p: &Platform, client: &Actor, project: &str) -> Value {
    let path = format!("/projects/{project}");
    p.call(Some(&client.token), Method::GET, &path, None)
        .await
        .expect(200)["billing"]
        .clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_closes_the_door_of_every_project_of_the_tenant_until_it_is_paid() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let (client, other) = (p.client("clara").await, p.client("carl").await);
    let members = json!({"reviewersPerAnswer": 0});
    let (spent, rich) = (
        p.project(&client, members.clone()).await,
        p.project(&client, members.clone()).await,
    );
    let refunded = payment();
    grant(&p, &spent, refunded, 3, 1).await;
    grant(&p, &rich, payment(), 100, 1).await;
    p.loaded(&client, &spent, 3, 3).await;
    p.loaded(&client, &rich, 1, 1).await;
    let (_, wanda) = p.register("wanda").await;
    p.work(&wanda, &rich, 1, "1").await;
    let (running, waiting) = (
        p.export(&client, &rich, jsonl()).await,
        p.export(&client, &rich, jsonl()).await,
    );
    let writing = ExportRun::open(&p, &client, &running).await;

    grant(&p, &spent, refunded, 0, 2).await;
    assert_eq!(billing(&p, &client, &spent).await["debt"], 3);
    assert_eq!(billing(&p, &client, &rich).await["debt"], 0);
    let refused = ExportRun::begin(&p, &waiting, 1)
        .await
        .refused(402, "debt_owed");
    assert_eq!(refused["details"]["owed"], 3);
    let path = format!("/exports/{waiting}");
    let told = p.call(Some(&client.token), Method::GET, &path, None).await;
    let told = told.expect(200)["message"].clone();
    assert!(told.as_str().unwrap().contains("owes 3 judgements"));
    download(&p, &client, &waiting)
        .await
        .refused(402, "debt_owed");
    let more = p
        .upload(&client, &rich, "more.csv", b"id,text\n1,a\n".to_vec(), 10)
        .await
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let generate = format!("/datasets/{more}/generate-tasks");
    let generated = p
        .call(
            Some(&client.token),
            Method::POST,
            &generate,
            Some(json!({})),
        )
        .await;
    generated.refused(402, "debt_owed");

    // What runs is finished, also by another attempt; it is not handed out.
    ExportRun::begin(&p, &running, 1).await.expect(201);
    writing.finish(&p).await;
    let refused = download(&p, &client, &running)
        .await
        .refused(402, "debt_owed");
    let details = &refused["details"];
    assert_eq!(
        (&details["owed"], &details["purchase"]),
        (&json!(3), &json!(10))
    );
    assert_eq!(
        details["projects"],
        json!([{"projectId": spent, "displayName": details["projects"][0]["displayName"], "owed": 3, "purchase": 10}])
    );
    let admin = p.login("admin").await;
    let path = format!("/exports/{running}/download");
    let asked = p.call(Some(&admin), Method::GET, &path, None).await;
    asked.refused(402, "debt_owed");
    // Another tenant has nothing to do with it.
    let theirs = p.project(&other, members).await;
    let theirs = p.export(&other, &theirs, jsonl()).await;
    ExportRun::begin(&p, &theirs, 1).await.expect(201);

    let told = "select count(*) from outbox where kind = 'billing_revision'";
    let before = p.count(told).await;
    grant(&p, &spent, payment(), 10, 1).await;
    assert_eq!(
        p.count(told).await,
        before + 2,
        "the waiting export's project is told as well"
    );
    assert_eq!(billing(&p, &client, &spent).await["debt"], 0);
    download(&p, &client, &running).await.expect(307);
    let as_json = p.http.get(format!("{}/exports/{running}/download", p.url));
    let as_json = as_json.bearer_auth(&client.token);
    let link = answer(as_json.header("accept", "application/json")).await;
    let link = link.expect(200);
    let file = p.http.get(link["url"].as_str().unwrap()).send().await;
    assert!(file.unwrap().status().is_success() && link["expiresAt"].is_string());
    ExportRun::begin(&p, &waiting, 1).await.expect(201);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_gated_nothing_accrues() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({"reviewersPerAnswer": 0})).await;
    p.loaded(&client, &project, 3, 3).await;
    let none = json!({"status": "UNPAID", "taskQuota": 0, "tasksUsed": 0, "debt": 0});
    assert_eq!(billing(&p, &client, &project).await, none);
    let export = p.export(&client, &project, jsonl()).await;
    let writing = ExportRun::open(&p, &client, &export).await;
    writing.finish(&p).await;
    download(&p, &client, &export).await.expect(307);

    // What an earlier release counted is no debt, and is forgotten.
    sqlx::query("update projects set tasks_used = 7")
        .execute(&p.rows)
        .await
        .unwrap();
    assert_eq!(billing(&p, &client, &project).await["debt"], 0);
    download(&p, &client, &export).await.expect(307);
    assert_eq!(p.core.debt_forgive().await.unwrap(), 1);
    assert_eq!(billing(&p, &client, &project).await, none);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_debt_stops_no_void_that_charges_nothing() {
    let p = Platform::with_billing(BillingMode::Stripe).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let refunded = payment();
    grant(&p, &project, refunded, 3, 1).await;
    p.loaded(&client, &project, 3, 3).await;
    let (wanda, approved) = p.register("wanda").await;
    let (will, waiting) = p.register("will").await;
    let (_, rita) = p.register("rita").await;
    let answers = p.work(&approved, &project, 2, "1").await;
    p.decide(&rita, &answers[0], "approve").await.expect(200);
    p.work(&waiting, &project, 1, "1").await;
    grant(&p, &project, refunded, 0, 2).await;
    assert_eq!(billing(&p, &client, &project).await["debt"], 3);
    let wanda = p.known_as(&client, &project, &wanda).await;
    let will = p.known_as(&client, &project, &will).await;
    let void = async |token: &str, worker: &str, fraud: bool| {
        let path = format!("/projects/{project}/workers/{worker}/void");
        let body = json!({"reason": "a script", "fraud": fraud});
        p.call(Some(token), Method::POST, &path, Some(body)).await
    };

    let voided = void(client.token.as_str(), will.as_str(), false)
        .await
        .expect(200);
    assert_eq!(
        voided,
        json!({"voided": 1, "charged": 0, "credited": 0, "pointsTakenBack": 0})
    );
    let refused = void(client.token.as_str(), wanda.as_str(), false)
        .await
        .refused(402, "payment_required");
    assert_eq!(refused["details"], json!({"remaining": 0, "needed": 1}));
    let admin = p.login("admin").await;
    let voided = void(admin.as_str(), wanda.as_str(), true).await.expect(200);
    assert_eq!(
        voided,
        json!({"voided": 2, "charged": 0, "credited": 0, "pointsTakenBack": 5})
    );
    assert_eq!(billing(&p, &client, &project).await["debt"], 3);
    p.assert_consistent().await;
}

/// What the download refuses is not had by another way: as the source of a dataset, or as a picture of a task.
#[tokio::test(flavor = "multi_thread")]
async fn a_result_is_handed_out_by_its_download_alone() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let display = json!([{"column": "img", "kind": "IMAGE"}]);
    let project = p.project(&client, json!({"display": display})).await;
    p.loaded_beside(&client, &project, Some("img"), 1, 1).await;
    let key = format!(
        "{}/exports/{}/result.jsonl",
        client.namespace,
        Uuid::now_v7()
    );
    let result = b"{\"id\":\"i1\",\"text\":\"a\",\"img\":\"\"}\n";
    p.put_object(&key, result.to_vec()).await;
    let uri = format!("s3://{}/{key}", env("TEST_S3_BUCKET"));

    let path = format!("/projects/{project}/datasets");
    let body = Some(json!({"sourceUri": uri}));
    let refused = p
        .call(Some(&client.token), Method::POST, &path, body)
        .await
        .refused(422, "invalid_request");
    let said = refused["details"]["sourceUri"].as_str().unwrap();
    assert!(said.starts_with("must not lie below"), "{said}");
    assert_eq!(p.count("select count(*) from datasets").await, 1);

    // A dataset from before the rule.
    let moved = sqlx::query_scalar::<_, Uuid>("update datasets set source_path = $1 returning id");
    let dataset = moved.bind(&uri).fetch_one(&p.rows).await.unwrap();
    let path = format!("/datasets/{dataset}/preview");
    p.call(Some(&client.token), Method::GET, &path, None)
        .await
        .refused(409, "preview_unavailable");

    // Named in full, and beside its source.
    let (_, wanda) = p.register("wanda").await;
    let task = p.claim(&wanda, &project, 1).await.expect(200)["tasks"][0].clone();
    for cell in [uri.as_str(), "result.jsonl"] {
        let shown = sqlx::query(
            "update tasks set payload = payload || jsonb_build_object('img', $1::text)",
        );
        shown.bind(cell).execute(&p.rows).await.unwrap();
        p.media(&wanda, &task, "img")
            .await
            .refused(409, "media_unreachable");
    }
}
