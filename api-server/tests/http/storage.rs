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
        p.media(&wanda, task, "picture")
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
        let accepted = matches!(
            row["verdict"].as_str().unwrap(),
            "platform" | "folder" | "own"
        );
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

/// A file in the platform's bucket that became a Dataset of two rows, whose resource is gone again.
struct Retained {
    p: Platform,
    client: Actor,
    project: String,
    key: String,
}

const FIRST: &str = "id,text\ni1,one\ni2,two\n";
const SECOND: &str = "id,text\ni1,eno\ni2,owt\n";

impl Retained {
    /// `sha256` as the runner tells it after an unbroken read.
    async fn new(sha256: Option<String>) -> Self {
        let p = Platform::with_billing(BillingMode::Disabled).await;
        let client = p.client("clara").await;
        let project = p.project(&client, json!({})).await;
        let retained = Self {
            key: format!("{}/items.csv", client.namespace),
            p,
            client,
            project,
        };
        retained.holds(FIRST).await;
        let (applied, uid) = retained.apply().await;
        let id = applied.expect(200)["id"].as_str().unwrap().to_owned();
        let p = &retained.p;
        let run = Run::open(p, &retained.client, &id, "pod-1").await;
        run.load(p, 1, 2).await.expect(200);
        let mut end = json!({"epoch": run.epoch, "outcome": "Succeeded", "rows": 2, "rejected": 0});
        if let Some(sha256) = sha256 {
            end["sha256"] = json!(sha256);
        }
        p.runner(
            &run.token,
            &format!("/internal/runs/{}/complete", run.id),
            end,
        )
        .await
        .expect(204);
        retained.delete(&id, uid).await;
        retained
    }

    async fn holds(&self, text: &str) {
        self.p.put_object(&self.key, text.into()).await;
    }

    async fn apply(&self) -> (Answer, Uuid) {
        let uri = format!("s3://{}/{}", env("TEST_S3_BUCKET"), self.key);
        put(
            &self.p,
            &self.client,
            &self.project,
            "items",
            json!({"uri": uri}),
        )
        .await
    }

    async fn delete(&self, id: &str, uid: Uuid) {
        let path = format!("/internal/datasets/{id}?uid={uid}&policy=Retain");
        self.p
            .trusted(Method::DELETE, &path, None)
            .await
            .expect(204);
    }

    /// Applies the same manifest again, and takes it away.
    async fn is_adopted(&self) {
        let (applied, uid) = self.apply().await;
        let view = applied.expect(200);
        assert_eq!(
            (&view["adopted"], &view["state"]),
            (&json!(true), &json!("Ready"))
        );
        self.delete(view["id"].as_str().unwrap(), uid).await;
    }

    async fn is_another(&self) {
        let (applied, _) = self.apply().await;
        let refused = applied.refused(409, "identity_changed");
        let message = refused["message"].as_str().unwrap();
        assert!(message.contains("another file at it"), "{message}");
    }
}

fn sha256(text: &str) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn corrected_file_same_key() {
    for known in [None, Some(sha256(FIRST))] {
        let items = Retained::new(known).await;
        items.is_adopted().await;
        items.holds(SECOND).await;
        items.is_another().await;
        items.holds("id,text\ni1,longer than before\n").await;
        items.is_another().await;
        items.holds(FIRST).await;
        items.is_adopted().await;
        // What was read stays read when the file is gone.
        items.p.delete_object(&items.key).await;
        items.is_adopted().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_the_same_bytes_is_adopted_whatever_its_etag() {
    let known = Retained::new(Some(sha256(FIRST))).await;
    known.p.put_object_in_parts(&known.key, FIRST.into()).await;
    known.is_adopted().await;
    known.p.put_object_in_parts(&known.key, SECOND.into()).await;
    known.is_another().await;
    // Where no hash was told, the ETag is all there is.
    let unknown = Retained::new(None).await;
    unknown
        .p
        .put_object_in_parts(&unknown.key, FIRST.into())
        .await;
    unknown.is_another().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_object_that_was_accepted_is_the_one_that_a_run_may_read() {
    let p = Platform::with_billing(BillingMode::Disabled).await;
    let client = p.client("clara").await;
    let project = p.project(&client, json!({})).await;
    let dataset = p
        .upload(&client, &project, "items.csv", FIRST.into(), 10)
        .await
        .expect(201);
    assert_eq!(dataset["sha256"], sha256(FIRST));
    let bucket = format!("s3://{}/", env("TEST_S3_BUCKET"));
    let key = dataset["sourceUri"].as_str().unwrap();
    let key = key.strip_prefix(&bucket).unwrap().to_owned();
    let id = dataset["id"].as_str().unwrap().to_owned();
    let run = Run::begin(&p, &id, 1).await;
    let token = p.runner_token(&client.namespace).await;
    let open = format!("/internal/runs/{run}/open");
    let opened = async || {
        p.runner(&token, &open, json!({"podUid": "pod-1"}))
            .await
            .expect(200)
    };
    let accepted = opened().await;
    assert_eq!(accepted["sha256"], sha256(FIRST));
    p.put_object(&key, SECOND.into()).await;
    let again = opened().await;
    for member in ["etag", "sizeBytes", "sha256"] {
        assert_eq!(again[member], accepted[member], "{member}");
    }
    // A file that nobody uploaded is taken as it is when its first row is read.
    let source = json!({"uri": format!("{bucket}{}/kept.csv", client.namespace)});
    let kept = format!("{}/kept.csv", client.namespace);
    p.put_object(&kept, FIRST.into()).await;
    let (put, _) = put(&p, &client, &project, "kept", source).await;
    let view = put.expect(200);
    assert_eq!(view["replaceable"], true);
    let run = Run::begin(&p, view["id"].as_str().unwrap(), 1).await;
    let open = format!("/internal/runs/{run}/open");
    let first = p.runner(&token, &open, json!({"podUid": "pod-1"})).await;
    p.put_object(&kept, SECOND.into()).await;
    let second = p.runner(&token, &open, json!({"podUid": "pod-1"})).await;
    assert_ne!(first.expect(200)["etag"], second.expect(200)["etag"]);
}
