//! A dataset of N valid rows becomes exactly N tasks, whatever happens on the way.

use std::{fmt::Write as _, time::Duration};

use datacrowd_job::halt::End;
use datacrowd_protocol::{
    exit,
    run::{RunOutcome, RunReason},
    source::{
        Delimiter, Encoding,
        SourceFormat::{Csv, Jsonl},
    },
};
use datacrowd_runner::generate::generate;
use serde_json::json;

use crate::fake::{Fake, Fault, World};

/// Rows enough for several chunks, with refused ones, blank lines and cells of several lines.
fn rows(count: usize) -> String {
    let mut text = "id,text\r\n".to_owned();
    for row in 1..=count {
        match row % 3000 {
            1 => writeln!(text, "\n{row},\"two\nlines\"\r"),
            2 => writeln!(text, "{row},too,many"),
            _ => writeln!(text, "{row},text of {row}"),
        }
        .unwrap();
    }
    text
}

async fn unbroken(count: usize) -> World {
    let fake = Fake::start(Csv, rows(count)).await;
    generate(&fake.session()).await;
    fake.take_world()
}

fn same(fake: &Fake, unbroken: &World) {
    let world = fake.world();
    assert_eq!(world.tasks.len(), unbroken.tasks.len());
    assert!(world.tasks == unbroken.tasks, "the tasks differ");
    assert_eq!(world.checkpoint, unbroken.checkpoint);
}

fn reason(world: &World) -> Option<RunReason> {
    world.completes.last().and_then(|report| report.reason)
}

#[tokio::test]
async fn every_row_becomes_a_task_and_the_end_is_reported() {
    let fake = Fake::start(Csv, rows(12_000)).await;
    let end = generate(&fake.session()).await;
    assert_eq!(end.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.tasks.len(), 12_000 - 4);
    assert_eq!(world.tasks[&1], json!({"id": "1", "text": "two\nlines"}));
    assert_eq!(world.checkpoint.rejected_rows[0].line, 5);
    let [report] = world.completes.as_slice() else {
        panic!("{:?}", world.completes)
    };
    assert_eq!(report.outcome, RunOutcome::Succeeded);
    assert_eq!((report.rows, report.rejected), (12_000, 4));
    assert_eq!(world.calls["tasks"], 3);
}

#[tokio::test]
async fn jsonl_becomes_tasks_as_it_is() {
    let fake = Fake::start(Jsonl, "{\"a\": [1, {\"b\": null}]}\n{\"a\":\"é\"}").await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.tasks[&1], json!({"a": [1, {"b": null}]}));
    assert_eq!(world.tasks[&2], json!({"a": "é"}));
    assert_eq!(world.checkpoint.header, None);
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_leaves_no_trace() {
    let unbroken = unbroken(6_000).await;
    for cuts in [[0, 1, 8], [9, 10, 11], [30, 70_000, 1], [100_000, 0, 0]] {
        let fake = Fake::start(Csv, rows(6_000)).await;
        for bytes in cuts {
            fake.fault("source", Fault::CutAfter(bytes));
            fake.fault("source", Fault::Status(503));
        }
        assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
        same(&fake, &unbroken);
    }
}

#[tokio::test]
async fn a_platform_that_fails_and_loses_answers_gets_every_row_once() {
    let fake = Fake::start(Csv, rows(12_000)).await;
    for fault in [
        Fault::Status(503),
        Fault::LoseAnswer,
        Fault::Status(429),
        Fault::LoseAnswer,
        Fault::Status(401),
        Fault::LoseAnswer,
    ] {
        fake.fault("tasks", fault);
    }
    fake.fault("open", Fault::Status(500));
    fake.fault("complete", Fault::Status(502));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    same(&fake, &unbroken(12_000).await);
}

#[tokio::test]
async fn a_run_that_was_taken_over_is_opened_again_and_goes_on() {
    let fake = Fake::start(Csv, rows(12_000)).await;
    fake.fault("tasks", Fault::Delay(0));
    fake.fault("tasks", Fault::TakeOver);
    fake.fault("complete", Fault::TakeOver);
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(fake.calls("open"), 3);
    same(&fake, &unbroken(12_000).await);
}

