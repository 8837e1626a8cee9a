//! A folder of N usable files becomes exactly N tasks, whatever happens on the way.

use datacrowd_protocol::{
    exit, files::FolderOpened, labeling::DataType, run::RunReason, source::SourceFormat::Files,
};
use datacrowd_runner::generate::generate;
use serde_json::json;

use crate::{
    fake::{Fake, Fault, World},
    generate::die_in_chunk,
};

const WAV: &[u8] = b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0";

fn wav(number: usize) -> Vec<u8> {
    [WAV, number.to_string().as_bytes()].concat()
}

/// A folder that is shown as audio.
async fn folder(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Fake {
    let fake = Fake::start(Files, "").await;
    {
        let mut world = fake.world();
        world.signed = false;
        world.pinned = None;
        world.folder = Some(FolderOpened {
            shown: Some(DataType::Audio),
            companions: false,
        });
        let below = files
            .into_iter()
            .map(|(name, bytes)| (format!("clips/{name}"), bytes.into()));
        world.files = below.collect();
    }
    fake
}

/// Recordings, of which one in fifty is none.
fn recordings(count: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    (0..count).map(|number| {
        let bytes = match number % 50 {
            7 => b"a note".to_vec(),
            _ => wav(number),
        };
        (format!("{:02}/{number:05}.wav", number % 7), bytes)
    })
}

async fn unbroken(count: usize, page: usize) -> World {
    let fake = folder(recordings(count)).await;
    fake.world().page = page;
    fake.world().max_invalid_rows = 1000;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    fake.take_world()
}

fn same(fake: &Fake, unbroken: &World) {
    let world = fake.world();
    assert!(world.tasks == unbroken.tasks, "the tasks differ");
    assert_eq!(world.checkpoint, unbroken.checkpoint);
}

fn told(world: &World) -> (Option<RunReason>, String) {
    let report = world.completes.last().unwrap();
    (report.reason, report.message.clone().unwrap_or_default())
}

#[tokio::test]
async fn every_file_becomes_a_task_in_the_order_of_keys() {
    let fake = folder([("b.wav".to_owned(), wav(2)), ("a/1.wav".to_owned(), wav(1))]).await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.tasks.len(), 2);
    let mut first = world.tasks[&1].clone();
    assert!(first["etag"].take().is_string());
    assert_eq!(
        first,
        json!({
            "file": "s3://bucket/clips/a/1.wav", "name": "a/1.wav", "sizeBytes": 21,
            "mediaType": "audio/x-wav", "etag": null,
        })
    );
    assert_eq!(world.tasks[&2]["name"], "b.wav");
    assert_eq!(world.checkpoint.after.as_deref(), Some("clips/b.wav"));
    assert_eq!(
        world.checkpoint.columns,
        ["file", "name", "sizeBytes", "mediaType", "etag"]
    );
    let report = world.completes.last().unwrap();
    assert_eq!((report.rows, report.rejected, report.reason), (2, 0, None));
}

#[tokio::test]
async fn what_cannot_be_shown_is_refused_by_its_name_and_reason() {
    let fake = folder([
        ("a.wav".to_owned(), wav(1)),
        ("b.wav".to_owned(), Vec::new()),
        ("c.wav".to_owned(), b"only a note".to_vec()),
        ("d..wav".to_owned(), wav(4)),
        ("e.svg".to_owned(), b"<svg onload='alert(1)'/>".to_vec()),
    ])
    .await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.tasks.len(), 1);
    let refused: Vec<_> = world
        .checkpoint
        .rejected_rows
        .iter()
        .map(|row| (row.line, row.reason.as_str()))
        .collect();
    assert_eq!(
        refused,
        [
            (2, "b.wav is empty"),
            (3, "c.wav is text/plain, not audio"),
            (4, "d..wav has a name that no link can hold; rename it"),
            (5, "e.svg is image/svg+xml, not audio"),
        ]
    );
}

#[tokio::test]
async fn more_refused_files_than_are_allowed_fail_the_run_and_name_the_first() {
    let fake = folder(recordings(200)).await;
    fake.world().max_invalid_rows = 2;
    let end = generate(&fake.session()).await;
    assert_eq!(end.exit_code(), exit::BAD_INPUT);
    let (reason, message) = told(&fake.world());
    assert_eq!(reason, Some(RunReason::TooManyInvalidRows));
    assert!(message.starts_with("3 files were refused, more than maxInvalidRows (2) allows; the first: 00/00007.wav is text/plain, not audio."), "{message}");
}

#[tokio::test]
async fn a_folder_of_nothing_says_so() {
    for (files, says) in [
        (
            vec![],
            "No file below s3://bucket/clips/ is one that becomes a task",
        ),
        (
            vec![("a.wav".to_owned(), b"note".to_vec())],
            "No file could be used, 1 of 1 were refused; the first: a.wav is text/plain",
        ),
    ] {
        let fake = folder(files).await;
        generate(&fake.session()).await;
        let (reason, message) = told(&fake.world());
        assert_eq!(reason, Some(RunReason::BadInput));
        assert!(message.starts_with(says), "{message}");
    }
}

