//! Files of the oracle, and what reads them.

use std::{fs, path::PathBuf, time::Duration};

use datacrowd_inference::worker::Limits;
use datacrowd_protocol::model::{
    AudioFeatures, AudioInput, LogMel, ModelInput, ModelInputKind, ModelOutput,
};
use serde_json::Value;

pub fn path(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/fixtures");
    folder.join(name)
}

pub fn bytes(name: &str) -> Vec<u8> {
    fs::read(path(name)).unwrap()
}

pub fn json(name: &str) -> Value {
    serde_json::from_slice(&bytes(name)).unwrap()
}

pub fn numbers(value: &Value) -> Vec<f64> {
    let numbers = value.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

/// The binary, with time and memory enough.
pub fn limits() -> Limits {
    Limits {
        program: env!("CARGO_BIN_EXE_datacrowd-inference").into(),
        memory: 512 << 20,
        item: Duration::from_mins(1),
    }
}

/// Windows of a second, as the oracle cuts them.
pub fn audio(features: AudioFeatures) -> AudioInput {
    AudioInput {
        sample_rate_hz: 8000,
        window_millis: 1000,
        hop_millis: 500,
        features,
        log_mel: (features == AudioFeatures::LogMel).then_some(LogMel {
            n_fft: 256,
            hop: 80,
            n_mels: 20,
            f_min: 100,
            f_max: 4000,
        }),
    }
}

pub fn audio_input(features: AudioFeatures) -> ModelInput {
    ModelInput {
        kind: ModelInputKind::Audio,
        column: Some("file".to_owned()),
        audio: Some(audio(features)),
        columns: Vec::new(),
    }
}

/// Five columns.
pub fn columns_input() -> ModelInput {
    ModelInput {
        kind: ModelInputKind::Columns,
        column: None,
        audio: None,
        columns: ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec(),
    }
}

pub fn output(labels: &[&str]) -> ModelOutput {
    ModelOutput {
        field: "verdict".to_owned(),
        tensor: None,
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        windows: None,
    }
}
