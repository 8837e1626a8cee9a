//! A folder of files: one task for each that the project can show, and a word about every other one.

use std::{convert::Infallible, fs};

use datacrowd_crds::Dataset;
use datacrowd_e2e::{
    cluster::{Kind as _, Namespace, running},
    world::{Manners, World, promise},
};
use futures::{StreamExt as _, stream};
use kube::ResourceExt as _;
use serde_json::{Value, json};
use tokio::time::{Duration, sleep};

use crate::{
    load::process_with,
    specs::{assert_each_row_once, dataset, generated, generated_with_rejections, paid, ratings},
};

/// A recording of nothing.
fn wav() -> Vec<u8> {
    let mut bytes = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend([0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]);
    bytes.extend(b"data\0\0\0\0");
    bytes
}

/// A project that lets people listen.
fn voices() -> Value {
    let mut spec = ratings(1);
    spec["dataType"] = json!("Audio");
    spec["labeling"]["display"] = json!([{"column": "file", "kind": "Audio"}]);
    spec["labeling"]["externalIdColumn"] = json!("name");
    spec
}

/// The checksum of an archive's entries.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// An archive of these files, not compressed.
fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, data) in files {
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        let mut facts = b"\x14\0\0\0\0\0\0\0\x21\x5a".to_vec();
        facts.extend(crc32(data).to_le_bytes());
        facts.extend([size, size].concat());
        facts.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        facts.extend([0, 0]);
        let at = u32::try_from(bytes.len()).unwrap();
        bytes.extend([b"PK\x03\x04", &facts[..], name.as_bytes(), data].concat());
        directory.extend(
            [
                b"PK\x01\x02\x14\0",
                &facts[..],
                &[0; 10],
                &at.to_le_bytes(),
                name.as_bytes(),
            ]
            .concat(),
        );
    }
    let count = u16::try_from(files.len()).unwrap().to_le_bytes();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    let begin = u32::try_from(bytes.len()).unwrap().to_le_bytes();
    bytes.extend(directory);
    bytes.extend(
        [
            b"PK\x05\x06\0\0\0\0",
            &count[..],
            &count,
            &length,
            &begin,
            &[0; 2],
        ]
        .concat(),
    );
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folder_becomes_one_task_per_file() {
    promise(
        "folder_becomes_one_task_per_file",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("folder").await;
            for (name, bytes) in [
                ("a.wav", wav()),
                ("deep/100% #1?.wav", wav()),
                ("empty.wav", Vec::new()),
                ("note.wav", b"only a note".to_vec()),
                ("read.me", b"not asked for".to_vec()),
                ("a.json", br#"{"speaker": "x"}"#.to_vec()),
            ] {
                world.store.put(&format!("{}/clips/{name}", ns.name), bytes).await;
            }
            paid(&world, &ns, "voices", voices(), 10).await;
            let uri = world.store.uri(&format!("{}/clips/", ns.name));
            let source = json!({"uri": uri, "include": ["*.wav"], "companions": "SameStem"});
            let spec = json!({"projectRef": {"name": "voices"}, "source": source});
            ns.apply::<Dataset>("clips", spec).await;
            let done = generated_with_rejections(&ns, "clips", 60).await;
            let status = done.status.unwrap();
            let refused: Vec<_> = status.rejected_rows.iter().map(|row| row.reason.as_str()).collect();
            assert_eq!(refused, ["empty.wav is empty", "note.wav is text/plain, not audio"]);
            let tasks: Vec<(String, Option<String>, String)> = sqlx::query_as(
                "select external_id, payload->>'speaker', payload->>'mediaType' from tasks where dataset_id = $1::uuid order by row_no",
            )
            .bind(status.id.unwrap())
            .fetch_all(&world.core)
            .await
            .unwrap();
            let kind = "audio/x-wav".to_owned();
            let expected = [
                ("a.wav".to_owned(), Some("x".to_owned()), kind.clone()),
                ("deep/100% #1?.wav".to_owned(), None, kind),
            ];
            assert_eq!(tasks, expected);

            let packed = zip(&[("deep/b.wav", wav()), ("a.wav", wav())]);
            let uri = world.store.put(&format!("{}/clips.zip", ns.name), packed).await;
            ns.apply::<Dataset>("packed", dataset("voices", &uri)).await;
            let done = generated(&ns, "packed", 60).await;
            let files: Vec<(String, String)> = sqlx::query_as(
                "select external_id, payload->>'file' from tasks where dataset_id = $1::uuid order by row_no",
            )
            .bind(done.status.unwrap().id.unwrap())
            .fetch_all(&world.core)
            .await
            .unwrap();
            let names: Vec<_> = files.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["a.wav", "deep/b.wav"]);
            assert_eq!(world.store.read(&files[1].1).await, wav());
        },
    )
    .await;
}

/// Writes so many recordings below `clips/`.
async fn fill(world: &World, ns: &Namespace, files: usize) {
    let folder = &format!("{}/clips", ns.name);
    let puts = stream::iter(0..files).map(|file| async move {
        // Not all in one folder: a file system is slow with a million names in one.
        let key = format!("{folder}/{:03}/{file:07}.wav", file / 1000);
        world.store.put(&key, wav()).await;
    });
    puts.buffer_unordered(32).collect::<Vec<_>>().await;
}

/// Looks at the memory of a Dataset's pods, in MiB, for as long as it is polled. It sees nothing of those on other machines.
async fn peak_memory(ns: &Namespace, dataset: &str, peak: &mut u64) -> Infallible {
    loop {
        let pods = ns.pods("datacrowd.io/dataset", dataset).await;
        let uid = running(&pods).last().and_then(|pod| pod.uid());
        if let Some(pid) = uid.and_then(|uid| process_with(&format!("POD_UID={uid}"))) {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = most.and_then(|most| most.trim().strip_suffix(" kB")?.parse::<u64>().ok());
            *peak = kib.map_or(*peak, |kib| (*peak).max(kib / 1024));
        }
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folder_of_any_size_is_loaded_in_constant_memory() {
    promise(
        "folder_of_any_size_is_loaded_in_constant_memory",
        Manners::Peaceful,
        |world| async move {
            let ns = world.namespace("prefix").await;
            let files = world.scale.pick(1_500, 1_000_000);
            paid(&world, &ns, "voices", voices(), files as i64).await;
            fill(&world, &ns, files).await;
            let source = json!({"uri": world.store.uri(&format!("{}/clips/", ns.name))});
            let spec = json!({"projectRef": {"name": "voices"}, "source": source});
            ns.apply::<Dataset>("clips", spec).await;
            let wait = world.scale.pick(120, 4 * 3600);
            let mut peak = 0;
            let done = tokio::select! {
                done = generated(&ns, "clips", wait) => done,
                never = peak_memory(&ns, "clips", &mut peak) => match never {},
            };
            assert_each_row_once(&world, done.id().unwrap(), files).await;
            eprintln!("{files} files, at most {peak} MiB");
            assert!(peak < 128, "{peak} MiB");
        },
    )
    .await;
}
