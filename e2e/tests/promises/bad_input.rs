//! Bad input: each kind ends in a reason and a message that says what to do, and a retry doubles nothing.

use datacrowd_crds::{
    Dataset, Project,
    condition::{Phase, Reason},
    names::RETRY_AT,
};
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace, is, message},
    wait::seconds,
    world::{Manners, World, promise},
};
use futures::future::join_all;
use k8s_openapi::api::core::v1::Secret;
use kube::api::PostParams;
use serde_json::json;

use crate::specs::{
    assert_each_row_once, dataset, generated, generated_with_rejections, loaded, numbered_csv,
    paid, ratings, rows,
};

/// A file that fails, and what is said of it.
struct Bad {
    name: &'static str,
    /// `None`: there is no such object.
    file: Option<Vec<u8>>,
    reason: Reason,
    /// What the message must contain: the fault, and the remedy.
    says: &'static [&'static str],
}

fn bad(
    name: &'static str,
    file: impl Into<Vec<u8>>,
    reason: Reason,
    says: &'static [&'static str],
) -> Bad {
    Bad {
        name,
        file: Some(file.into()),
        reason,
        says,
    }
}

fn table() -> Vec<Bad> {
    let utf16: Vec<u8> = "\u{feff}id,text\n1,hello\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let latin1 = b"id,te\xe9xt\n1,hello\n".to_vec();
    let invalid = format!("id,text\n{}", "1,two,three\n".repeat(11));
    // Larger than a chunk, so that rows are loaded before the fault is met.
    let late = format!("{}x,\"never closed\n", numbered_csv(3_000, 2000));
    vec![
        bad(
            "utf-16",
            utf16,
            Reason::BadInput,
            &[
                "UTF-16",
                "save it as UTF-8",
                "apply a Dataset under a new name with source.encoding: Utf16",
                "Once a corrected file is in its place, ask for another attempt",
            ],
        ),
        bad(
            "latin-1",
            latin1,
            Reason::BadInput,
            &["not valid UTF-8", "save the file as UTF-8"],
        ),
        bad(
            "empty",
            "",
            Reason::BadInput,
            &["is empty", "upload a file"],
        ),
        bad(
            "no-header",
            "1_1,a sentence\n1_2,another\n",
            Reason::BadInput,
            &["no column \"", "Add the column"],
        ),
        bad(
            "duplicate",
            "id,text,text\n1,a,b\n",
            Reason::BadInput,
            &["\"text\" twice", "rename"],
        ),
        bad(
            "unclosed",
            "id,text\n1,fine\n2,\"never closed\n3,more\n",
            Reason::BadInput,
            &["opens on line 3", "close it"],
        ),
        bad(
            "unclosed-late",
            late,
            Reason::BadInput,
            &[
                "opens on line 3002",
                "close it",
                "Apply a Dataset under a new name, with the corrected file",
            ],
        ),
        bad(
            "invalid-rows",
            invalid,
            Reason::TooManyInvalidRows,
            &["11 rows", "line 2", "Raise maxInvalidRows"],
        ),
        Bad {
            name: "missing",
            file: None,
            reason: Reason::SourceNotFound,
            says: &[
                "does not exist",
                "upload the file",
                "annotate dataset missing --overwrite datacrowd.io/retry-at=",
            ],
        },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bad_input_says_what_to_do() {
    promise(
        "bad_input_says_what_to_do",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("bad").await;
            paid(&world, &ns, "reviews", ratings(1), 100_000).await;
            let table = table();
            join_all(table.iter().map(|bad| fails_and_says_why(&world, &ns, bad))).await;
        },
    )
    .await;
}

async fn fails_and_says_why(world: &World, ns: &Namespace, bad: &Bad) {
    let key = format!("{}/{}.csv", ns.name, bad.name);
    let uri = match &bad.file {
        Some(file) => world.store.put(&key, file.clone()).await,
        None => world.store.uri(&key),
    };
    ns.apply::<Dataset>(bad.name, dataset("reviews", &uri))
        .await;
    let failed = ns
        .until_is::<Dataset>(bad.name, Phase::Failed, bad.reason, seconds(110))
        .await;
    let said = message(&failed).to_owned();
    for part in bad.says {
        assert!(
            said.contains(part),
            "{}: \"{part}\" is missing in: {said}",
            bad.name
        );
    }
    let id = failed.id().unwrap();
    let before = rows(world, id).await;
    assert_eq!(before.0, before.1, "{}: rows that are two tasks", bad.name);
    assert_eq!(
        before.0,
        loaded(world, id).await,
        "{}: tasks, and their count",
        bad.name
    );

    // Asking again for what cannot succeed doubles nothing.
    ns.annotate::<Dataset>(bad.name, RETRY_AT, "again").await;
    let attempt = failed.status.as_ref().unwrap().attempt.unwrap();
    let again = ns
        .until::<Dataset>(bad.name, "fails again", seconds(110), |d| {
            let status = d.status.as_ref().unwrap();
            status.attempt > Some(attempt) && is(d, Phase::Failed, bad.reason)
        })
        .await;
    assert_eq!(
        message(&again),
        said,
        "{}: the same is said again",
        bad.name
    );
    assert_eq!(
        rows(world, id).await,
        before,
        "{}: tasks before and after a retry",
        bad.name
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_rows_are_listed_with_their_lines() {
    promise(
        "refused_rows_are_listed_with_their_lines",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("lines").await;
            paid(&world, &ns, "reviews", ratings(1), 100).await;
            let file = "id,text\n1,a\n2,b,c\n3,\"two\nlines\"\n4\n5,e\n";
            let key = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&key, file).await;
            ns.apply::<Dataset>("items", dataset("reviews", &uri)).await;
            let done = generated_with_rejections(&ns, "items", 60).await;
            let status = done.status.unwrap();
            assert_eq!(
                (
                    status.tasks_created,
                    status.rows_rejected,
                    status.total_rows
                ),
                (Some(3), Some(2), Some(5))
            );
            let told: Vec<_> = status
                .rejected_rows
                .iter()
                .map(|r| (r.line, r.reason.as_str()))
                .collect();
            assert_eq!(
                told,
                [
                    (3, "has 3 fields, the header has 2"),
                    (6, "has 1 fields, the header has 2")
                ]
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dataset_without_its_prerequisites_says_what_is_missing() {
    promise(
        "a_dataset_without_its_prerequisites_says_what_is_missing",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("lacks").await;
            let file = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&file, "id,text\n1,a\n").await;
            paid(&world, &ns, "reviews", ratings(1), 100).await;

            ns.apply::<Dataset>("no-project", dataset("nobody", &uri))
                .await;
            let waits: Dataset = ns
                .until_is(
                    "no-project",
                    Phase::Waiting,
                    Reason::ProjectNotFound,
                    seconds(30),
                )
                .await;
            assert!(
                message(&waits).contains("\"nobody\"") && message(&waits).contains("create it"),
                "{}",
                message(&waits)
            );

            let neighbour = world.namespace("neighbour").await;
            let foreign = world
                .store
                .put(
                    &format!("{}/secret.csv", neighbour.name),
                    "id,text\n1,secret\n",
                )
                .await;
            for (name, uri) in [
                ("foreign", foreign),
                (
                    "climbing",
                    world
                        .store
                        .uri(&format!("{}/../{}/secret.csv", ns.name, neighbour.name)),
                ),
            ] {
                let refused = ns
                    .try_apply::<Dataset>(name, dataset("reviews", &uri))
                    .await;
                let said = refused
                    .expect_err("a policy keeps namespaces apart")
                    .to_string();
                assert!(said.contains("source.uri must"), "{said}");
            }

            missing_bucket(&world, &ns).await;

            let stray = world.unlabelled_namespace("stray").await;
            let uri = world
                .store
                .put(&format!("{}/items.csv", stray.name), "id,text\n1,a\n")
                .await;
            stray.apply::<Project>("reviews", ratings(1)).await;
            stray
                .apply::<Dataset>("items", dataset("reviews", &uri))
                .await;
            let command = format!(
                "kubectl label namespace {} datacrowd.io/tenant=",
                stray.name
            );
            let project: Project = stray
                .until_is(
                    "reviews",
                    Phase::Waiting,
                    Reason::NamespaceNotBound,
                    seconds(30),
                )
                .await;
            let dataset: Dataset = stray
                .until_is(
                    "items",
                    Phase::Waiting,
                    Reason::NamespaceNotBound,
                    seconds(30),
                )
                .await;
            for said in [message(&project), message(&dataset)] {
                assert!(said.contains(&command), "{said}");
            }
        },
    )
    .await;
}

/// A bucket that is not the platform's needs credentials; with them, it is looked for.
async fn missing_bucket(world: &World, ns: &Namespace) {
    let mut spec = dataset("reviews", "s3://no-such-bucket/items.csv");
    let refused = ns.try_apply::<Dataset>("no-bucket", spec.clone()).await;
    let said = refused
        .expect_err("a bucket of one's own needs credentials")
        .to_string();
    assert!(said.contains("credentialsSecretRef"), "{said}");

    spec["source"]["credentialsSecretRef"] = json!({"name": "bucket"});
    ns.apply::<Dataset>("no-bucket", spec).await;
    let waits: Dataset = ns
        .until(
            "no-bucket",
            "waits for its Secret",
            seconds(60),
            |d: &Dataset| message(d).contains("Secret"),
        )
        .await;
    assert!(
        is(&waits, Phase::Waiting, Reason::SecretNotFound),
        "{}",
        message(&waits)
    );
    let secret = json!({
        "metadata": {"name": "bucket"},
        "stringData": {
            "AWS_ACCESS_KEY_ID": world.settings.s3_access_key,
            "AWS_SECRET_ACCESS_KEY": world.settings.s3_secret_key,
            "AWS_ENDPOINT_URL": "http://object-store.datacrowd-system.svc:7070",
            "AWS_REGION": world.settings.s3_region,
        },
    });
    let secret: Secret = serde_json::from_value(secret).unwrap();
    ns.api::<Secret>()
        .create(&PostParams::default(), &secret)
        .await
        .unwrap();
    let failed: Dataset = ns
        .until_is(
            "no-bucket",
            Phase::Failed,
            Reason::SourceNotFound,
            seconds(90),
        )
        .await;
    assert!(
        message(&failed).contains("no-such-bucket"),
        "{}",
        message(&failed)
    );
}

/// The file changes between two attempts of one Dataset, the first of which ran out of quota.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_changes_under_the_run_is_never_mixed() {
    promise(
        "a_file_that_changes_under_the_run_is_never_mixed",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("changed").await;
            let key = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&key, numbered_csv(20, 60)).await;
            let project = paid(&world, &ns, "reviews", ratings(1), 7).await;
            ns.apply::<Dataset>("items", dataset("reviews", &uri)).await;
            let waits = ns
                .until::<Dataset>("items", "waits for quota", seconds(60), |d| {
                    message(d).contains("quota") && loaded_of(d) == 7
                })
                .await;
            assert!(
                is(&waits, Phase::Waiting, Reason::QuotaExceeded),
                "{}",
                message(&waits)
            );
            let id = waits.id().unwrap();
            assert_each_row_once(&world, id, 7).await;

            world.store.put(&key, numbered_csv(20, 80)).await;
            world.rest.pay(&project, 13).await;
            let failed: Dataset = ns
                .until_is("items", Phase::Failed, Reason::SourceChanged, seconds(60))
                .await;
            assert!(
                message(&failed).contains("create a new Dataset"),
                "{}",
                message(&failed)
            );
            assert_each_row_once(&world, id, 7).await;

            // Under a new name the new file is loaded whole.
            world.rest.pay(&project, 7).await;
            ns.apply::<Dataset>("items-2", dataset("reviews", &uri))
                .await;
            let done = generated(&ns, "items-2", 60).await;
            assert_each_row_once(&world, done.id().unwrap(), 20).await;
        },
    )
    .await;
}

/// Quota that comes later is used without anybody's help.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_met_its_quota_goes_on_when_paid() {
    promise(
        "a_run_that_met_its_quota_goes_on_when_paid",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("quota").await;
            let key = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&key, numbered_csv(20, 60)).await;
            let project = paid(&world, &ns, "reviews", ratings(3), 16).await;
            ns.apply::<Dataset>("items", dataset("reviews", &uri)).await;
            let waits = ns
                .until_is::<Dataset>("items", Phase::Waiting, Reason::QuotaExceeded, seconds(60))
                .await;
            assert_each_row_once(&world, waits.id().unwrap(), 5).await;
            world.rest.pay(&project, 44).await;
            let done = generated(&ns, "items", 60).await;
            assert_each_row_once(&world, done.id().unwrap(), 20).await;
        },
    )
    .await;
}

fn loaded_of(dataset: &Dataset) -> i64 {
    dataset
        .status
        .as_ref()
        .and_then(|s| s.tasks_created)
        .unwrap_or(0)
}
