//! Resources alone: three manifests, one payment, and workers who know nothing of Kubernetes.

use std::{path::Path, time::Instant};

use datacrowd_crds::{
    Dataset, Export, Project,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    cluster::{Kind, Namespace, is, message},
    release, reviews,
    store::sha256,
    wait::seconds,
    world::{Manners, promise},
};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::specs::{dataset, export, generated, ratings};

const ROWS: usize = 6;
const ANSWERS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_release_passes_its_own_test() {
    promise(
        "the_release_passes_its_own_test",
        Manners::Peaceful,
        |_| async { release::test().await },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_example_works_as_its_readme_says() {
    promise(
        "the_example_works_as_its_readme_says",
        Manners::Peaceful,
        |world| async move {
            let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
            let readme = std::fs::read_to_string(root.join("examples/reviews/README.md")).unwrap();
            let commands: String = readme
                .split("```sh\n")
                .skip(1)
                .map(|rest| rest.split("```").next().unwrap())
                .collect();
            let ns = world.adopt("reviews");
            let output = Command::new("bash")
                .args(["-euo", "pipefail", "-c", &commands])
                .current_dir(root)
                .output()
                .await
                .unwrap();
            assert!(output.status.success(), "{commands}\n{output:?}");
            let items = generated(&ns, "items", 5).await;
            assert_eq!(items.status.unwrap().tasks_created, Some(3708));
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kubectl_apply_alone_reaches_ready_and_succeeded() {
    promise(
        "kubectl_apply_alone_reaches_ready_and_succeeded",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("apply").await;
            let key = format!("{}/reviews/items.csv", ns.name);
            let uri = world.store.put(&key, reviews::first_items_csv(ROWS)).await;

            // In the order in which nothing is there yet that the next one needs.
            ns.apply::<Export>("final", export("reviews", "WhenCompleted"))
                .await;
            ns.apply::<Dataset>("reviews-2026", dataset("reviews", &uri))
                .await;
            ns.until_is::<Dataset>(
                "reviews-2026",
                Phase::Waiting,
                Reason::ProjectNotFound,
                seconds(30),
            )
            .await;
            ns.apply::<Project>("reviews", ratings(ANSWERS)).await;

            let project: Project = ns
                .until_is("reviews", Phase::Done, Reason::Accepted, seconds(30))
                .await;
            let waiting: Dataset = ns
                .until_is(
                    "reviews-2026",
                    Phase::Waiting,
                    Reason::AwaitingPayment,
                    seconds(45),
                )
                .await;
            assert!(
                message(&waiting).contains("judgements"),
                "{}",
                message(&waiting)
            );
            assert_eq!(
                waiting.status.unwrap().attempt.unwrap_or(0),
                0,
                "no attempt before the payment"
            );
            assert_eq!(
                ns.jobs("datacrowd.io/dataset", "reviews-2026").await.len(),
                0,
                "no Job before the payment"
            );
            ns.until_is::<Export>(
                "final",
                Phase::Waiting,
                Reason::AwaitingCompletion,
                seconds(45),
            )
            .await;

            let id = project.id().unwrap().to_owned();
            world.rest.pay(&id, (ROWS * ANSWERS) as i64).await;
            let paid = Instant::now();
            ns.until::<Dataset>("reviews-2026", "goes on by itself", seconds(15), |d| {
                !is(d, Phase::Waiting, Reason::AwaitingPayment)
            })
            .await;
            eprintln!("went on {:?} after the payment", paid.elapsed());
            let done = generated(&ns, "reviews-2026", 60).await;
            let status = done.status.unwrap();
            assert_eq!(
                (status.tasks_created, status.total_rows),
                (Some(ROWS as i64), Some(ROWS as i64))
            );
            ns.until_is::<Export>(
                "final",
                Phase::Waiting,
                Reason::AwaitingCompletion,
                seconds(15),
            )
            .await;

            for worker in world
                .rest
                .crowd(&format!("e2e-apply-{}", world.run), ANSWERS)
                .await
            {
                for task in worker.claim(&id, 10).await.unwrap() {
                    worker.rate(&task, 3).await.expect(201);
                }
            }
            ns.until_is::<Dataset>("reviews-2026", Phase::Done, Reason::Completed, seconds(60))
                .await;
            let export: Export = ns
                .until_is("final", Phase::Done, Reason::Exported, seconds(90))
                .await;
            let status = export.status.unwrap();
            assert_eq!(status.rows, Some((ROWS * ANSWERS) as i64));
            let bytes = world.store.read(&status.uri.unwrap()).await;
            assert_eq!(status.sha256.unwrap(), sha256(&bytes));
            assert_eq!(status.size_bytes, Some(bytes.len() as i64));
            assert_eq!(
                String::from_utf8(bytes).unwrap().lines().count(),
                ROWS * ANSWERS
            );

            ns.until::<Project>("reviews", "counts what was approved", seconds(60), |p| {
                p.status
                    .as_ref()
                    .and_then(|s| s.tasks.as_ref())
                    .is_some_and(|t| t.approved == ROWS as i64)
            })
            .await;
            columns_read_well(&ns).await;
            assert!(
                !ns.events("reviews-2026").await.is_empty(),
                "Events tell what happened"
            );
        },
    )
    .await;
}

async fn columns_read_well(ns: &Namespace) {
    reads::<Project>(
        ns,
        &[
            ("Name", json!("reviews")),
            ("Ready", json!("True")),
            ("Reason", json!("Accepted")),
            ("Billing", json!("Paid")),
            ("Quota", json!(ROWS * ANSWERS)),
            ("Used", json!(ROWS * ANSWERS)),
            ("Approved", json!(ROWS)),
        ],
    )
    .await;
    reads::<Dataset>(
        ns,
        &[
            ("Name", json!("reviews-2026")),
            ("Project", json!("reviews")),
            ("Ready", json!("True")),
            ("Reason", json!("Completed")),
            ("Tasks", json!(ROWS)),
            ("Rejected", json!(0)),
        ],
    )
    .await;
    reads::<Export>(
        ns,
        &[
            ("Name", json!("final")),
            ("Project", json!("reviews")),
            ("Format", json!("JSONL")),
            ("Ready", json!("True")),
            ("Reason", json!("Exported")),
            ("Rows", json!(ROWS * ANSWERS)),
        ],
    )
    .await;
}

/// The columns in their order, and after them the age.
async fn reads<K: Kind>(ns: &Namespace, wanted: &[(&str, Value)]) {
    let rows = ns.table::<K>().await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let (age, cells) = rows[0].split_last().unwrap();
    let cells: Vec<_> = cells
        .iter()
        .map(|(name, cell)| (name.as_str(), cell.clone()))
        .collect();
    assert_eq!(cells, wanted);
    assert_eq!(age.0, "Age");
}
