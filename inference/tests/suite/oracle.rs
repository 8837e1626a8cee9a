//! Features, probabilities and numbers beside NumPy's and onnxruntime's.

use std::fs::File;

use datacrowd_inference::{
    audio::{self, LogMelMaker},
    frame::{Answer, Ask, Load},
    worker::Worker,
};
use datacrowd_protocol::model::{AudioFeatures, ModelInput, ModelOutput, WindowsMerge};

use crate::fixtures::{self, audio_input, columns_input, json, limits, numbers, output, path};

const TOLERANCE: f64 = 1e-4;

#[track_caller]
fn same(what: &str, found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs();
        assert!(off <= TOLERANCE, "{what}[{at}]: {found} is not {expected}");
    }
}

async fn worker(model: &str, input: ModelInput, output: ModelOutput) -> Worker {
    let load = Load {
        file: path(&format!("{model}.onnx")),
        input,
        output,
    };
    Worker::start(limits(), load, 100_000).await.unwrap().0
}

async fn answer(worker: &mut Worker, ask: &Ask) -> Answer {
    worker.ask(ask).await.unwrap().result.unwrap()
}

#[test]
fn windows_and_features_are_those_that_training_makes() {
    let expected = json("audio.json");
    let input = fixtures::audio(AudioFeatures::LogMel);
    let mel = input.log_mel.unwrap();
    let mut maker = LogMelMaker::new(&mel, input.sample_rate_hz, input.window());
    let (mut begins, mut features) = (Vec::new(), Vec::new());
    let file = File::open(path("speechlike.wav")).unwrap();
    audio::read(file, "a.wav", &input, |begin, samples| {
        let mut of_window = Vec::new();
        maker.make(samples, &mut of_window);
        begins.push(begin);
        features.push(of_window);
        Ok(())
    })
    .unwrap();
    assert_eq!(serde_json::to_value(&begins).unwrap(), expected["begins"]);
    for (at, of_window) in features.iter().enumerate() {
        let found: Vec<f64> = of_window.iter().copied().map(f64::from).collect();
        same(
            &format!("window {at}"),
            &found,
            &numbers(&expected["features"][at]),
        );
    }
}

#[tokio::test]
async fn recordings_get_what_onnxruntime_says() {
    let expected = json("audio.json");
    for (model, features) in [
        ("pooled", AudioFeatures::LogMel),
        ("image", AudioFeatures::LogMel),
        ("flat", AudioFeatures::LogMel),
        ("waveform", AudioFeatures::Waveform),
        ("loudness", AudioFeatures::Waveform),
    ] {
        let labels: &[&str] = match model {
            "loudness" => &[],
            _ => &["false", "true"],
        };
        for (merge, merged) in [(WindowsMerge::Mean, "mean"), (WindowsMerge::Max, "max")] {
            let output = ModelOutput {
                windows: Some(merge),
                ..output(labels)
            };
            let mut worker = worker(model, audio_input(features), output).await;
            let ask = Ask::Audio {
                file: path("speechlike.wav"),
                name: "speechlike.wav".to_owned(),
                windows: 240,
            };
            let answer = answer(&mut worker, &ask).await;
            let expected = &expected["answers"][model];
            same(model, &answer.said, &numbers(&expected[merged]));
            assert_eq!(answer.windows.len(), 4);
            let last = answer.windows.last().unwrap();
            assert_eq!((last.begin_millis, last.end_millis), (1300, 2300));
            for (at, window) in answer.windows.iter().enumerate() {
                same(model, &window.said, &numbers(&expected["windows"][at]));
            }
        }
    }
}

#[tokio::test]
async fn columns_get_what_onnxruntime_says() {
    let expected = json("columns.json");
    let rows = expected["rows"].as_array().unwrap();
    let labels: &[&str] = &["a", "b", "c"];
    for (model, labels) in [
        ("logistic", labels),
        ("mlp", labels),
        ("forest", labels),
        ("linear", &[]),
        ("regressor", &[]),
    ] {
        let answers = expected["answers"][model].as_array().unwrap();
        let mut worker = worker(model, columns_input(), output(labels)).await;
        assert_eq!((rows.len(), answers.len()), (25, 25));
        for (row, expected) in rows.iter().zip(answers) {
            let answer = answer(&mut worker, &Ask::Columns(numbers(row))).await;
            same(model, &answer.said, &numbers(expected));
        }
    }
}
