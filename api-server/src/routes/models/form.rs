//! What a model reads and answers, as REST spells it.

use datacrowd_protocol::{
    Upper,
    model::{
        AudioFeatures, AudioInput, LogMel, ModelInput, ModelInputKind, ModelOutput, WindowsMerge,
    },
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a model reads of an item.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InputBody {
    /// AUDIO or COLUMNS.
    #[schema(value_type = String, example = "AUDIO")]
    kind: Upper<ModelInputKind>,
    /// Of AUDIO: the column that names the recording; `file` in a dataset of files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "file")]
    column: Option<String>,
    /// Of AUDIO: how a recording becomes the model's input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    audio: Option<AudioBody>,
    /// Of COLUMNS: the columns whose numbers the model gets, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    columns: Vec<String>,
}

/// How a recording becomes a model's input: mixed to one channel, brought to one rate, cut into windows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AudioBody {
    /// Samples per second, 4,000 to 48,000.
    #[schema(example = 8000)]
    sample_rate_hz: i32,
    /// Length of a window in milliseconds, 100 to 60,000.
    #[schema(example = 2000)]
    window_millis: i32,
    /// From one window's begin to the next, in milliseconds.
    #[schema(example = 1000)]
    hop_millis: i32,
    /// WAVEFORM or LOG_MEL.
    #[schema(value_type = String, example = "LOG_MEL")]
    features: Upper<AudioFeatures>,
    /// Of LOG_MEL: how.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log_mel: Option<LogMel>,
}

/// What a model answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OutputBody {
    /// The question that it answers: of a single choice, of true or false, or of a number.
    #[schema(example = "voice")]
    field: String,
    /// The output of the file that holds the probabilities, or the number; the only one of floating point when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "probabilities")]
    tensor: Option<String>,
    /// What each probability is of, in the order of the file; absent where the question wants a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["human", "synthetic"]))]
    labels: Vec<String>,
    /// Of AUDIO: how the windows of a recording become one answer: MEAN when absent, or MAX.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "MEAN")]
    windows: Option<Upper<WindowsMerge>>,
}

impl From<InputBody> for ModelInput {
    fn from(body: InputBody) -> Self {
        Self {
            kind: body.kind.0,
            column: body.column,
            audio: body.audio.map(|audio| AudioInput {
                sample_rate_hz: audio.sample_rate_hz,
                window_millis: audio.window_millis,
                hop_millis: audio.hop_millis,
                features: audio.features.0,
                log_mel: audio.log_mel,
            }),
            columns: body.columns,
        }
    }
}

impl From<ModelInput> for InputBody {
    fn from(input: ModelInput) -> Self {
        Self {
            kind: Upper(input.kind),
            column: input.column,
            audio: input.audio.map(|audio| AudioBody {
                sample_rate_hz: audio.sample_rate_hz,
                window_millis: audio.window_millis,
                hop_millis: audio.hop_millis,
                features: Upper(audio.features),
                log_mel: audio.log_mel,
            }),
            columns: input.columns,
        }
    }
}

impl From<OutputBody> for ModelOutput {
    fn from(body: OutputBody) -> Self {
        Self {
            field: body.field,
            tensor: body.tensor,
            labels: body.labels,
            windows: body.windows.map(|windows| windows.0),
        }
    }
}

impl From<ModelOutput> for OutputBody {
    fn from(output: ModelOutput) -> Self {
        Self {
            field: output.field,
            tensor: output.tensor,
            labels: output.labels,
            windows: output.windows.map(Upper),
        }
    }
}
