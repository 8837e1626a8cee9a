//! A folder of files: one task for each that the project can show, and a word about every other one.

use datacrowd_crds::Dataset;
use datacrowd_e2e::world::{Manners, promise};
use serde_json::json;

use crate::specs::{generated_with_rejections, paid, ratings};

/// A recording of nothing.
fn wav() -> Vec<u8> {
    let mut bytes = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
    bytes.extend([0x40, 0x1f, 0, 0, 0x80, 0x3e, 0, 0, 2, 0, 16, 0]);
    bytes.extend(b"data\0\0\0\0");
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
            let mut spec = ratings(1);
            spec["dataType"] = json!("Audio");
            spec["labeling"]["display"] = json!([{"column": "file", "kind": "Audio"}]);
            spec["labeling"]["externalIdColumn"] = json!("name");
            paid(&world, &ns, "voices", spec, 10).await;
            let uri = world.store.uri(&format!("{}/clips/", ns.name));
            let source = json!({"uri": uri, "include": ["*.wav"], "companions": "SameStem"});
            let dataset = json!({"projectRef": {"name": "voices"}, "source": source});
            ns.apply::<Dataset>("clips", dataset).await;
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
            let wav = "audio/x-wav".to_owned();
            let expected = [
                ("a.wav".to_owned(), Some("x".to_owned()), wav.clone()),
                ("deep/100% #1?.wav".to_owned(), None, wav),
            ];
            assert_eq!(tasks, expected);
        },
    )
    .await;
}
