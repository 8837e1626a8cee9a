//! The recorded crowd: twenty workers say again what twenty people said, and the export says the same.

use std::collections::HashMap;

use datacrowd_crds::{
    Dataset, Export,
    condition::{Phase, Reason},
};
use datacrowd_e2e::{
    client::Person,
    cluster::{Kind as _, Namespace},
    reviews::{self, CROWD, ITEMS, Recorded},
    store::sha256,
    wait::{eventually, seconds},
    world::{Manners, World, promise},
};
use futures::future::join_all;
use serde_json::Value;

use crate::specs::{assert_each_row_once, dataset, export, generated, paid, ratings};

const SLICE: usize = 60;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_file_becomes_exactly_its_tasks() {
    promise(
        "the_whole_file_becomes_exactly_its_tasks",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("whole").await;
            let key = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&key, reviews::items_csv()).await;
            paid(&world, &ns, "reviews", ratings(1), ITEMS as i64).await;
            ns.apply::<Dataset>("items", dataset("reviews", &uri)).await;
            let done = generated(&ns, "items", 60).await;
            assert_each_row_once(&world, done.id().unwrap(), ITEMS).await;
            let status = done.status.unwrap();
            assert_eq!(
                (status.total_rows, status.rows_rejected),
                (Some(ITEMS as i64), Some(0))
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recorded_crowd_reproduces_each_mean() {
    promise(
        "recorded_crowd_reproduces_each_mean",
        Manners::Peaceful,
        |world| async move {
            let count = world.scale.pick(SLICE, ITEMS);
            let recorded: Vec<_> = reviews::recorded().into_iter().take(count).collect();
            let ns = world.namespace("crowd").await;
            let key = format!("{}/items.csv", ns.name);
            let uri = world.store.put(&key, reviews::first_items_csv(count)).await;
            let project = paid(
                &world,
                &ns,
                "reviews",
                ratings(CROWD),
                (count * CROWD) as i64,
            )
            .await;
            ns.apply::<Dataset>("items", dataset("reviews", &uri)).await;
            let done = generated(&ns, "items", 60).await;
            assert_each_row_once(&world, done.id().unwrap(), count).await;

            let crowd = world
                .rest
                .crowd(&format!("e2e-crowd-{}", world.run), CROWD)
                .await;
            let ratings: HashMap<&str, &Recorded> =
                recorded.iter().map(|r| (r.id.as_str(), r)).collect();
            let workers = crowd
                .iter()
                .enumerate()
                .map(|(k, person)| replay(person, &project, k, &ratings));
            join_all(workers).await;

            ns.until_is::<Dataset>("items", Phase::Done, Reason::Completed, seconds(60))
                .await;
            let means = exported_means(&world, &ns, count * CROWD).await;
            assert_eq!(means.len(), count);
            for item in &recorded {
                let mean = means[&item.id];
                assert!(
                    (mean - item.mean).abs() < 1e-9,
                    "{}: {mean} instead of {}",
                    item.id,
                    item.mean
                );
            }
        },
    )
    .await;
}

/// Worker `k` answers every item with the rating at position `k`.
async fn replay(person: &Person, project: &str, k: usize, ratings: &HashMap<&str, &Recorded>) {
    let mut answered = 0;
    while answered < ratings.len() {
        let what = format!(
            "work for {}, who has answered {answered} items",
            person.username
        );
        // Tasks that others are taking at this instant are not offered; they come back.
        let tasks = eventually(what, seconds(60), || person.claim(project, 10)).await;
        for task in tasks {
            let rating = ratings[task.column("id")].ratings[k];
            person.rate(&task, rating).await.expect(201);
            answered += 1;
        }
    }
    let nothing = person.claim(project, 1).await.unwrap_err();
    nothing.refused(404, "no_task_available");
}

/// Exports everything and takes the mean of each item's ratings.
async fn exported_means(world: &World, ns: &Namespace, answers: usize) -> HashMap<String, f64> {
    ns.apply::<Export>("final", export("reviews", "WhenCompleted"))
        .await;
    let export: Export = ns
        .until_is("final", Phase::Done, Reason::Exported, seconds(120))
        .await;
    let status = export.status.unwrap();
    assert_eq!(status.rows, Some(answers as i64));
    let bytes = world.store.read(&status.uri.unwrap()).await;
    assert_eq!(status.sha256.unwrap(), sha256(&bytes));

    let mut all: HashMap<String, Vec<i32>> = HashMap::new();
    for line in String::from_utf8(bytes).unwrap().lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let rating = record["answer"]["rating"]
            .as_str()
            .unwrap()
            .parse()
            .unwrap();
        let id = record["externalId"].as_str().unwrap().to_owned();
        all.entry(id).or_default().push(rating);
    }
    let mean = |ratings: Vec<i32>| {
        assert_eq!(ratings.len(), CROWD);
        f64::from(ratings.iter().sum::<i32>()) / ratings.len() as f64
    };
    all.into_iter()
        .map(|(id, ratings)| (id, mean(ratings)))
        .collect()
}
