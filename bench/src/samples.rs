//! Latencies of one kind of call.

use std::time::Duration;

/// Microseconds, as they came.
#[derive(Debug, Default)]
pub struct Samples(Vec<u32>);

impl Samples {
    /// Adds one call.
    pub fn add(&mut self, took: Duration) {
        self.0
            .push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    /// Adds another client's calls.
    pub fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// How many calls.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// Milliseconds of a call on average.
    #[expect(clippy::cast_precision_loss, reason = "a time for people")]
    pub fn mean(&self) -> f64 {
        let sum: f64 = self.0.iter().copied().map(f64::from).sum();
        sum / self.0.len() as f64 / 1000.0
    }

    /// Milliseconds that `percent` of the calls did not exceed.
    pub fn percentile(&mut self, percent: usize) -> f64 {
        self.0.sort_unstable();
        let at = (self.0.len() * percent).div_ceil(100).saturating_sub(1);
        self.0
            .get(at)
            .map_or(f64::NAN, |us| f64::from(*us) / 1000.0)
    }
}
