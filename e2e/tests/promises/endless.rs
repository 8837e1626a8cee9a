//! A line without an end: it is one refused row, streamed past within the runner's memory.

use datacrowd_crds::Dataset;
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace},
    world::{Manners, World, promise},
};

use crate::specs::{dataset, generated_with_rejections, paid, ratings, rows};

/// Bytes of the line: as many as the pod may have in memory; at full count 1 GiB.
fn endless(world: &World) -> usize {
    world.scale.pick(1 << 27, 1 << 30)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endless_line_is_one_refused_row() {
    promise(
        "an_endless_line_is_one_refused_row",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("endless").await;
            paid(&world, &ns, "reviews", ratings(1), 100).await;
            let long = endless(&world);
            let jsonl = one_long_line(
                b"{\"id\":\"1\",\"text\":\"a\"}\n{\"id\":\"2\",\"text\":\"",
                long,
                b"\"}\n{\"id\":\"3\",\"text\":\"c\"}\n",
            );
            is_refused(&world, &ns, "lines.jsonl", jsonl).await;
            let csv = one_long_line(b"id,text\n1,a\n2,\"", long, b"\"\n3,c\n");
            is_refused(&world, &ns, "cells.csv", csv).await;
        },
    )
    .await;
}

fn one_long_line(before: &[u8], long: usize, after: &[u8]) -> Vec<u8> {
    let mut file = Vec::with_capacity(before.len() + long + after.len());
    file.extend_from_slice(before);
    file.resize(before.len() + long, b'x');
    file.extend_from_slice(after);
    file
}

async fn is_refused(world: &World, ns: &Namespace, file: &str, content: Vec<u8>) {
    let key = format!("{}/{file}", ns.name);
    let uri = world.store.put_large(&key, content).await;
    let name = file.split('.').next().unwrap();
    ns.apply::<Dataset>(name, dataset("reviews", &uri)).await;
    let done = generated_with_rejections(ns, name, 300).await;
    let (first, last) = (Some(1), Some(3));
    assert_eq!(
        rows(world, done.id().unwrap()).await,
        (2, 2, first, last),
        "{file}: the rows before and after it"
    );
    let status = done.status.unwrap();
    assert_eq!(
        (status.rows_rejected, status.attempt),
        (Some(1), Some(1)),
        "{file}: one row, in one attempt"
    );
    let refused = &status.rejected_rows[0];
    assert!(
        refused.reason.contains("longer than"),
        "{file}: {refused:?}"
    );
}
