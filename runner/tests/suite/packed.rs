//! A compressed table gives the tasks of the plain one, whatever happens on the way.

use std::{fmt::Write as _, io::Write as _};

use datacrowd_protocol::{exit, run::RunReason, source::SourceFormat::Csv};
use datacrowd_runner::generate::generate;

use crate::{
    fake::{Fake, Fault, World},
    generate::die_in_chunk,
};

/// Texts that shrink little, so that a cut falls into the middle of them.
fn rows(count: u32) -> String {
    let mut text = "id,text\n".to_owned();
    for row in 1..=count {
        let text_of = row.wrapping_mul(2_654_435_761);
        let too_many = if row % 3000 == 2 { ",more" } else { "" };
        writeln!(text, "{row},\"{text_of}\n{}\"{too_many}", !text_of).unwrap();
    }
    text
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &str) -> Vec<u8> {
    zstd::encode_all(text.as_bytes(), 3).unwrap()
}

/// Each compressed at once, and in two pieces that were appended to each other.
fn packed(text: &str) -> [Vec<u8>; 4] {
    let (first, second) = text.split_at(text.len() / 3);
    [
        gzip(text),
        zstd(text),
        [gzip(first), gzip(second)].concat(),
        [zstd(first), zstd(second)].concat(),
    ]
}

async fn plain(text: &str) -> World {
    let fake = Fake::start(Csv, text.to_owned()).await;
    assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
    fake.take_world()
}

fn same(fake: &Fake, plain: &World) {
    let world = fake.world();
    assert_eq!(world.tasks.len(), plain.tasks.len());
    assert!(world.tasks == plain.tasks, "the tasks differ");
    assert_eq!(world.checkpoint, plain.checkpoint);
}

#[tokio::test]
async fn the_tasks_and_the_checkpoint_are_those_of_the_plain_file() {
    let text = rows(12_000);
    let plain = plain(&text).await;
    for bytes in packed(&text) {
        let fake = Fake::start(Csv, bytes).await;
        assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
        same(&fake, &plain);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_anywhere_leaves_no_trace() {
    let text = rows(6_000);
    let plain = plain(&text).await;
    for bytes in packed(&text) {
        let fake = Fake::start(Csv, bytes).await;
        for cut in [0, 1, 2, 9, 30_000, 1] {
            fake.fault("source", Fault::CutAfter(cut));
            fake.fault("source", Fault::Status(503));
        }
        assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
        same(&fake, &plain);
    }
}

#[tokio::test]
async fn a_pod_that_dies_after_any_chunk_is_continued_by_the_next() {
    let text = rows(17_000);
    let plain = plain(&text).await;
    for bytes in packed(&text) {
        for dies_in in 1..=4 {
            let fake = Fake::start(Csv, bytes.clone()).await;
            die_in_chunk(&fake, dies_in).await;
            assert_eq!(generate(&fake.session()).await.exit_code(), exit::DONE);
            same(&fake, &plain);
        }
    }
}

#[tokio::test]
async fn a_file_that_is_cut_or_damaged_fails_the_run_with_its_reason() {
    let text = rows(12_000);
    for whole in packed(&text) {
        let cut = whole[..whole.len() - 2].to_vec();
        let mut damaged = whole.clone();
        let middle = damaged.len() / 2;
        damaged[middle..middle + 64].fill(0);
        for (bytes, says) in [(cut, "ends too early"), (damaged, "")] {
            let fake = Fake::start(Csv, bytes).await;
            let end = generate(&fake.session()).await;
            assert_eq!(end.exit_code(), exit::BAD_INPUT);
            let world = fake.world();
            let report = world.completes.last().unwrap();
            assert_eq!(report.reason, Some(RunReason::BadInput));
            let told = report.message.as_deref().unwrap_or_default();
            assert!(told.contains(says) && !told.is_empty(), "{told}");
            assert!(world.tasks.len() < 12_000 - 4, "{}", world.tasks.len());
        }
    }
}
