//! A recording as the windows that a model reads: decoded, mixed to one channel, brought to one rate, cut.
//!
//! Each step hands on what it has, so that memory does not grow with the recording.

mod decode;
mod log_mel;
mod resample;
mod windows;

use std::{fs::File, time::Instant};

use datacrowd_protocol::model::{AudioInput, ItemFailed, ItemFailure};

use crate::item::failed;

pub use log_mel::LogMelMaker;
pub use windows::Windows;

use decode::Recording;
use resample::Resampler;

/// Most sound of one recording: four hours.
pub const MOST_SECONDS: u64 = 4 * 60 * 60;

/// Reads a recording, calls `each` with where a window begins, in samples, and its samples; tells for how many
/// microseconds it was decoded.
///
/// # Errors
/// It is no recording that is read here, or too long, or has no sound; or those of `each`.
pub fn read(
    file: File,
    name: &str,
    input: &AudioInput,
    mut each: impl FnMut(u64, &[f32]) -> Result<(), ItemFailed>,
) -> Result<u64, ItemFailed> {
    let rate = input.sample_rate_hz.unsigned_abs();
    let mut micros = Clock::default();
    let mut recording = micros.measure(|| Recording::open(file, name))?;
    let mut windows = Windows::new(input.window(), input.hop());
    let mut resampler: Option<Resampler> = None;
    let (mut mono, mut resampled) = (Vec::new(), Vec::new());
    while let Some(from) = micros.measure(|| recording.next(&mut mono))? {
        let resampler = match &mut resampler {
            Some(resampler) => resampler,
            None => resampler.insert(Resampler::new(from, rate)?),
        };
        micros.measure(|| resampler.push(&mono, &mut resampled))?;
        windows.push(&resampled, &mut each)?;
        if windows.seen() > MOST_SECONDS * u64::from(rate) {
            return Err(too_long());
        }
    }
    if let Some(mut resampler) = resampler {
        micros.measure(|| resampler.finish(&mut resampled))?;
        windows.push(&resampled, &mut each)?;
    }
    if windows.seen() == 0 {
        return Err(empty());
    }
    windows.finish(&mut each)?;
    Ok(micros.0)
}

fn too_long() -> ItemFailed {
    let hours = MOST_SECONDS / 3600;
    failed(
        ItemFailure::TooLong,
        format!("The recording is longer than {hours} hours; cut it into shorter files."),
    )
}

fn empty() -> ItemFailed {
    failed(
        ItemFailure::Empty,
        "There is no sound in the file; upload the recording again.",
    )
}

/// Microseconds spent in one kind of work.
#[derive(Default)]
pub(crate) struct Clock(pub(crate) u64);

impl Clock {
    pub(crate) fn measure<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let begin = Instant::now();
        let done = work();
        self.0 += u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        done
    }
}