#[tokio::test]
async fn a_column_that_no_file_has_fails_the_run_before_any_is_read() {
    let fake = folder([("a.wav".to_owned(), wav(1))]).await;
    fake.world().required = vec!["file".to_owned(), "speaker".to_owned()];
    generate(&fake.session()).await;
    let (reason, message) = told(&fake.world());
    assert_eq!(reason, Some(RunReason::BadInput));
    assert!(
        message.contains("has no column \"speaker\", which the project needs"),
        "{message}"
    );
    assert_eq!(fake.calls("files"), 0);
}

#[tokio::test]
async fn companions_become_columns_of_their_files_task() {
    let fake = folder([
        ("a.wav".to_owned(), wav(1)),
        (
            "a.json".to_owned(),
            b"{\n\"speaker\": \"x\", \"n\": 1.50\n}".to_vec(),
        ),
        ("a.txt".to_owned(), b"said".to_vec()),
        ("b.wav".to_owned(), wav(2)),
        (
            "b.json".to_owned(),
            b"{\"speaker\": \"y\", \"name\": \"z\"}".to_vec(),
        ),
        ("c.wav".to_owned(), wav(3)),
        ("d.wav".to_owned(), wav(4)),
        ("d.json".to_owned(), b"[1]".to_vec()),
    ])
    .await;
    {
        let mut world = fake.world();
        world.folder.as_mut().unwrap().companions = true;
        world.required = vec!["file".to_owned(), "speaker".to_owned()];
        world.page = 3;
    }
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.tasks.len(), 1);
    assert_eq!(
        (&world.tasks[&1]["speaker"], &world.tasks[&1]["text"]),
        (&json!("x"), &json!("said"))
    );
    assert_eq!(world.checkpoint.columns[5..], ["speaker", "n", "text"]);
    let refused: Vec<_> = world
        .checkpoint
        .rejected_rows
        .iter()
        .map(|row| row.reason.as_str())
        .collect();
    let [twice, lacks, array] = refused.as_slice() else {
        panic!("{refused:?}")
    };
    assert!(
        twice.starts_with("b.wav ") && twice.contains("name"),
        "{twice}"
    );
    assert!(
        lacks.starts_with("c.wav ") && lacks.contains("speaker"),
        "{lacks}"
    );
    assert_eq!(
        *array,
        "d.wav has a companion, d.json, that is not a JSON object"
    );
}

#[tokio::test]
async fn a_pod_that_dies_after_any_chunk_is_continued_by_the_next() {
    let unbroken = unbroken(230, 50).await;
    assert_eq!(unbroken.tasks.len(), 225);
    for dies_in in 1..=4 {
        let fake = folder(recordings(230)).await;
        fake.world().page = 50;
        fake.world().max_invalid_rows = 1000;
        die_in_chunk(&fake, dies_in).await;
        assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
        same(&fake, &unbroken);
    }
}

#[tokio::test]
async fn lost_answers_and_a_store_that_stumbles_leave_no_trace() {
    let unbroken = unbroken(230, 50).await;
    let fake = folder(recordings(230)).await;
    fake.world().page = 50;
    fake.world().max_invalid_rows = 1000;
    for endpoint in ["files", "tasks"] {
        fake.fault(endpoint, Fault::Status(503));
        fake.fault(endpoint, Fault::Delay(1));
        fake.fault(endpoint, Fault::Status(503));
    }
    fake.fault("tasks", Fault::LoseAnswer);
    fake.fault("tasks", Fault::TakeOnly(7));
    for _ in 0..20 {
        fake.fault("file", Fault::Status(503));
        fake.fault("file", Fault::CutAfter(0));
        fake.fault("file", Fault::Delay(1));
    }
    fake.fault("file", Fault::S3(403, "RequestTimeTooSkewed"));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    same(&fake, &unbroken);
}

#[tokio::test]
async fn quota_stops_within_a_page_and_a_later_run_goes_on_behind_its_last_file() {
    let unbroken = unbroken(120, 50).await;
    let fake = folder(recordings(120)).await;
    fake.world().page = 50;
    fake.world().max_invalid_rows = 1000;
    fake.world().quota = Some(70);
    generate(&fake.session()).await;
    assert_eq!(told(&fake.world()).0, Some(RunReason::QuotaExceeded));
    fake.world().quota = None;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    same(&fake, &unbroken);
}

#[tokio::test]
async fn a_store_that_refuses_its_files_is_told_as_that() {
    let fake = folder(recordings(3)).await;
    for _ in 0..60 {
        fake.fault("file", Fault::S3(403, "AccessDenied"));
    }
    generate(&fake.session()).await;
    let (reason, message) = told(&fake.world());
    assert_eq!(reason, Some(RunReason::SourceForbidden));
    assert!(message.contains("AccessDenied"), "{message}");
}
