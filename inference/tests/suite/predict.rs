//! Every item gets one prediction, or one reason why it has none.

use std::time::Duration;

use datacrowd_inference::predict;
use datacrowd_job::halt::{Counts, End, Halt};
use datacrowd_protocol::{
    exit,
    model::{AudioFeatures, ItemFailed, ItemFailure},
    run::{RunOutcome, RunReason},
};
use serde_json::{Value, json};

use crate::{
    fake::{Fake, Fault},
    fixtures::{audio_input, bytes, columns_input, json as fixture, numbers, output},
};

/// Rows of the oracle, as cells.
async fn columns() -> Fake {
    let fake = Fake::start(
        "forest.onnx",
        columns_input(),
        output(&["low", "mid", "high"]),
    )
    .await;
    for row in fixture("columns.json")["rows"].as_array().unwrap() {
        let cells: Vec<(String, Value)> = ["a", "b", "c", "d", "e"]
            .iter()
            .zip(row.as_array().unwrap())
            .map(|(name, cell)| ((*name).to_owned(), cell.clone()))
            .collect();
        fake.add_cells(Value::Object(cells.into_iter().collect()));
    }
    fake
}

async fn recordings() -> Fake {
    Fake::start(
        "pooled.onnx",
        audio_input(AudioFeatures::LogMel),
        output(&["false", "true"]),
    )
    .await
}

fn failure(fake: &Fake, item: usize) -> Option<ItemFailure> {
    let world = fake.world();
    let row = world.items[item].row_no;
    world.predictions[&row]
        .failure
        .as_ref()
        .map(|failure| failure.reason)
}

#[tokio::test]
async fn columns_are_predicted_as_the_oracle_does() {
    let fake = columns().await;
    let end = predict(&fake.session()).await;
    assert_eq!(
        end,
        End::Done(Counts {
            rows: 25,
            rejected: 0,
            blank: 0
        })
    );
    let world = fake.world();
    let expected = fixture("columns.json");
    let expected = expected["answers"]["forest"].as_array().unwrap();
    for (told, expected) in world.predictions.values().zip(expected) {
        let expected = numbers(expected);
        let found = ["low", "mid", "high"].map(|label| told.probabilities[label]);
        assert!(
            found
                .iter()
                .zip(&expected)
                .all(|(a, b)| (a - b).abs() < 1e-4),
            "{found:?} {expected:?}"
        );
        let most = found.iter().copied().fold(0.0, f64::max);
        assert_eq!(told.probability, Some(most));
        let label: String = serde_json::from_str(told.label.as_ref().unwrap().get()).unwrap();
        assert_eq!(told.probabilities[&label], most);
    }
    let [complete] = world.completes.as_slice() else {
        panic!()
    };
    assert_eq!(
        (complete.outcome, complete.rows, complete.rejected),
        (RunOutcome::Succeeded, 25, 0)
    );
    assert_eq!(world.calls["predictions"], 7);
}

