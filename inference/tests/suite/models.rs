//! What is wrong with a model's file is said by the name of the operator or the tensor, with the remedy.

use datacrowd_inference::model::Model;
use datacrowd_protocol::model::{AudioFeatures, ModelInput, ModelOutput};

use crate::fixtures::{audio_input, bytes, columns_input, output};

fn refusal(file: &[u8], input: &ModelInput, output: &ModelOutput) -> String {
    match Model::load(file, input, output) {
        Ok(_) => "fine".to_owned(),
        Err(refused) => refused.to_string(),
    }
}

#[test]
fn a_file_that_cannot_be_used_is_refused_by_name() {
    let two = output(&["a", "b"]);
    for (file, words) in [
        (
            "scaler.onnx",
            &["Scaler", "scaling folded into the weights"][..],
        ),
        ("external.onnx", &["\"w\"", "save the model as one file"]),
        ("integers.onnx", &["\"x\" is int64", "float32"]),
        ("sixteen.onnx", &["[16, 5]", "[N, 5]", "input.columns"]),
        (
            "several.onnx",
            &["\"logits\"", "\"probabilities\"", "output.tensor"],
        ),
        ("zipmap.onnx", &["zipmap=False"]),
        ("broken.onnx", &["Export it anew"]),
    ] {
        let why = refusal(&bytes(file), &columns_input(), &two);
        for word in words {
            assert!(why.contains(word), "{file}: {why}");
        }
        assert!(why.len() < 600, "{file}: {why}");
    }
}

#[test]
fn a_part_of_a_file_and_something_else_are_no_models() {
    let whole = bytes("forest.onnx");
    let two = output(&["a", "b", "c"]);
    for file in [
        &whole[..whole.len() / 2],
        &whole[..20],
        b"",
        b"no model at all",
        &bytes("tones.wav"),
    ] {
        let why = refusal(file, &columns_input(), &two);
        assert!(why.contains("upload"), "{why}");
    }
    assert_eq!(refusal(&whole, &columns_input(), &two), "fine");
}

#[test]
fn shapes_and_labels_have_to_fit_the_spec() {
    let pooled = bytes("pooled.onnx");
    let mut shorter = audio_input(AudioFeatures::LogMel);
    shorter.audio.as_mut().unwrap().window_millis = 900;
    let mut fewer = columns_input();
    fewer.columns.pop();
    let named = |tensor: &str| ModelOutput {
        tensor: Some(tensor.to_owned()),
        ..output(&["a", "b"])
    };
    let two = output(&["a", "b"]);
    let wave = audio_input(AudioFeatures::Waveform);
    let mel = audio_input(AudioFeatures::LogMel);
    for (file, input, output, words) in [
        (
            &pooled,
            &shorter,
            &two,
            &[
                "[N, 20, 97]",
                "[N, 20, 87] or [N, 1, 20, 87] or [N, 1740]",
                "logMel",
            ][..],
        ),
        (
            &pooled,
            &wave,
            &two,
            &["[N, 8000] or [N, 1, 8000]", "sampleRateHz"],
        ),
        (&pooled, &columns_input(), &two, &["[N, 20, 97]", "[N, 5]"]),
        (
            &pooled,
            &mel,
            &output(&["a", "b", "c"]),
            &["\"probabilities\" has 2 numbers", "names 3"],
        ),
        (
            &bytes("five.onnx"),
            &fewer,
            &two,
            &["[N, 5]", "[N, 4]", "input.columns"],
        ),
        (
            &bytes("forest.onnx"),
            &columns_input(),
            &named("label"),
            &["\"label\" is int64", "zipmap=False"],
        ),
        (
            &bytes("logits.onnx"),
            &columns_input(),
            &output(&[]),
            &["\"logits\" has 2 numbers, and the question wants one"],
        ),
        (
            &bytes("linear.onnx"),
            &columns_input(),
            &two,
            &["\"variable\" has 1 numbers", "names 2"],
        ),
        (
            &bytes("forest.onnx"),
            &columns_input(),
            &named("nothing"),
            &["\"nothing\"", "\"label\" (int64)"],
        ),
    ] {
        let why = refusal(file, input, output);
        for word in words {
            assert!(why.contains(word), "{words:?}: {why}");
        }
    }
    assert_eq!(
        refusal(
            &bytes("several.onnx"),
            &columns_input(),
            &named("probabilities")
        ),
        "fine"
    );
}

#[test]
fn numbers_that_are_no_probabilities_come_out_as_they_are() {
    let (model, found) = Model::load(
        &bytes("logits.onnx"),
        &columns_input(),
        &output(&["a", "b"]),
    )
    .unwrap();
    let said = model.run(&[10.0, -10.0, 10.0, 3.0, 2.0]).unwrap();
    assert!((said.iter().sum::<f64>() - 1.0).abs() > 0.01, "{said:?}");
    assert_eq!(
        (
            found.inputs[0].name.as_str(),
            found.inputs[0].shape.as_str()
        ),
        ("x", "[N, 5]")
    );
    assert_eq!(
        (found.outputs[0].element.as_str(), found.outputs.len()),
        ("float32", 1)
    );
}
