//! Brings a stream of samples from one rate to another.
//!
//! As many samples come out as their time says: a delay of the filter is cut off at the begin and made up for at the end.

use datacrowd_protocol::model::{ItemFailed, ItemFailure};
use rubato::{
    Fft, FixedSync, Indexing, Resampler as _, audioadapter_buffers::direct::InterleavedSlice,
};

use crate::item::failed;

/// Samples that are resampled at once, in four blocks: a block of some hundred keeps the filter steep.
const CHUNK: usize = 4096;

/// Rates that a recording may have.
const RATES: std::ops::RangeInclusive<u32> = 1_000..=768_000;

/// One recording on its way from one rate to another.
pub(crate) enum Resampler {
    /// It has the right rate.
    Same,
    /// It has another one.
    Other(Box<Other>),
}

pub(crate) struct Other {
    fft: Fft<f32>,
    ratio: f64,
    /// Samples that are no whole chunk yet.
    held: Vec<f32>,
    block: Vec<f32>,
    /// Samples of delay that are not cut off yet.
    delay: usize,
    taken: u64,
    given: u64,
}

impl Resampler {
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, ItemFailed> {
        if from == to {
            return Ok(Self::Same);
        }
        let strange = || {
            let why = format!(
                "The recording says that it has {from} samples a second, which is not resampled here; convert it to 44,100 or 48,000."
            );
            failed(ItemFailure::Undecodable, why)
        };
        if !RATES.contains(&from) {
            return Err(strange());
        }
        let fft = Fft::new_custom(
            from as usize,
            to as usize,
            CHUNK,
            4,
            1,
            rubato::WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|_| strange())?;
        Ok(Self::Other(Box::new(Other {
            ratio: f64::from(to) / f64::from(from),
            held: Vec::new(),
            block: vec![0.0; fft.output_frames_max()],
            delay: fft.output_delay(),
            taken: 0,
            given: 0,
            fft,
        })))
    }

    /// Replaces what is in `out` by the samples that are there.
    pub(crate) fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), ItemFailed> {
        out.clear();
        match self {
            Self::Same => out.extend_from_slice(samples),
            Self::Other(other) => other.push(samples, out)?,
        }
        Ok(())
    }

    /// Replaces what is in `out` by the samples that are left at the end.
    pub(crate) fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), ItemFailed> {
        out.clear();
        match self {
            Self::Same => Ok(()),
            Self::Other(other) => other.finish(out),
        }
    }
}

impl Other {
    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) -> Result<(), ItemFailed> {
        self.taken += samples.len() as u64;
        self.held.extend_from_slice(samples);
        let mut at = 0;
        loop {
            let needed = self.fft.input_frames_next();
            if self.held.len() - at < needed {
                break;
            }
            self.step(at, needed, None, out)?;
            at += needed;
        }
        self.held.drain(..at);
        Ok(())
    }

    fn finish(&mut self, out: &mut Vec<f32>) -> Result<(), ItemFailed> {
        let all = samples_at(self.taken, self.ratio);
        let mut left = self.held.len();
        while self.given < all {
            self.held.resize(self.fft.input_frames_next(), 0.0);
            self.step(0, self.held.len(), Some(left), out)?;
            left = 0;
        }
        let surplus = usize::try_from(self.given - all).unwrap_or(usize::MAX);
        out.truncate(out.len().saturating_sub(surplus));
        Ok(())
    }

    /// Resamples one chunk.
    fn step(
        &mut self,
        at: usize,
        needed: usize,
        partial: Option<usize>,
        out: &mut Vec<f32>,
    ) -> Result<(), ItemFailed> {
        let wrong = |error: String| {
            failed(
                ItemFailure::Undecodable,
                format!(
                    "The recording cannot be resampled ({error}); convert it to 44,100 samples a second."
                ),
            )
        };
        let indexing = Indexing {
            partial_len: partial,
            ..Indexing::new()
        };
        let length = self.block.len();
        let input = InterleavedSlice::new(&self.held[at..at + needed], 1, needed)
            .map_err(|error| wrong(error.to_string()))?;
        let mut output = InterleavedSlice::new_mut(&mut self.block, 1, length)
            .map_err(|error| wrong(error.to_string()))?;
        let (_, given) = self
            .fft
            .process_into_buffer(&input, &mut output, Some(&indexing))
            .map_err(|error| wrong(error.to_string()))?;
        let cut = self.delay.min(given);
        self.delay -= cut;
        out.extend_from_slice(&self.block[cut..given]);
        self.given += (given - cut) as u64;
        Ok(())
    }
}

/// As many samples as the same time has at the other rate, begun ones included.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "some hours of samples"
)]
fn samples_at(taken: u64, ratio: f64) -> u64 {
    (taken as f64 * ratio).ceil() as u64
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::*;

    #[expect(clippy::cast_possible_truncation, reason = "samples are single")]
    fn tone(rate: u32, hertz: f64, samples: usize) -> Vec<f32> {
        let at = |n: usize| (TAU * hertz * n as f64 / f64::from(rate)).sin() as f32;
        (0..samples).map(at).collect()
    }

    fn resampled(from: u32, to: u32, samples: &[f32], piece: usize) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let (mut all, mut out) = (Vec::new(), Vec::new());
        for piece in samples.chunks(piece) {
            resampler.push(piece, &mut out).unwrap();
            all.extend_from_slice(&out);
        }
        resampler.finish(&mut out).unwrap();
        all.extend_from_slice(&out);
        all
    }

    #[test]
    fn a_tone_keeps_its_pitch_its_time_and_its_length() {
        for (from, to) in [
            (48_000, 16_000),
            (44_100, 16_000),
            (96_000, 8_000),
            (8_000, 16_000),
        ] {
            let samples = tone(from, 440.0, from as usize + 17);
            for piece in [999, 50_000] {
                let found = resampled(from, to, &samples, piece);
                let length = ((u64::from(from) + 17) * u64::from(to)).div_ceil(u64::from(from));
                assert_eq!(found.len() as u64, length, "{from} {to}");
                let expected = tone(to, 440.0, found.len());
                let middle = found.len() / 8..found.len() * 7 / 8;
                let off = middle.map(|n| (found[n] - expected[n]).abs());
                assert!(off.fold(0.0, f32::max) < 1e-3, "{from} {to}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone_instead_of_folded_back() {
        let found = resampled(48_000, 8_000, &tone(48_000, 7_000.0, 48_000), 4_000);
        let loudest = found[1000..7000]
            .iter()
            .fold(0.0_f32, |most, s| most.max(s.abs()));
        assert!(loudest < 1e-3, "{loudest}");
    }

    #[test]
    fn a_rate_of_nonsense_is_refused() {
        for rate in [0, 1, 4_000_000_000] {
            assert!(Resampler::new(rate, 16_000).is_err());
        }
    }
}
