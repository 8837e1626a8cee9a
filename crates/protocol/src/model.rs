//! Trained models: what one reads, what it answers, and how its runs speak with the platform. No I/O.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    ids::{ModelId, PredictionId, TaskId},
    labeling::{FieldType, Labeling},
    raw::RawJson,
    wire_enum,
};

/// Most items of one page, and most predictions of one report.
pub const MOST_ITEMS: usize = 100;
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
    /// How the answers to the windows of a recording become one.
    pub enum WindowsMerge {
        /// The mean of each label's probability.
        Mean = "MEAN" / "mean",
        /// The probabilities of the window that is surest of its label.
        Max = "MAX" / "max",
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
        /// The model gave no probabilities for it.
        NoAnswer = "NO_ANSWER" / "no_answer",
    }
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

/// How a recording becomes a model's input: mixed to one channel, brought to one rate, cut into windows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AudioInput {
    /// Samples per second.
    #[schemars(range(min = 4_000, max = 48_000))]
    pub sample_rate_hz: i32,
    /// Length of a window in milliseconds. A shorter recording is followed by silence.
    #[schemars(range(min = 100, max = 60_000))]
    pub window_millis: i32,
    /// From one window's begin to the next, in milliseconds.
    #[schemars(range(min = 50, max = 60_000))]
    pub hop_millis: i32,
    /// What the model gets of each.
    pub features: AudioFeatures,
    /// Of LogMel: how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_mel: Option<LogMel>,
}

/// A spectrogram in mel bands: frames of `nFft` samples under a periodic Hann window, none of them beyond the window's
/// ends; squared magnitudes; triangular bands of equal height, evenly spaced on the mel scale
/// `2595 · log10(1 + f / 700)`; the natural logarithm of each, of at least 1e-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogMel {
    /// Samples of a frame.
    #[schemars(range(min = 64, max = 8_192))]
    #[schema(example = 256)]
    pub n_fft: i32,
    /// Samples from one frame's begin to the next.
    #[schemars(range(min = 16, max = 8_192))]
    #[schema(example = 80)]
    pub hop: i32,
    /// How many bands.
    #[schemars(range(min = 4, max = 256))]
    #[schema(example = 40)]
    pub n_mels: i32,
    /// Where the lowest band begins, in hertz.
    #[schemars(range(min = 0, max = 24_000))]
    #[schema(example = 100)]
    pub f_min: i32,
    /// Where the highest band ends, in hertz; at most half of sampleRateHz.
    #[schemars(range(min = 1, max = 24_000))]
    #[schema(example = 4000)]
    pub f_max: i32,
}

/// What a model answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOutput {
    /// The question of the project that it answers: of a single choice, or of true or false.
    #[schemars(length(min = 1, max = 63))]
    pub field: String,
    /// The output of the file that holds the probabilities; the only one of numbers when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub tensor: Option<String>,
    /// What each probability is of, in the order of the file: options of the question, or `true` and `false`.
    #[schemars(length(min = 2, max = 200), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub labels: Vec<String>,
    /// Of Audio: how the windows of a recording become one answer; Mean when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsMerge>,
}

impl AudioInput {
    /// Samples of a window.
    #[must_use]
    pub fn window(&self) -> usize {
        samples(self.window_millis, self.sample_rate_hz)
    }

    /// Samples from one window's begin to the next.
    #[must_use]
    pub fn hop(&self) -> usize {
        samples(self.hop_millis, self.sample_rate_hz)
    }
}

fn samples(millis: i32, rate: i32) -> usize {
    usize::try_from(i64::from(millis) * i64::from(rate) / 1000).unwrap_or(0)
}

impl LogMel {
    /// Frames of a window of so many samples.
    #[must_use]
    pub fn frames(&self, window: usize) -> usize {
        let (n_fft, hop) = (self.n_fft.unsigned_abs(), self.hop.unsigned_abs().max(1));
        window
            .checked_sub(n_fft as usize)
            .map_or(0, |rest| rest / hop as usize + 1)
    }
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

impl AudioInput {
    fn violations(&self, say: &mut impl FnMut(&str, &str)) {
        if self.hop_millis > self.window_millis {
            let why = "is longer than windowMillis, so that sound between windows would be lost; make it shorter";
            say(".audio.hopMillis", why);
        }
        match (self.features, &self.log_mel) {
            (AudioFeatures::LogMel, None) => {
                say(".audio.logMel", "says how bands are made; set it")
            }
            (AudioFeatures::Waveform, Some(_)) => {
                say(".audio.logMel", "belongs to LogMel; remove it")
            }
            (AudioFeatures::LogMel, Some(mel)) => {
                if mel.f_min >= mel.f_max {
                    say(".audio.logMel.fMin", "is not below fMax; make it smaller");
                }
                if mel.f_max > self.sample_rate_hz / 2 {
                    let why =
                        "is above half of sampleRateHz, where there is no sound; make it smaller";
                    say(".audio.logMel.fMax", why);
                }
                if mel.frames(self.window()) == 0 {
                    let why = "is longer than a window; make it smaller, or windowMillis larger";
                    say(".audio.logMel.nFft", why);
                }
            }
            (AudioFeatures::Waveform, None) => {}
        }
    }
}

impl ModelOutput {
    /// Effective merge of windows.
    #[must_use]
    pub fn windows(&self) -> WindowsMerge {
        self.windows.unwrap_or(WindowsMerge::Mean)
    }