/// A run whose pod dies while it sends its chunk of this number.
pub async fn die_in_chunk(fake: &Fake, dies_in: usize) {
    for _ in 1..dies_in {
        fake.fault("tasks", Fault::Delay(0));
    }
    fake.fault("tasks", Fault::Delay(60_000));
    let first = fake.session();
    tokio::select! {
        _ = generate(&first) => panic!("it should hang in chunk {dies_in}"),
        () = until(|| fake.calls("tasks") == dies_in) => {}
    }
}

#[tokio::test]
async fn a_pod_that_dies_after_any_chunk_is_continued_by_the_next() {
    let unbroken = unbroken(22_000).await;
    for dies_in in 1..=5 {
        let fake = Fake::start(Csv, rows(22_000)).await;
        die_in_chunk(&fake, dies_in).await;
        assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
        same(&fake, &unbroken);
    }
}

#[tokio::test]
async fn a_checkpoint_other_than_the_chunks_end_is_followed() {
    let fake = Fake::start(Csv, rows(12_000)).await;
    fake.fault("tasks", Fault::TakeOnly(1234));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    same(&fake, &unbroken(12_000).await);
}

#[tokio::test]
async fn quota_that_ends_within_a_chunk_ends_the_run_and_more_quota_continues_it() {
    let fake = Fake::start(Csv, rows(12_000)).await;
    fake.world().quota = Some(5_001);
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::QUOTA);
    {
        let mut world = fake.world();
        assert_eq!(reason(&world), Some(RunReason::QuotaExceeded));
        assert_eq!(world.completes[0].rows, 5_001);
        assert_eq!(world.checkpoint.next_row, 5_002);
        world.quota = None;
    }
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    same(&fake, &unbroken(12_000).await);
}

#[tokio::test]
async fn lines_are_counted_right_by_a_run_that_goes_on_before_blank_ones() {
    for (format, text, line) in [
        (Csv, "a\n\"1\n1\"\n\n\n2\n3,3\n", 7),
        (Jsonl, "{\"a\":1}\n\n\n{\"a\":2}\n3\n", 5),
    ] {
        for quota in 0..2 {
            let fake = Fake::start(format, text).await;
            {
                let mut world = fake.world();
                world.max_invalid_rows = 1;
                world.quota = Some(quota);
            }
            assert_eq!(generate(&fake.session()).await.exit_code(), exit::QUOTA);
            fake.world().quota = None;
            assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
            let world = fake.world();
            assert_eq!(
                world.checkpoint.rejected_rows[0].line, line,
                "{format:?} {quota}"
            );
        }
    }
}

#[tokio::test]
async fn a_run_at_its_sources_end_is_only_completed() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("complete", Fault::Status(410));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::GONE);
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    // The second run looks at the first bytes only: whether they are compressed.
    assert_eq!((fake.calls("source"), fake.calls("tasks")), (2, 1));
    assert_eq!(fake.world().completes[0].rows, 1);
}

#[tokio::test]
async fn a_living_holder_is_waited_for_but_not_for_ever() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("open", Fault::Status(409));
    fake.fault("open", Fault::Status(409));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(fake.calls("open"), 3);
    for _ in 0..10_000 {
        fake.fault("open", Fault::Status(409));
    }
    assert_eq!(
        generate(&fake.impatient()).await.exit_code(),
        exit::TRY_AGAIN
    );
}

#[tokio::test]
async fn each_refusal_of_the_platform_has_its_exit_code() {
    for (endpoint, status, code) in [
        ("open", 410, exit::GONE),
        ("open", 404, exit::GONE),
        ("open", 401, exit::FORBIDDEN),
        ("open", 403, exit::FORBIDDEN),
        ("open", 500, exit::TRY_AGAIN),
        ("open", 422, exit::MISCONFIGURED),
        ("open", 502, exit::MISCONFIGURED),
        ("tasks", 410, exit::GONE),
        ("tasks", 403, exit::FORBIDDEN),
        ("tasks", 503, exit::TRY_AGAIN),
        ("tasks", 415, exit::MISCONFIGURED),
        ("complete", 500, exit::TRY_AGAIN),
    ] {
        let fake = Fake::start(Csv, "a\n1\n").await;
        for _ in 0..10_000 {
            fake.fault(endpoint, Fault::Status(status));
        }
        let end = generate(&fake.impatient()).await;
        assert_eq!(end.exit_code(), code, "{endpoint} {status}: {end:?}");
    }
}

