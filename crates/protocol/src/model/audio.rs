//! What a model reads of a recording.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::AudioFeatures;

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

impl AudioInput {
    pub(super) fn violations(&self, say: &mut impl FnMut(&str, &str)) {
        if self.hop_millis > self.window_millis {
            let why = "is longer than windowMillis, so that sound between windows would be lost; make it shorter";
            say(".audio.hopMillis", why);
        }
        match (self.features, &self.log_mel) {
            (AudioFeatures::LogMel, None) => {
                say(".audio.logMel", "says how bands are made; set it");
            }
            (AudioFeatures::Waveform, Some(_)) => {
                say(".audio.logMel", "belongs to LogMel; remove it");
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