    /// What of it does not fit the project's questions, as path and the rest of a sentence.
    #[must_use]
    pub fn violations(&self, labeling: &Labeling) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut say = |path: &str, why: String| found.push((format!("output{path}"), why));
        let mut known: Vec<&String> = self.labels.iter().collect();
        known.sort_unstable();
        if known.windows(2).any(|pair| pair[0] == pair[1]) {
            say(".labels", "names a label twice; name each once".into());
        }
        let field = labeling.fields.iter().find(|f| f.name == self.field);
        let Some(field) = field else {
            let why = format!(
                "names no question of the project; \"{}\" is not one of its fields",
                self.field
            );
            say(".field", why);
            return found;
        };
        match field.kind {
            FieldType::Boolean => {
                if known != ["false", "true"] {
                    let why =
                        "are \"true\" and \"false\" for this question, in the order of the file";
                    say(".labels", why.into());
                }
            }
            FieldType::SingleChoice => {
                let strange = self.labels.iter().find(|l| !field.options.contains(l));
                if let Some(label) = strange {
                    let why = format!(
                        "names \"{label}\", which is no option of the question; use the options' own names"
                    );
                    say(".labels", why);
                }
            }
            _ => say(
                ".field",
                "is a question of another type; a model answers a single choice, or true or false"
                    .into(),
            ),
        }
        found
    }

    /// A label as a person would give it in this question.
    #[must_use]
    pub fn answer(&self, label: &str) -> serde_json::Value {
        let mut known: Vec<&String> = self.labels.iter().collect();
        known.sort_unstable();
        match known == ["false", "true"] {
            true => serde_json::Value::Bool(label == "true"),
            false => label.into(),
        }
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

/// A model, for whoever runs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOpened {
    /// The model.
    pub model_id: ModelId,
    /// `s3://bucket/key` of its file, for messages.
    pub uri: String,
    /// Presigned GET of its file.
    pub url: String,
    /// SHA-256 of its file in hexadecimal: what its spec pins, else what was found when it was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// What it reads.
    pub input: ModelInput,
    /// What it answers.
    pub output: ModelOutput,
}

/// What a run that looks at a model needs. `completed` true means: nothing to do, exit 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InspectOpened {
    /// Fences this opener's calls.
    pub epoch: i64,
    /// True when the run has ended.
    #[serde(default)]
    pub completed: bool,
    /// The model. Its name in JSON tells this answer from the one that a predicting run gets.
    #[serde(rename = "inspectedModel")]
    pub model: ModelOpened,
}

/// `POST /internal/runs/{id}/model`: what a model's file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ModelFound {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// SHA-256 of the file in hexadecimal.
    pub sha256: String,
    /// Size of the file in bytes.
    #[serde(deserialize_with = "crate::range::count")]
    pub size_bytes: i64,
    /// Its inputs.
    pub inputs: Vec<Tensor>,
    /// Its outputs.
    pub outputs: Vec<Tensor>,
}

/// What a predicting run needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictOpened {
    /// Fences this opener's calls.
    pub epoch: i64,
    /// True when the run has ended.
    #[serde(default)]
    pub completed: bool,
    /// What it writes to.
    pub prediction_id: PredictionId,
    /// The model.
    pub model: ModelOpened,
    /// Where to go on: the last item that was told of.
    pub after: i64,
    /// Items with a prediction so far.
    pub predicted: i64,
    /// Items without one so far.
    pub failed: i64,
}

/// `POST /internal/runs/{id}/items`: the next items of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemsRequest {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// `rowNo` of the last item of the page before; the `after` of `open` for the first.
    #[serde(deserialize_with = "crate::range::count")]
    pub after: i64,
}

