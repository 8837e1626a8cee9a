//! A predictor that keeps its model loaded: what arrives is answered once, whoever is killed.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use datacrowd_inference::serve;
use datacrowd_job::halt::{Counts, End, Halt};
use datacrowd_protocol::{
    ids::ModelId,
    model::{AudioFeatures, ItemFailure},
};
use datacrowd_testkit::scaled;
use tokio::time::timeout;
use uuid::Uuid;

use crate::{
    fake::{Fake, Fault},
    fixtures::{audio_input, bytes, output},
};

async fn recordings() -> Fake {
    Fake::start(
        "pooled.onnx",
        audio_input(AudioFeatures::LogMel),
        output(&["false", "true"]),
    )
    .await
}

/// Waits until the world is so.
async fn until(fake: &Fake, what: &str, is_so: impl Fn(&Fake) -> bool) {
    let waiting = async {
        while !is_so(fake) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let waited = timeout(Duration::from_mins(1), waiting).await;
    assert!(waited.is_ok(), "{what}: {:?}", fake.world().calls);
}

fn predicted(fake: &Fake, items: usize) -> bool {
    fake.world().predictions.len() == items
}

#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_is_answered_until_the_pod_is_asked_to_stop() {
    let fake = recordings().await;
    let session = fake.session();
    let stop = session.stop.clone();
    let serving = tokio::spawn(async move { serve(&session, ModelId(Uuid::nil())).await });
    until(&fake, "it asks", |fake| fake.calls("lease") > 0).await;
    fake.add_file("speechlike.wav", bytes("speechlike.wav"));
    until(&fake, "the first is told of", |fake| predicted(fake, 1)).await;
    // An answer that is lost is asked for again, under the same lease.
    fake.fault("lease", Fault::LoseAnswer);
    fake.add_file("broken.wav", b"RIFF of nothing".to_vec());
    fake.add_file("tones.mp3", bytes("tones.mp3"));
    until(&fake, "all are told of", |fake| predicted(fake, 3)).await;
    stop.cancel();
    let end = timeout(Duration::from_secs(10), serving).await;
    let counts = Counts {
        rows: 2,
        rejected: 1,
        blank: 0,
    };
    assert_eq!(end.unwrap().unwrap(), End::Done(counts));
    let world = fake.world();
    assert_eq!(world.calls["model"], 1, "the model is fetched once");
    let rows: Vec<_> = world.items.iter().map(|item| item.row_no).collect();
    let failure = |row| world.predictions[row].failure.as_ref().map(|f| f.reason);
    assert_eq!(failure(&rows[0]), None);
    assert_eq!(failure(&rows[1]), Some(ItemFailure::Undecodable));
    let said = &world.predictions[&rows[0]];
    assert!((said.probabilities.values().sum::<f64>() - 1.0).abs() < 1e-3);
    assert!(world.predictions[&rows[1]].windows.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_are_told_by_the_rule_of_docs_and_their_mean_is_the_answer() {
    let fake = recordings().await;
    fake.add_file("speechlike.wav", bytes("speechlike.wav"));
    let session = fake.session();
    let stop = session.stop.clone();
    let serving = tokio::spawn(async move { serve(&session, ModelId(Uuid::nil())).await });
    until(&fake, "it is told of", |fake| predicted(fake, 1)).await;
    stop.cancel();
    timeout(Duration::from_secs(10), serving)
        .await
        .unwrap()
        .unwrap();
    let world = fake.world();
    let said = world.predictions.values().next().unwrap();
    let times = said
        .windows
        .iter()
        .map(|w| (w.start_seconds, w.end_seconds));
    // 2.3 s in windows of a second, half a second apart; the last one ends where the recording ends.
    let expected = [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (1.3, 2.3)];
    assert_eq!(times.collect::<Vec<_>>(), expected);
    for (label, of_item) in &said.probabilities {
        let sum: f64 = said.windows.iter().map(|w| w.probabilities[label]).sum();
        assert!(
            (sum / 4.0 - of_item).abs() < 1e-6,
            "{label}: {sum} {of_item}"
        );
    }
    let first = &said.windows[0].probabilities["true"];
    assert!(
        said.windows
            .iter()
            .any(|w| (w.probabilities["true"] - first).abs() > 0.01)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_went_to_another_predictor_is_let_go() {
    let fake = recordings().await;
    let session = fake.session();
    let stop = session.stop.clone();
    let serving = tokio::spawn(async move { serve(&session, ModelId(Uuid::nil())).await });
    fake.fault("report", Fault::Status(409));
    fake.add_file("speechlike.wav", bytes("speechlike.wav"));
    until(&fake, "it is fenced", |fake| fake.calls("report") == 1).await;
    fake.world().leases.clear();
    until(&fake, "it goes on", |fake| predicted(fake, 1)).await;
    stop.cancel();
    let end = timeout(Duration::from_secs(10), serving).await;
    let counts = Counts {
        rows: 1,
        ..Counts::default()
    };
    assert_eq!(end.unwrap().unwrap(), End::Done(counts));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fetched_is_given_back_and_a_model_that_is_gone_ends_it() {
    let fake = recordings().await;
    fake.add_file("speechlike.wav", bytes("speechlike.wav"));
    for _ in 0..500 {
        fake.fault("file", Fault::Status(503));
    }
    let end = serve(&fake.impatient(), ModelId(Uuid::nil())).await;
    assert!(matches!(end, End::Halted(Halt::TryAgain(_), _)), "{end:?}");
    assert_eq!(fake.world().returned, [3]);
    fake.fault("queue open", Fault::Status(404));
    let end = serve(&fake.session(), ModelId(Uuid::nil())).await;
    assert_eq!(end, End::Halted(Halt::Gone, Counts::default()));
}

fn start(fake: &Fake) -> Child {
    Command::new(env!("CARGO_BIN_EXE_datacrowd-inference"))
        .args(["serve", "--model-id", &Uuid::nil().to_string()])
        .env("DATACROWD_INTERNAL_URL", &fake.world().url)
        .env("DATACROWD_TOKEN_FILE", fake.token_path())
        .env("POD_UID", "pod")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_again_and_again_each_item_has_one_prediction() {
    let fake = recordings().await;
    let (items, most) = scaled((30, 5), (1000, 20));
    for at in 0..items {
        fake.add_file(&format!("{at}.wav"), bytes("speechlike.wav"));
    }
    let mut predictor = start(&fake);
    for kills in 1..=most {
        until(&fake, "some are told of", |fake| {
            fake.world().predictions.len() >= kills * items / (most + 1)
        })
        .await;
        predictor.kill().unwrap();
        predictor.wait().unwrap();
        // Its lease runs out.
        fake.world().leases.clear();
        predictor = start(&fake);
    }
    until(&fake, "all are told of", |fake| predicted(fake, items)).await;
    let pid = rustix_pid(&predictor);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let ended = tokio::task::spawn_blocking(move || predictor.wait().unwrap());
    let ended = timeout(Duration::from_secs(10), ended).await.unwrap();
    assert_eq!(ended.unwrap().code(), Some(0));
    assert!(
        fake.world().leases.is_empty(),
        "it gives back what it asked for"
    );
}

fn rustix_pid(child: &Child) -> rustix::process::Pid {
    rustix::process::Pid::from_child(child)
}
