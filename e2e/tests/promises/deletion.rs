//! Deletion: nothing is left in the cluster, and what was kept in the database is found again.

use datacrowd_crds::{
    Dataset,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace},
    reviews,
    wait::{eventually, seconds},
    world::{Manners, promise},
};
use k8s_openapi::api::core::v1::Namespace as NamespaceObject;
use kube::{Api, api::DeleteParams};
use serde_json::json;

use crate::specs::{dataset, generated, loaded, numbered_csv, paid, ratings, rows};

const ROWS: usize = 5;
const LABEL: &str = "datacrowd.io/dataset";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_dataset_leaves_nothing() {
    promise(
        "deleting_a_dataset_leaves_nothing",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("gone").await;
            paid(&world, &ns, "reviews", ratings(1), 100_000).await;
            let key = format!("{}/items.csv", ns.name);
            let small = world.store.put(&key, reviews::first_items_csv(ROWS)).await;
            ns.apply::<Dataset>("kept", dataset("reviews", &small))
                .await;
            let first = generated(&ns, "kept", 60).await;
            let id = first.id().unwrap().to_owned();
            assert!(
                first.metadata.finalizers.is_some_and(|f| !f.is_empty()),
                "a finalizer holds it"
            );

            ns.delete::<Dataset>("kept", seconds(60)).await;
            nothing_is_left(&ns, "kept").await;
            let kept = (ROWS as i64, ROWS as i64, Some(1), Some(ROWS as i64));
            assert_eq!(rows(&world, &id).await, kept, "Retain keeps the rows");

            ns.apply::<Dataset>("kept", dataset("reviews", &small))
                .await;
            let again = generated(&ns, "kept", 30).await;
            assert_eq!(again.id(), Some(id.as_str()), "the same identity");
            assert_ne!(again.metadata.uid, first.metadata.uid);
            assert_eq!(again.status.unwrap().tasks_created, Some(ROWS as i64));
            assert_eq!(
                ns.jobs(LABEL, "kept").await.len(),
                0,
                "what is READY needs no Job"
            );
            assert_eq!(rows(&world, &id).await, kept);
            let events = eventually("an Event that says it was adopted", seconds(15), || async {
                let events = ns.events("kept").await;
                if events.iter().any(|e| e.contains("dopted")) {
                    Ok(())
                } else {
                    Err(format!("{events:?}"))
                }
            });
            events.await;

            ns.delete::<Dataset>("kept", seconds(60)).await;
            let other_key = format!("{}/other.csv", ns.name);
            let other = world
                .store
                .put(&other_key, reviews::first_items_csv(2))
                .await;
            ns.apply::<Dataset>("kept", dataset("reviews", &other))
                .await;
            ns.until_is::<Dataset>("kept", Phase::Failed, Reason::IdentityChanged, seconds(30))
                .await;
            ns.delete::<Dataset>("kept", seconds(60)).await;
            assert_eq!(
                rows(&world, &id).await,
                kept,
                "another source under an old name touches nothing"
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_namespace_goes_with_all_that_is_in_it() {
    promise(
        "a_namespace_goes_with_all_that_is_in_it",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("whole").await;
            paid(&world, &ns, "reviews", ratings(1), 100_000).await;
            let key = format!("{}/items.csv", ns.name);
            let small = world.store.put(&key, reviews::first_items_csv(ROWS)).await;
            ns.apply::<Dataset>("items", dataset("reviews", &small))
                .await;
            generated(&ns, "items", 60).await;
            let namespaces: Api<NamespaceObject> = Api::all(world.client.clone());
            namespaces
                .delete(&ns.name, &DeleteParams::default())
                .await
                .unwrap();
            let gone = eventually("the namespace to be gone", seconds(60), || async {
                match namespaces.get_opt(&ns.name).await {
                    Ok(None) => Ok(()),
                    still => Err(format!("{still:?}")),
                }
            });
            gone.await;
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleting_a_dataset_that_is_loading_stops_it_and_takes_its_rows() {
    promise(
        "deleting_a_dataset_that_is_loading_stops_it_and_takes_its_rows",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("midway").await;
            let mut spec = ratings(1);
            spec["deletionPolicy"] = json!("Delete");
            paid(&world, &ns, "reviews", spec, 100_000).await;
            let key = format!("{}/large.csv", ns.name);
            let large = world.store.put(&key, numbered_csv(20_000, 2000)).await;
            ns.apply::<Dataset>("large", dataset("reviews", &large))
                .await;
            let begun = ns
                .until::<Dataset>("large", "an id", seconds(60), |d| d.id().is_some())
                .await;
            let id = begun.id().unwrap().to_owned();
            let midway = eventually("the first rows", seconds(60), || async {
                match loaded(&world, &id).await {
                    0 => Err("none".to_owned()),
                    n => Ok(n),
                }
            })
            .await;
            eprintln!("deleted after {midway} rows");
            ns.delete::<Dataset>("large", seconds(60)).await;
            nothing_is_left(&ns, "large").await;
            assert_eq!(
                rows(&world, &id).await.0,
                0,
                "Delete takes the rows, also those of a chunk in flight"
            );
        },
    )
    .await;
}

/// No Job and no pod of the Dataset.
async fn nothing_is_left(ns: &Namespace, name: &str) {
    let left = (
        ns.jobs(LABEL, name).await.len(),
        ns.pods(LABEL, name).await.len(),
    );
    assert_eq!(left, (0, 0), "Jobs and pods of a Dataset that is gone");
}