#[tokio::test]
async fn numbers_have_neither_label_nor_probability() {
    let fake = Fake::start("linear.onnx", columns_input(), output(&[])).await;
    let expected = fixture("columns.json");
    let rows = expected["rows"].as_array().unwrap();
    for row in rows.iter().take(3) {
        let cells: serde_json::Map<_, _> = ["a", "b", "c", "d", "e"]
            .iter()
            .zip(row.as_array().unwrap())
            .map(|(name, cell)| ((*name).to_owned(), cell.clone()))
            .collect();
        fake.add_cells(cells.into());
    }
    fake.add_cells(json!({"a": 3e38, "b": 2, "c": 3, "d": 4, "e": 5}));
    assert_eq!(predict(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    let told: Vec<_> = world.predictions.values().collect();
    for (told, expected) in told
        .iter()
        .zip(&expected["answers"]["linear"].as_array().unwrap()[..3])
    {
        let found: f64 = told.label.as_ref().unwrap().get().parse().unwrap();
        assert!((found - numbers(expected)[0]).abs() < 1e-4, "{told:?}");
        assert!(told.probability.is_none() && told.probabilities.is_empty());
    }
    assert_eq!(
        told[3].failure.as_ref().unwrap().reason,
        ItemFailure::NoAnswer,
        "no number is without end"
    );
}

#[tokio::test]
async fn every_bad_recording_has_its_reason_and_the_others_their_prediction() {
    let fake = recordings().await;
    fake.add_file("good.wav", bytes("speechlike.wav"));
    fake.add_file("gone.wav", bytes("tones.wav"));
    fake.add_file("changed.wav", bytes("tones.wav"));
    fake.add_file("empty.wav", Vec::new());
    fake.add_file("text.mp3", b"no recording".to_vec());
    fake.add_file("note.opus", bytes("tones.opus"));
    fake.add_file("known.wav", Vec::new());
    fake.add_file("good.mp3", bytes("tones.mp3"));
    {
        let mut world = fake.world();
        world.files.remove("gone.wav");
        world
            .files
            .insert("changed.wav".to_owned(), bytes("tones.mp3"));
        let known = &mut world.items[6];
        known.url = None;
        known.failure = Some(ItemFailed {
            reason: ItemFailure::Unreachable,
            message: "The link leads nowhere; correct it.".to_owned(),
        });
    }
    let end = predict(&fake.session()).await;
    assert_eq!(
        end,
        End::Done(Counts {
            rows: 2,
            rejected: 6,
            blank: 0
        })
    );
    let reasons: Vec<_> = (0..8).map(|item| failure(&fake, item)).collect();
    assert_eq!(
        reasons,
        [
            None,
            Some(ItemFailure::NotFound),
            Some(ItemFailure::Changed),
            Some(ItemFailure::Empty),
            Some(ItemFailure::Undecodable),
            Some(ItemFailure::UnsupportedCodec),
            Some(ItemFailure::Unreachable),
            None,
        ]
    );
    let world = fake.world();
    let told: Vec<_> = world.predictions.values().collect();
    assert_eq!(told[6].failure, world.items[6].failure);
    assert_eq!(
        told[0].label.as_ref().unwrap().get(),
        "true",
        "a boolean, as a person gives it"
    );
    assert!((told[0].probability.unwrap() - 0.832_393_6).abs() < 1e-4 && told[0].micros > 0);
}

#[tokio::test]
async fn cells_that_are_no_numbers_and_answers_that_are_no_probabilities_have_their_reasons() {
    let fake = Fake::start("logits.onnx", columns_input(), output(&["a", "b"])).await;
    fake.add_cells(json!({"a": 1, "b": 2, "c": 3, "d": 4}));
    fake.add_cells(json!({"a": 1, "b": 2, "c": "three", "d": 4, "e": 5}));
    fake.add_cells(json!({"a": "1", "b": 2, "c": 3, "d": 4, "e": 5}));
    assert_eq!(predict(&fake.session()).await.exit_code(), exit::DONE);
    let reasons: Vec<_> = (0..3).map(|item| failure(&fake, item)).collect();
    let expected = [
        ItemFailure::MissingColumn,
        ItemFailure::NotANumber,
        ItemFailure::NoAnswer,
    ];
    assert_eq!(reasons, expected.map(Some));
}

#[tokio::test]
async fn faults_on_the_way_change_nothing() {
    let calm = columns().await;
    predict(&calm.session()).await;
    let rough = columns().await;
    for (endpoint, fault) in [
        ("model", Fault::Status(503)),
        ("items", Fault::Status(500)),
        ("items", Fault::Status(429)),
        ("predictions", Fault::LoseAnswer),
        ("items", Fault::TakeOver),
        ("complete", Fault::Status(502)),
    ] {
        rough.fault(endpoint, fault);
    }
    assert_eq!(predict(&rough.session()).await.exit_code(), exit::DONE);
    let (calm, rough) = (calm.world(), rough.world());
    assert_eq!(rough.calls["open"], 2);
    assert!(rough.again > 0, "a page was told twice");
    let labels = |world: &crate::fake::World| -> Vec<_> {
        world
            .predictions
            .iter()
            .map(|(row, p)| (*row, p.label.clone(), p.probability))
            .collect()
    };
    assert_eq!(labels(&rough), labels(&calm));
    assert_eq!(rough.completes[0].rows, 25);
}

#[tokio::test]
async fn a_pod_that_lost_its_run_for_good_tells_nothing_more() {
    let fake = columns().await;
    fake.fault("predictions", Fault::TakeOver);
    for _ in 0..10_000 {
        fake.fault("items", Fault::Status(409));
    }
    let end = predict(&fake.impatient()).await;
    assert!(matches!(end, End::Halted(Halt::TryAgain(_), _)), "{end:?}");
    assert_eq!(end.exit_code(), exit::TRY_AGAIN);
    assert!(fake.world().predictions.is_empty() && fake.world().completes.is_empty());
}

#[tokio::test]
async fn a_link_that_has_expired_is_asked_for_again_once() {
    let fake = recordings().await;
    fake.add_file("a.wav", bytes("speechlike.wav"));
    fake.add_file("b.wav", bytes("speechlike.wav"));
    fake.fault("file", Fault::Status(403));
    assert_eq!(predict(&fake.session()).await.exit_code(), exit::DONE);
    assert_eq!((failure(&fake, 0), failure(&fake, 1)), (None, None));
    assert_eq!(fake.calls("items"), 3);

    let kept = recordings().await;
    kept.add_file("a.wav", bytes("speechlike.wav"));
    kept.add_file("b.wav", bytes("speechlike.wav"));
    kept.fault("file", Fault::Status(403));
    kept.fault("file", Fault::Status(403));
    assert_eq!(predict(&kept.session()).await.exit_code(), exit::DONE);
    assert_eq!(
        (failure(&kept, 0), failure(&kept, 1)),
        (Some(ItemFailure::Unreachable), None)
    );
}

#[tokio::test]
async fn a_store_that_is_down_is_no_fault_of_the_items() {
    let fake = recordings().await;
    fake.add_file("a.wav", bytes("speechlike.wav"));
    for _ in 0..10_000 {
        fake.fault("file", Fault::Status(503));
    }
    let end = predict(&fake.impatient()).await;
    assert_eq!(end.exit_code(), exit::TRY_AGAIN, "{end:?}");
    assert!(fake.world().predictions.is_empty());
}

#[tokio::test]
async fn a_model_that_cannot_be_had_fails_the_run_with_its_reason() {
    for (status, reason, code) in [
        (404, RunReason::SourceNotFound, exit::GONE),
        (403, RunReason::SourceForbidden, exit::FORBIDDEN),
    ] {
        let fake = columns().await;
        fake.fault("model", Fault::Status(status));
        assert_eq!(predict(&fake.session()).await.exit_code(), code);
        assert_eq!(fake.world().completes[0].reason, Some(reason));
    }
    let fake = columns().await;
    fake.world().sha256 = Some("0".repeat(64));
    assert_eq!(predict(&fake.session()).await.exit_code(), exit::BAD_INPUT);
    assert_eq!(
        fake.world().completes[0].reason,
        Some(RunReason::SourceChanged)
    );
    let fake = columns().await;
    fake.world().model = bytes("scaler.onnx");
    fake.world().output = output(&["a", "b"]);
    assert_eq!(predict(&fake.session()).await.exit_code(), exit::BAD_INPUT);
    let complete = fake.world().completes[0].clone();
    assert_eq!(
        (complete.outcome, complete.reason),
        (RunOutcome::Failed, Some(RunReason::InvalidModel))
    );
    assert!(complete.message.unwrap().contains("Scaler"));
}

#[tokio::test]
async fn a_run_that_had_ended_is_left_alone() {
    let fake = columns().await;
    fake.world().completed = true;
    assert_eq!(predict(&fake.session()).await, End::AlreadyDone);
    assert_eq!((fake.calls("model"), fake.calls("items")), (0, 0));
}

#[tokio::test]
async fn a_pod_that_has_to_stop_tells_first_what_it_has_read() {
    let fake = recordings().await;
    for at in 0..4 {
        fake.add_file(&format!("{at}.wav"), bytes("speechlike.wav"));
    }
    let session = fake.session();
    let stop = async {
        // The second is read while the third is fetched.
        while fake.calls("file") < 3 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        session.stop.cancel();
    };
    let (end, ()) = tokio::join!(predict(&session), stop);
    assert!(matches!(end, End::Halted(Halt::Stopped, _)), "{end:?}");
    let told = fake.world().predictions.len();
    assert!((2..4).contains(&told), "{told}");
    assert_eq!(predict(&fake.session()).await.exit_code(), exit::DONE);
    let world = fake.world();
    assert_eq!((world.predictions.len(), world.again), (4, 0));
}
