//! What a model's file holds is told once it was read and run.

use datacrowd_inference::inspect;
use datacrowd_job::halt::{Counts, End};
use datacrowd_protocol::{
    exit,
    model::{AudioFeatures, Tensor},
    run::RunReason,
};
use sha2::{Digest as _, Sha256};

use crate::{
    fake::{Fake, Fault},
    fixtures::{audio_input, bytes, columns_input, output},
};

fn tensor(name: &str, element: &str, shape: &str) -> Tensor {
    Tensor {
        name: name.to_owned(),
        element: element.to_owned(),
        shape: shape.to_owned(),
    }
}

#[tokio::test]
async fn inputs_outputs_size_and_hash_are_told() {
    let fake = Fake::start("logistic.onnx", columns_input(), output(&["a", "b", "c"])).await;
    fake.fault("model", Fault::Status(500));
    fake.fault("found", Fault::TakeOver);
    assert_eq!(inspect(&fake.session()).await, End::Done(Counts::default()));
    let world = fake.world();
    let [found] = world.found.as_slice() else {
        panic!()
    };
    let file = bytes("logistic.onnx");
    assert_eq!(found.sha256, hex::encode(Sha256::digest(&file)));
    assert_eq!(found.size_bytes, i64::try_from(file.len()).unwrap());
    assert_eq!(found.inputs, [tensor("X", "float32", "[?, 5]")]);
    assert_eq!(
        found.outputs,
        [
            tensor("label", "int64", "[?]"),
            tensor("probabilities", "float32", "[?, 3]")
        ]
    );
    assert_eq!(world.completes.len(), 1);
}

#[tokio::test]
async fn a_model_that_cannot_be_used_fails_its_run_for_good() {
    let input = audio_input(AudioFeatures::LogMel);
    let fake = Fake::start("external.onnx", input, output(&["a", "b"])).await;
    assert_eq!(inspect(&fake.session()).await.exit_code(), exit::BAD_INPUT);
    let world = fake.world();
    assert!(world.found.is_empty());
    assert_eq!(world.completes[0].reason, Some(RunReason::InvalidModel));
    assert!(
        world.completes[0]
            .message
            .as_ref()
            .unwrap()
            .contains("\"w\"")
    );
}