#[tokio::test]
async fn a_run_that_has_ended_is_left_alone() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.world().completed = true;
    assert_eq!(generate(&fake.session()).await, End::AlreadyDone);
    assert_eq!((fake.calls("source"), fake.calls("complete")), (0, 0));
}

#[tokio::test]
async fn an_expired_url_is_replaced_and_a_lasting_refusal_is_named() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("source", Fault::S3(403, "AccessDenied"));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(fake.calls("source-url"), 1);

    let fake = Fake::start(Csv, "a\n1\n").await;
    for _ in 0..3 {
        fake.fault("source", Fault::S3(403, "AccessDenied"));
    }
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::FORBIDDEN);
    assert_eq!(fake.calls("source-url"), 2);
    assert_eq!(reason(&fake.world()), Some(RunReason::SourceForbidden));
}

#[tokio::test]
async fn another_object_in_the_sources_place_fails_the_run_and_never_mixes() {
    let fake = Fake::start(Csv, rows(12_000)).await;
    fake.fault("source", Fault::CutAfter(170_000));
    fake.fault("source", Fault::Replace);
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::BAD_INPUT);
    assert_eq!(reason(&fake.world()), Some(RunReason::SourceChanged));
    assert_eq!(fake.world().checkpoint.next_row, 5_001);
}

#[tokio::test]
async fn a_source_that_is_not_there_is_named() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("source", Fault::S3(404, "NoSuchKey"));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::GONE);
    let world = fake.world();
    assert_eq!(reason(&world), Some(RunReason::SourceNotFound));
    assert!(
        world.completes[0]
            .message
            .as_ref()
            .unwrap()
            .contains("s3://bucket/key.csv")
    );
}

#[tokio::test]
async fn bad_input_is_reported_with_its_remedy_and_loads_nothing() {
    for (text, says) in [
        ("", "empty"),
        ("a,a\n1,2\n", "twice"),
        ("b\n1\n", "no column \"a\""),
        ("a\n1\n2\n\"open\n", "line 4"),
    ] {
        let fake = Fake::start(Csv, text).await;
        fake.world().required = vec!["a".to_owned()];
        assert_eq!(generate(&fake.session()).await.exit_code(), exit::BAD_INPUT);
        let world = fake.world();
        assert_eq!(reason(&world), Some(RunReason::BadInput));
        assert!(
            world.completes[0].message.as_ref().unwrap().contains(says),
            "{text}"
        );
        assert!(world.tasks.is_empty());
    }
}

#[tokio::test]
async fn a_file_that_gives_no_task_has_failed_however_much_may_be_refused() {
    for (format, text, says) in [
        (Jsonl, "id,text\n1,a\n", "looks like CSV"),
        (Csv, "id,text\n", "a header and no row"),
        (Csv, "id,text\n,\n,\n", "a header and no row"),
        (
            Csv,
            "id,text\n1\n2\n",
            "2 of 2 were refused; the first: line 2",
        ),
        (
            Jsonl,
            "[\n{\"id\":1},\n{\"id\":2}\n]\n",
            "one object per line",
        ),
    ] {
        let fake = Fake::start(format, text).await;
        for _ in 0..2 {
            // Also for a run that resumes behind the last row.
            assert_eq!(generate(&fake.session()).await.exit_code(), exit::BAD_INPUT);
            let world = fake.world();
            assert_eq!(reason(&world), Some(RunReason::BadInput));
            let message = world.completes.last().unwrap().message.clone().unwrap();
            assert!(message.contains(says), "{message}");
            // The operator goes on from here, with a file in its place where that helps.
            let contradicts = message.to_lowercase().contains("create a new dataset");
            assert!(!contradicts, "{message}");
        }
    }
}

#[tokio::test]
async fn what_auto_found_is_pinned_and_a_resumed_run_reads_by_it() {
    let row = |n: usize| format!("{n};\"text; {n}\"\r\n");
    let text: String = (1..=12_000).map(row).collect();
    let text = format!("id;text\r\n{text};\r\n;\r\n");
    let utf16: Vec<u8> = ['\u{feff}']
        .into_iter()
        .chain(text.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(u16::to_be_bytes)
        .collect();
    let fake = Fake::start(Csv, utf16).await;
    fake.world().delimiter = Some(Delimiter::Auto);
    fake.world().encoding = Some(Encoding::Utf16);
    fake.fault("tasks", Fault::TakeOnly(1234));
    fake.fault("tasks", Fault::LoseAnswer);
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.tasks.len(), 12_000);
    assert_eq!(
        world.tasks[&12_000],
        json!({"id": "12000", "text": "text; 12000"})
    );
    let found = world.checkpoint.dialect.unwrap();
    assert_eq!(
        (found.delimiter, found.encoding, found.big_endian),
        (Some(Delimiter::Semicolon), Encoding::Utf16, true)
    );
    assert_eq!(world.completes[0].blank, 2);
}

