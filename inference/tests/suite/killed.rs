//! The binary itself, killed at every page: each item still has one prediction.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use datacrowd_protocol::{exit, model::AudioFeatures};
use datacrowd_testkit::scaled;

use crate::{
    fake::Fake,
    fixtures::{audio_input, bytes, output},
};

fn start(fake: &Fake) -> Child {
    Command::new(env!("CARGO_BIN_EXE_datacrowd-inference"))
        .args([
            "predict",
            "--run-id",
            "00000000-0000-0000-0000-000000000000",
        ])
        .env("DATACROWD_INTERNAL_URL", &fake.world().url)
        .env("DATACROWD_TOKEN_FILE", fake.token_path())
        .env("POD_UID", "pod")
        .env("TERMINATION_LOG", "/nowhere/log")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for the end of the process, which is killed as soon as `ready`.
async fn run(mut child: Child, ready: impl Fn() -> bool) -> Option<i32> {
    let waiting = async {
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            if ready() {
                child.kill().unwrap();
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(2), waiting)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_each_page_every_item_has_one_prediction() {
    let input = audio_input(AudioFeatures::LogMel);
    let fake = Fake::start("pooled.onnx", input, output(&["false", "true"])).await;
    let items = scaled(40, 1000);
    for at in 0..items {
        let name = if at % 3 == 0 {
            "tones.mp3"
        } else {
            "speechlike.wav"
        };
        let content = if at == 17 { Vec::new() } else { bytes(name) };
        fake.add_file(&format!("{at}.wav"), content);
    }
    let mut kills = 0;
    // By turns while a page is being read, and just after it was told.
    loop {
        let endpoint = if kills % 2 == 0 {
            "predictions"
        } else {
            "file"
        };
        let before = fake.calls(endpoint);
        match run(start(&fake), || fake.calls(endpoint) > before).await {
            Some(code) => break assert_eq!(code, exit::DONE),
            None => kills += 1,
        }
        assert!(kills < 2 * items, "it gets nowhere");
    }
    let enough = scaled(10, 20);
    assert!(kills >= enough, "killed {kills} times only");
    let world = fake.world();
    assert_eq!(world.predictions.len(), items);
    let failed = world
        .predictions
        .values()
        .filter(|p| p.failure.is_some())
        .count();
    assert_eq!(failed, 1);
    let [complete] = world.completes.as_slice() else {
        panic!("{:?}", world.completes)
    };
    let predicted = i64::try_from(items - 1).unwrap();
    assert_eq!((complete.rows, complete.rejected), (predicted, 1));
    eprintln!(
        "killed {kills} times; {} items were told again",
        world.again
    );
}
