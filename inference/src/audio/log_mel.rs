//! A window as a spectrogram in mel bands, exactly as [`LogMel`] says.
//!
//! It computes in 64 bits, as NumPy does where models are trained: where a band is nearly silent beside loud ones, 32 bits
//! would be noise in the logarithm.

use std::{f64::consts::TAU, sync::Arc};

use datacrowd_protocol::model::LogMel;
use rustfft::{Fft, FftPlanner, num_complex::Complex};

/// The least energy of a band.
const FLOOR: f64 = 1e-10;

/// Makes spectrograms of windows of one length.
pub struct LogMelMaker {
    n_fft: usize,
    hop: usize,
    frames: usize,
    hann: Vec<f64>,
    bands: Vec<Band>,
    fft: Arc<dyn Fft<f64>>,
    frame: Vec<Complex<f64>>,
    scratch: Vec<Complex<f64>>,
    power: Vec<f64>,
}

/// A triangle: the weights of the frequencies from `first` on.
struct Band {
    first: usize,
    weights: Vec<f64>,
}

impl LogMelMaker {
    /// For windows of so many samples.
    #[must_use]
    pub fn new(mel: &LogMel, rate: i32, window: usize) -> Self {
        let n_fft = mel.n_fft.unsigned_abs() as usize;
        let fft = FftPlanner::new().plan_fft_forward(n_fft);
        let turn = |n: usize| TAU * real(n) / real(n_fft);
        Self {
            n_fft,
            hop: mel.hop.unsigned_abs().max(1) as usize,
            frames: mel.frames(window),
            hann: (0..n_fft).map(|n| 0.5 - 0.5 * turn(n).cos()).collect(),
            bands: bands(mel, rate),
            frame: vec![Complex::default(); n_fft],
            scratch: vec![Complex::default(); fft.get_inplace_scratch_len()],
            power: vec![0.0; n_fft / 2 + 1],
            fft,
        }
    }

    /// Numbers of one spectrogram.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bands.len() * self.frames
    }

    /// Whether a spectrogram has no number, since windows are shorter than a frame.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Replaces what is in `out` by the spectrogram: all frames of the lowest band, then of the next one.
    pub fn make(&mut self, window: &[f32], out: &mut Vec<f32>) {
        out.clear();
        out.resize(self.len(), 0.0);
        for frame in 0..self.frames {
            self.power_of(&window[frame * self.hop..][..self.n_fft]);
            for (at, band) in self.bands.iter().enumerate() {
                let power = &self.power[band.first..];
                let energy: f64 = power.iter().zip(&band.weights).map(|(p, w)| p * w).sum();
                #[expect(clippy::cast_possible_truncation, reason = "models read 32 bits")]
                let log = energy.max(FLOOR).ln() as f32;
                out[at * self.frames + frame] = log;
            }
        }
    }

    fn power_of(&mut self, samples: &[f32]) {
        for ((to, sample), hann) in self.frame.iter_mut().zip(samples).zip(&self.hann) {
            *to = Complex::new(f64::from(*sample) * hann, 0.0);
        }
        self.fft
            .process_with_scratch(&mut self.frame, &mut self.scratch);
        for (power, bin) in self.power.iter_mut().zip(&self.frame) {
            *power = bin.norm_sqr();
        }
    }
}

fn real(number: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "some thousands")]
    let number = number as f64;
    number
}

fn mel_of(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz_of(mel: f64) -> f64 {
    700.0 * (10_f64.powf(mel / 2595.0) - 1.0)
}

/// Triangles whose corners are evenly spaced in mel: each begins where the one before peaks.
fn bands(mel: &LogMel, rate: i32) -> Vec<Band> {
    let (low, high) = (mel_of(mel.f_min.into()), mel_of(mel.f_max.into()));
    let count = mel.n_mels.unsigned_abs() as usize;
    let n_fft = mel.n_fft.unsigned_abs() as usize;
    let corner = |n: usize| hertz_of(low + (high - low) * real(n) / real(count + 1));
    (0..count)
        .map(|band| {
            let (left, peak, right) = (corner(band), corner(band + 1), corner(band + 2));
            let weight = |bin: usize| {
                let hertz = real(bin) * f64::from(rate) / real(n_fft);
                let up = (hertz - left) / (peak - left);
                let down = (right - hertz) / (right - peak);
                up.min(down).max(0.0)
            };
            let weights: Vec<f64> = (0..=n_fft / 2).map(weight).collect();
            let first = weights.iter().position(|w| *w > 0.0).unwrap_or(0);
            let last = weights.iter().rposition(|w| *w > 0.0).unwrap_or(0);
            Band {
                first,
                weights: weights[first..=last].to_vec(),
            }
        })
        .collect()
}