/// An item to predict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictItem {
    /// Its task.
    pub task_id: TaskId,
    /// Its record number in the source.
    pub row_no: i64,
    /// Of Audio: where its file is; absent with a `failure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// ETag that the file must have, as `If-Match`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Of Audio: the file's name, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of Columns: the cells that the model reads; a column that the item lacks is not there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub cells: BTreeMap<String, serde_json::Value>,
    /// Why there is nothing to predict: the platform knows already. It is told back as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ItemFailed>,
}

/// Why an item has no prediction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ItemFailed {
    /// Which kind of reason.
    pub reason: ItemFailure,
    /// A sentence for the client, with the remedy; at most 200 characters are kept.
    pub message: String,
}

/// A page of items in the order of their record numbers. An empty one is the end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ItemsPage {
    /// At most [`MOST_ITEMS`].
    pub items: Vec<PredictItem>,
}

/// `POST /internal/runs/{id}/predictions`: what came of items. Repeating it is harmless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PredictionsReport {
    /// The epoch that `open` returned.
    #[serde(deserialize_with = "crate::range::count")]
    pub epoch: i64,
    /// One for each item of a page, in its order.
    pub items: Vec<Predicted>,
}

/// What came of one item: a label with its probability, or a failure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Predicted {
    /// Its task.
    pub task_id: TaskId,
    /// Its record number in the source.
    #[serde(deserialize_with = "crate::range::ordinal")]
    pub row_no: i64,
    /// The label with the highest probability, as a person would give it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = serde_json::Value)]
    pub label: Option<RawJson>,
    /// Its probability, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Each label's probability.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probabilities: BTreeMap<String, f64>,
    /// Time from its bytes to its probabilities, in microseconds.
    #[serde(deserialize_with = "crate::range::count")]
    pub micros: i64,
    /// Why it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<ItemFailed>,
}

/// How far a prediction is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PredictionsTaken {
    /// Items with a prediction.
    pub predicted: i64,
    /// Items without one.
    pub failed: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn audio() -> ModelInput {
        ModelInput {
            kind: ModelInputKind::Audio,
            column: Some("file".into()),
            audio: Some(AudioInput {
                sample_rate_hz: 8_000,
                window_millis: 2_000,
                hop_millis: 1_000,
                features: AudioFeatures::LogMel,
                log_mel: Some(LogMel {
                    n_fft: 256,
                    hop: 80,
                    n_mels: 40,
                    f_min: 100,
                    f_max: 4_000,
                }),
            }),
            columns: Vec::new(),
        }
    }

    fn mel(change: impl Fn(&mut AudioInput, &mut LogMel)) -> ModelInput {
        let mut input = audio();
        let mut sound = input.audio.unwrap();
        let mut mel = sound.log_mel.unwrap();
        change(&mut sound, &mut mel);
        sound.log_mel = Some(mel);
        input.audio = Some(sound);
        input
    }

    #[test]
    fn what_does_not_fit_together_is_named_by_its_path() {
        let columns = ModelInput {
            kind: ModelInputKind::Columns,
            column: None,
            audio: None,
            columns: vec!["a".into(), "b".into()],
        };
        let twice = ModelInput {
            columns: vec!["a".into(), "a".into()],
            ..columns.clone()
        };
        let mixed = ModelInput {
            kind: ModelInputKind::Columns,
            ..audio()
        };
        let table: [(ModelInput, &[&str]); 8] = [
            (audio(), &[]),
            (columns, &[]),
            (twice, &["input.columns"]),
            (mixed, &["input.column", "input.columns", "input.audio"]),
            (
                mel(|sound, _| sound.hop_millis = 3_000),
                &["input.audio.hopMillis"],
            ),
            (
                mel(|_, mel| mel.f_max = 5_000),
                &["input.audio.logMel.fMax"],
            ),
            (
                mel(|_, mel| mel.f_min = 4_000),
                &["input.audio.logMel.fMin"],
            ),
            (
                mel(|sound, mel| (sound.window_millis, mel.n_fft) = (1_000, 8_192)),
                &["input.audio.logMel.nFft"],
            ),
        ];
        for (input, paths) in table {
            let found = input.violations();
            let found: Vec<_> = found.iter().map(|(path, _)| path.as_str()).collect();
            assert_eq!(found, paths, "{input:?}");
        }
    }

    #[test]
    fn frames_of_a_window_lie_within_it() {
        let mel = audio().audio.unwrap().log_mel.unwrap();
        assert_eq!(mel.frames(256), 1);
        assert_eq!(mel.frames(255), 0);
        assert_eq!(mel.frames(16_000), (16_000 - 256) / 80 + 1);
    }
}