#[tokio::test]
async fn one_refused_row_too_many_fails_the_run_and_shows_the_rows() {
    let text = "a,b\n".to_owned() + &"1,2\nbad\n".repeat(20);
    let fake = Fake::start(Csv, text.clone()).await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::BAD_INPUT);
    {
        let mut world = fake.world();
        assert_eq!(reason(&world), Some(RunReason::TooManyInvalidRows));
        assert_eq!(
            (world.completes[0].rows, world.completes[0].rejected),
            (22, 11)
        );
        let message = world.completes[0].message.clone().unwrap();
        assert!(message.contains("line 3 has 1 fields"), "{message}");
        assert_eq!(world.checkpoint.rejected_rows.len(), 10);
        world.max_invalid_rows = 20;
    }
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(fake.world().tasks.len(), 20);
}

#[tokio::test]
async fn heartbeats_fill_the_silence_and_notice_a_takeover() {
    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("source", Fault::Delay(400));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert!(
        (3..=8).contains(&fake.calls("heartbeat")),
        "{}",
        fake.calls("heartbeat")
    );

    let fake = Fake::start(Csv, "a\n1\n").await;
    fake.fault("source", Fault::Delay(60_000));
    fake.fault("heartbeat", Fault::TakeOver);
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!(fake.calls("open"), 2);
}

#[tokio::test]
async fn a_pod_that_is_asked_to_stop_ends_at_a_chunks_boundary_without_a_report() {
    let fake = Fake::start(Csv, rows(22_000)).await;
    fake.fault("tasks", Fault::Delay(0));
    fake.fault("tasks", Fault::Delay(200));
    let session = fake.session();
    let stop = async {
        until(|| fake.calls("tasks") == 2).await;
        session.stop.cancel();
    };
    let (end, ()) = tokio::join!(generate(&session), stop);
    assert_eq!(end.exit_code(), exit::TRY_AGAIN);
    assert_eq!(fake.world().checkpoint.next_row, 10_001);
    assert!(fake.world().completes.is_empty());
}

/// Waits for a condition with a deadline.
pub async fn until(condition: impl Fn() -> bool) {
    let waiting = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting)
        .await
        .expect("the condition comes true");
}

fn sha256(text: &str) -> String {
    hex::encode(<sha2::Sha256 as sha2::Digest>::digest(text))
}

#[tokio::test]
async fn a_whole_read_is_compared_with_what_was_accepted_and_told() {
    let text = "a\n1\n2\n";
    let fake = Fake::start(Csv, text).await;
    fake.world().sha256 = Some(sha256(text));
    fake.fault("source", Fault::CutAfter(3));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(world.completes[0].sha256, Some(sha256(text)));
    assert_eq!(world.tasks.len(), 2);
}

#[tokio::test]
async fn other_bytes_under_the_same_etag_and_size_are_another_source() {
    let fake = Fake::start(Csv, "a\n1\n2\n").await;
    fake.world().sha256 = Some(sha256("a\n1\n3\n"));
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::BAD_INPUT);
    let world = fake.world();
    assert_eq!(world.completes[0].reason, Some(RunReason::SourceChanged));
    assert_eq!(world.completes[0].sha256, None);
}

#[tokio::test]
async fn a_read_that_begins_in_the_middle_tells_no_hash() {
    let fake = Fake::start(Csv, "a\n1\n2\n").await;
    {
        let mut world = fake.world();
        world.checkpoint.header = Some(vec!["a".to_owned()]);
        (world.checkpoint.offset, world.checkpoint.next_row) = (4, 2);
        world.checkpoint.next_line = 3;
    }
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!(
        (world.completes[0].sha256.as_ref(), world.tasks.len()),
        (None, 1)
    );
}
