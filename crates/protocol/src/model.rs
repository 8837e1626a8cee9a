//! Trained models: what one reads, what it answers, and how its runs speak with the platform. No I/O.

mod audio;
mod output;
mod queue;
mod run;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::audio::{AudioInput, LogMel};
pub use self::output::{ModelOutput, WindowsMerge};
pub use self::queue::{
    LEASE_SECONDS, LONGEST_WAIT_SECONDS, QueueLeased, QueueReport, QueueReturn, QueueTake,
};
pub use self::run::{
    InspectOpened, ItemFailed, ItemsPage, ItemsRequest, ModelFound, ModelOpened, PredictItem,
    PredictOpened, Predicted, PredictedWindow, PredictionsReport, PredictionsTaken,
};
use crate::wire_enum;

/// Most items of one page, and most predictions of one report.
pub const MOST_ITEMS: usize = 100;
/// Most windows of one item that are kept.
pub const MOST_WINDOWS: usize = 240;
/// Most predictors of one model that are kept loaded.
pub const MOST_REPLICAS: i32 = 50;
/// What a probability must be from which on a model answers.
pub const THRESHOLD: &str = "must be above 0 and at most 1";
/// Most bytes of a model's file.
pub const MOST_MODEL_BYTES: i64 = 256 * 1024 * 1024;

wire_enum! {
    /// What a model reads of an item.
    pub enum ModelInputKind {
        /// A recording, cut into windows.
        Audio = "AUDIO" / "audio",
        /// Columns of numbers.
        Columns = "COLUMNS" / "columns",
    }
}

wire_enum! {
    /// What a model gets of a window of sound.
    pub enum AudioFeatures {
        /// The samples, between -1 and 1.
        Waveform = "WAVEFORM" / "waveform",
        /// The logarithm of the energy in mel bands.
        LogMel = "LOG_MEL" / "log_mel",
    }
}

wire_enum! {
    /// Life of a model.
    pub enum ModelState {
        /// Known, not looked at.
        Pending = "PENDING" / "pending",
        /// A Job reads its file.
        Checking = "CHECKING" / "checking",
        /// It may be applied.
        Ready = "READY" / "ready",
        /// Its file cannot be used.
        Failed = "FAILED" / "failed",
    }
}

wire_enum! {
    /// Life of a prediction.
    pub enum PredictionState {
        /// Waits for its model, its dataset or its Job.
        Pending = "PENDING" / "pending",
        /// A run exists.
        Running = "RUNNING" / "running",
        /// Every item has its prediction, or a reason why it has none.
        Ready = "READY" / "ready",
        /// The last run failed.
        Failed = "FAILED" / "failed",
    }
}

wire_enum! {
    /// Why an item has no prediction.
    pub enum ItemFailure {
        /// Its file is not there.
        NotFound = "NOT_FOUND" / "not_found",
        /// Its file is no longer the one that the task was made of.
        Changed = "CHANGED" / "changed",
        /// Its file may not be read.
        Unreachable = "UNREACHABLE" / "unreachable",
        /// Its file is not what its name or its header says.
        Undecodable = "UNDECODABLE" / "undecodable",
        /// Nothing here reads how its sound is packed.
        UnsupportedCodec = "UNSUPPORTED_CODEC" / "unsupported_codec",
        /// There is no sound in it.
        Empty = "EMPTY" / "empty",
        /// It has more sound than a model is given.
        TooLong = "TOO_LONG" / "too_long",
        /// A column that the model reads is not there.
        MissingColumn = "MISSING_COLUMN" / "missing_column",
        /// A column that the model reads holds no number.
        NotANumber = "NOT_A_NUMBER" / "not_a_number",
        /// It took too long.
        TimedOut = "TIMED_OUT" / "timed_out",
        /// Reading it needed more memory than an item may take, or ended the process that read it.
        Crashed = "CRASHED" / "crashed",
        /// The model gave no probabilities for it, or no number.
        NoAnswer = "NO_ANSWER" / "no_answer",
    }
}

/// Whether a model may answer from this probability on.
#[must_use]
pub fn is_threshold(probability: f64) -> bool {
    probability > 0.0 && probability <= 1.0
}

/// What a model reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelInput {
    /// Audio or Columns.
    pub kind: ModelInputKind,
    /// Of Audio: the column that names the recording; `file` in a Dataset of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub column: Option<String>,
    /// Of Audio: how a recording becomes the model's input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioInput>,
    /// Of Columns: the columns whose numbers the model gets, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 500), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub columns: Vec<String>,
}

impl ModelInput {
    /// What of it does not fit together, as path and the rest of a sentence.
    #[must_use]
    pub fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut say = |path: &str, why: &str| found.push((format!("input{path}"), why.to_owned()));
        let is_audio = self.kind == ModelInputKind::Audio;
        match (is_audio, &self.column) {
            (true, None) => say(".column", "names the column with the recording; set it"),
            (false, Some(_)) => say(".column", "belongs to Audio; remove it"),
            _ => {}
        }
        match (is_audio, self.columns.is_empty()) {
            (false, true) => say(".columns", "names the columns with the numbers; set it"),
            (true, false) => say(".columns", "belongs to Columns; remove it"),
            _ => {}
        }
        let mut known: Vec<&String> = self.columns.iter().collect();
        known.sort_unstable();
        if known.windows(2).any(|pair| pair[0] == pair[1]) {
            say(".columns", "names a column twice; name each once");
        }
        match (is_audio, &self.audio) {
            (true, None) => say(".audio", "says how a recording is read; set it"),
            (false, Some(_)) => say(".audio", "belongs to Audio; remove it"),
            (true, Some(audio)) => audio.violations(&mut say),
            (false, None) => {}
        }
        found
    }
}

/// An input or output of a model's file, as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tensor {
    /// Its name.
    #[schemars(length(max = 256))]
    pub name: String,
    /// Its element type, such as `float32`.
    #[schemars(length(max = 32))]
    pub element: String,
    /// Its shape, such as `[N, 40, 97]`.
    #[schemars(length(max = 128))]
    pub shape: String,
}

/// How far the numbers of a model are from what they ought to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberError {
    /// Items that were compared.
    #[schemars(range(min = 1))]
    #[schema(example = 200)]
    pub items: i64,
    /// Mean of the distances.
    #[schemars(range(min = 0))]
    #[schema(example = 1.82)]
    pub mean_absolute: f64,
    /// Lower end of the normal 95 % interval of it; absent of one item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1.64)]
    pub low: Option<f64>,
    /// Upper end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 2.0)]
    pub high: Option<f64>,
    /// Mean of what the model says too much; negative where it says too little.
    #[schema(example = -0.31)]
    pub bias: f64,
}

/// How often a model says of gold what is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOnGold {
    /// Items of gold that it predicted.
    #[schemars(range(min = 1))]
    #[schema(example = 200)]
    pub items: i64,
    /// Those that it has right.
    #[schemars(range(min = 0))]
    #[schema(example = 188)]
    pub correct: i64,
    /// Their share, from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    #[schema(example = 0.94)]
    pub accuracy: f64,
    /// Lower end of Wilson's 95 % interval of it.
    #[schemars(range(min = 0, max = 1))]
    #[schema(example = 0.898)]
    pub low: f64,
    /// Upper end.
    #[schemars(range(min = 0, max = 1))]
    #[schema(example = 0.965)]
    pub high: f64,
}

#[cfg(test)]
mod tests;
