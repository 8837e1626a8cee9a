//! `try`: files of this machine, without a platform.

use std::{fs, path::PathBuf, process::Command};

use datacrowd_protocol::exit;
use serde_json::Value;

use crate::fixtures::path;

const SPEC: &str = "
apiVersion: datacrowd.io/v1alpha1
kind: Model
metadata: {name: voices}
spec:
  projectRef: {name: calls}
  source: {uri: s3://bucket/tenant/model.onnx}
  input:
    kind: Audio
    column: file
    audio:
      sampleRateHz: 8000
      windowMillis: 1000
      hopMillis: 500
      features: LogMel
      logMel: {nFft: 256, hop: 80, nMels: 20, fMin: 100, fMax: 4000}
  output: {field: synthetic, labels: ['false', 'true']}
";

fn attempt(spec: &str, model: &str, files: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let folder = tempfile::tempdir().unwrap();
    let manifest = folder.path().join("model.yaml");
    fs::write(&manifest, spec).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_datacrowd-inference"))
        .args(["try", "--model"])
        .arg(path(model))
        .arg("--spec")
        .arg(manifest)
        .args(files.iter().map(|file| path(file)))
        .output()
        .unwrap();
    let lines = String::from_utf8(output.stdout).unwrap();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    let errors = String::from_utf8(output.stderr).unwrap();
    (output.status.code(), lines.collect(), errors)
}

#[test]
fn each_file_is_a_line_with_its_probabilities_and_windows() {
    let (code, lines, errors) = attempt(
        SPEC,
        "pooled.onnx",
        &["speechlike.wav", "tones.opus", "tones.mp3"],
    );
    assert_eq!(
        (code, errors.as_str()),
        (Some(exit::BAD_INPUT), ""),
        "one of them cannot be read"
    );
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["label"], true);
    assert!((lines[0]["probabilities"]["false"].as_f64().unwrap() - 0.167_606_3).abs() < 1e-4);
    assert_eq!(lines[0]["windows"][3]["beginMillis"], 1300);
    assert_eq!(lines[0]["windows"][3]["endMillis"], 2300);
    assert!(lines[0]["millis"].as_f64().unwrap() > 0.0);
    assert_eq!(lines[1]["failure"]["reason"], "UnsupportedCodec");
    assert!(lines[2]["failure"].is_null());
    let spec = SPEC.split_once("spec:\n").unwrap().1.replace("\n  ", "\n");
    let (code, alone, errors) = attempt(spec.trim_start(), "pooled.onnx", &["speechlike.wav"]);
    assert_eq!((code, errors.as_str()), (Some(exit::DONE), ""));
    assert_eq!(alone[0]["probabilities"], lines[0]["probabilities"]);
}

#[test]
fn a_model_of_numbers_says_one_of_the_recording_and_of_each_window() {
    let spec = SPEC
        .replace("labels: ['false', 'true']", "windows: Max")
        .replace("LogMel\n", "Waveform\n")
        .replace(
            "      logMel: {nFft: 256, hop: 80, nMels: 20, fMin: 100, fMax: 4000}\n",
            "",
        );
    let (code, lines, errors) = attempt(&spec, "loudness.onnx", &["speechlike.wav"]);
    assert_eq!((code, errors.as_str()), (Some(exit::DONE), ""), "{spec}");
    assert!((lines[0]["label"].as_f64().unwrap() - 9.371_755_6).abs() < 1e-4);
    assert!(lines[0]["probability"].is_null() && lines[0]["probabilities"].is_null());
    let third = lines[0]["windows"][2]["value"].as_f64().unwrap();
    assert!((third - 6.010_278_7).abs() < 1e-4, "{lines:?}");
}

#[test]
fn a_spec_or_a_model_that_cannot_be_used_says_what_to_do() {
    for (spec, model, word) in [
        ("input: {}", "pooled.onnx", "Give it input and output"),
        (
            &SPEC.replace("hopMillis: 500", "hopMillis: 5000"),
            "pooled.onnx",
            "make it shorter",
        ),
        (SPEC, "external.onnx", "save the model as one file"),
        (SPEC, "nothing.onnx", "Cannot read"),
    ] {
        let (code, lines, errors) = attempt(spec, model, &["speechlike.wav"]);
        assert_eq!(code, Some(exit::BAD_INPUT), "{errors}");
        assert!(lines.is_empty() && errors.contains(word), "{errors}");
    }
}

#[test]
fn the_model_of_the_example_answers_by_its_own_spec() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/audio-authenticity");
    let spec = fs::read_to_string(folder.join("model.yaml")).unwrap();
    let model = folder.join("model.onnx");
    let (code, lines, errors) = attempt(&spec, model.to_str().unwrap(), &["speechlike.wav"]);
    assert_eq!((code, errors.as_str()), (Some(exit::DONE), ""));
    let sum =
        ["human", "synthetic"].map(|label| lines[0]["probabilities"][label].as_f64().unwrap());
    assert!((sum.iter().sum::<f64>() - 1.0).abs() < 1e-6, "{lines:?}");
}
