//! What the platform's own keys open and sign: its bucket, below the namespace of who asks.

use datacrowd_labelling::BillingMode;
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Actor, Answer, Platform, Run, env};

/// A Dataset as the operator would send it.
pub async fn put(
    p: &Platform,
    client: &Actor,
    project: &str,
    name: &str,
    source: Value,
) -> (Answer, Uuid) {
    let (tenant, project): (String, String) = sqlx::query_as(
        "select t.name, p.name from projects p join tenants t on t.id = p.tenant_id where p.id = $1",
    )
    .bind(project.parse::<Uuid>().unwrap())
    .fetch_one(&p.rows)
    .await
    .unwrap();
    let uid = Uuid::new_v4();
    let body = json!({
        "namespace": client.namespace, "tenant": tenant, "name": name, "uid": uid, "generation": 1,
        "spec": {"projectRef": {"name": project}, "source": source},
    });
    let put = p
        .trusted(Method::PUT, "/internal/datasets", Some(body))
        .await;
    (put, uid)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_read_with_own_credentials_is_never_signed_for() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let display =
        json!([{"column": "text", "kind": "TEXT"}, {"column": "picture", "kind": "IMAGE"}]);
    let project = p.project(&client, json!({"display": display})).await;
    let bucket = env("TEST_S3_BUCKET");
    let ours = format!("s3://{bucket}/{}/a.csv", client.namespace);
    // The last one has the platform's bucket, and even the namespace's prefix: elsewhere, by other keys.
    let uris = [
        "s3://elsewhere/a.csv",
        "s3://elsewhere.example/x/a.csv",
        &ours,
    ];
    for (i, uri) in uris.into_iter().enumerate() {
        let source = json!({"uri": uri, "credentialsSecretRef": {"name": "mine"}});
        let (put, _) = put(&p, &client, &project, &format!("own-{i}"), source).await;
        let dataset = put.expect(200)["id"].as_str().unwrap().to_owned();
        let run = Run::begin(&p, &dataset, 1).await;
        let token = p.runner_token(&client.namespace).await;
        let source = json!({"etag": "\"e\"", "sizeBytes": 100});
        let open = format!("/internal/runs/{run}/open");
        let opened = p
            .runner(&token, &open, json!({"podUid": "pod-1", "source": source}))
            .await
            .expect(200);
        assert_eq!(opened["sourceUrl"], Value::Null, "{uri}");
        let epoch = opened["epoch"].as_i64().unwrap();
        p.runner(
            &token,
            &format!("/internal/runs/{run}/source-url"),
            json!({"epoch": epoch}),
        )
        .await
        .refused(403, "own_credentials");
        let preview = format!("/datasets/{dataset}/preview");
        p.call(Some(&client.token), Method::GET, &preview, None)
            .await
            .refused(409, "preview_unavailable");

        let run = Run {
            id: run,
            dataset,
            token,
            epoch,
        };
        run.load(&p, 1, 3).await.expect(200);
        run.complete(&p, 3).await.expect(204);
    }
    let cells = ["beside.png", &ours, "s3://elsewhere/secret.png"];
    for (row, cell) in (1_i64..).zip(cells) {
        sqlx::query("update tasks set payload = payload || jsonb_build_object('picture', $2::text) where row_no = $1")
            .bind(row)
            .bind(cell)
            .execute(&p.rows)
            .await
            .unwrap();
    }
    let (_, wanda) = p.register("wanda").await;
    let tasks = p.claim(&wanda, &project, 9).await.expect(200)["tasks"].clone();
    assert_eq!(tasks.as_array().unwrap().len(), 9);
    for task in tasks.as_array().unwrap() {
        let path = format!("/tasks/{}/media/picture", task["id"]);
        p.call(Some(&wanda), Method::GET, &path, None)
            .await
            .refused(409, "media_unreachable");
    }
}

/// A row from a time with another bucket, or that somebody changed: the signature is refused where it is made.
#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_names_another_bucket_or_prefix_gets_no_signature_either() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let victim = p.client("victor").await;
    let project = p.project(&client, json!({})).await;
    let secret = p.project(&victim, json!({})).await;
    let theirs = p
        .upload(
            &victim,
            &secret,
            "items.csv",
            b"id,text\n1,secret\n".to_vec(),
            10,
        )
        .await
        .expect(201)["sourceUri"]
        .as_str()
        .unwrap()
        .to_owned();
    let dataset = p
        .upload(
            &client,
            &project,
            "items.csv",
            b"id,text\n1,mine\n".to_vec(),
            10,
        )
        .await
        .expect(201)["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let run = Run::open(&p, &client, &dataset, "pod-1").await;
    for uri in [
        theirs.as_str(),
        "s3://elsewhere/a.csv",
        "s3://elsewhere/../a.csv",
    ] {
        sqlx::query("update datasets set source_path = $2 where id = $1")
            .bind(dataset.parse::<Uuid>().unwrap())
            .bind(uri)
            .execute(&p.rows)
            .await
            .unwrap();
        let again = json!({"podUid": "pod-1"});
        p.runner(
            &run.token,
            &format!("/internal/runs/{}/open", run.id),
            again,
        )
        .await
        .refused(403, "source_forbidden");
        let epoch: i64 = sqlx::query_scalar("select epoch from run_holds")
            .fetch_one(&p.rows)
            .await
            .unwrap();
        p.runner(
            &run.token,
            &format!("/internal/runs/{}/source-url", run.id),
            json!({"epoch": epoch}),
        )
        .await
        .refused(403, "source_forbidden");
        p.call(
            Some(&client.token),
            Method::GET,
            &format!("/datasets/{dataset}/preview"),
            None,
        )
        .await
        .refused(409, "preview_unavailable");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_platform_takes_no_source_that_the_admission_policy_would_refuse() {
    let table: Value =
        serde_json::from_str(include_str!("../../../crates/protocol/tests/sources.json")).unwrap();
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let (bucket, namespace) = (env("TEST_S3_BUCKET"), client.namespace.as_str());
    let ours = format!("s3://{bucket}/{namespace}/");
    for (i, row) in table["sources"].as_array().unwrap().iter().enumerate() {
        let uri = row["uri"].as_str().unwrap();
        let uri = uri.replace("s3://datacrowd/team-a/", &ours);
        let mut source = json!({"uri": uri});
        if row["ownCredentials"] == true {
            source["credentialsSecretRef"] = json!({"name": "mine"});
        }
        let (put, _) = put(&p, &client, &project, &format!("d-{i}"), source).await;
        let accepted = matches!(row["verdict"].as_str().unwrap(), "platform" | "own");
        match accepted {
            true => drop(put.expect(200)),
            false => drop(put.refused(422, "invalid_spec")),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_not_adopted_by_a_source_that_others_read() {
    let p = Platform::start().await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let uri = format!("s3://{}/{}/a.csv", env("TEST_S3_BUCKET"), client.namespace);
    let own = json!({"uri": uri, "credentialsSecretRef": {"name": "mine"}});
    for (name, before, after) in [
        ("a", json!({"uri": uri}), own.clone()),
        ("b", own, json!({"uri": uri})),
    ] {
        let (first, uid) = put(&p, &client, &project, name, before).await;
        let id = first.expect(200)["id"].as_str().unwrap().to_owned();
        let path = format!("/internal/datasets/{id}?uid={uid}&policy=Retain");
        p.trusted(Method::DELETE, &path, None).await.expect(204);
        let (second, _) = put(&p, &client, &project, name, after).await;
        second.refused(409, "identity_changed");
    }
}
