//! A Dataset that is large enough to be met while it is loaded.

use std::fs;

use datacrowd_crds::Dataset;
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace, running},
    wait::{eventually, seconds},
    world::World,
};
use k8s_openapi::api::core::v1::Pod;
use rand::{RngExt as _, rngs::StdRng};

use crate::specs::{
    assert_each_row_once, dataset, generated, loaded, numbered_csv, paid, ratings, spent,
};

/// Label of a Dataset's pods.
const LABEL: &str = "datacrowd.io/dataset";
/// Bytes per row: a chunk ends at 4 MiB, so this makes many chunks of few rows.
const WIDTH: usize = 2000;

/// A Dataset that is being loaded.
pub struct Load {
    pub ns: Namespace,
    project: String,
    pub id: String,
    pub rows: usize,
}

/// Applies a Dataset of `rows` rows and returns as soon as the platform knows it.
pub async fn begin(world: &World, word: &str, rows: usize) -> Load {
    let ns = world.namespace(word).await;
    let key = format!("{}/large.csv", ns.name);
    let uri = world.store.put(&key, numbered_csv(rows, WIDTH)).await;
    let project = paid(world, &ns, "reviews", ratings(1), 2 * rows as i64).await;
    ns.apply::<Dataset>("large", dataset("reviews", &uri)).await;
    let begun = ns
        .until::<Dataset>("large", "an id", seconds(60), |d| d.id().is_some())
        .await;
    let id = begun.id().unwrap().to_owned();
    Load {
        ns,
        project,
        id,
        rows,
    }
}

impl Load {
    /// Waits until at least this many rows are tasks; returns how many there are.
    pub async fn reaches(&self, world: &World, rows: i64) -> i64 {
        eventually(format!("{rows} loaded rows"), seconds(100), || async {
            match loaded(world, &self.id).await {
                n if n >= rows => Ok(n),
                n => Err(format!("{n} loaded")),
            }
        })
        .await
    }

    /// A point within the `k`th of `of` equal parts of the file.
    pub fn point(&self, rng: &mut StdRng, k: usize, of: usize) -> i64 {
        let part = self.rows / of;
        (k * part + rng.random_range(0..part)) as i64
    }

    /// The Job's pod that runs.
    pub async fn pod(&self) -> Pod {
        eventually("a running pod of the Job", seconds(60), || async {
            let pods = self.ns.pods(LABEL, "large").await;
            let found = running(&pods).last().map(|pod| (*pod).clone());
            found.ok_or_else(|| format!("{} pods, none runs", pods.len()))
        })
        .await
    }

    /// Holds the end against the promise.
    pub async fn is_whole(&self, world: &World) {
        let done = generated(&self.ns, "large", 150).await;
        assert_eq!(done.status.unwrap().tasks_created, Some(self.rows as i64));
        assert_each_row_once(world, &self.id, self.rows).await;
        let wrong: i64 = sqlx::query_scalar("select count(*) from tasks where dataset_id = $1::uuid and payload->>'id' <> 'r' || row_no")
            .bind(&self.id)
            .fetch_one(&world.core)
            .await
            .unwrap();
        assert_eq!(wrong, 0, "rows under another row's number");
        assert_eq!(
            spent(world, &self.project).await,
            self.rows as i64,
            "replays are not charged"
        );
    }
}

/// The process whose environment has this variable.
pub fn process_with(mark: &str) -> Option<String> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().into_string().ok()?;
        pid.parse::<u32>().ok()?;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        let found = environment.split(|b| *b == 0).any(|v| v == mark.as_bytes());
        found.then_some(pid)
    })
}
