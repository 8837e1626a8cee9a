//! How far a number would move with other tasks: the percentile bootstrap.
//!
//! B. Efron and R. J. Tibshirani, "An Introduction to the Bootstrap" (1993). Whole tasks are drawn, never single
//! answers: those to one task depend on each other.

/// A number of a sample of tasks.
pub trait Statistic {
    /// How many tasks can be drawn.
    fn units(&self) -> usize;

    /// The number, where the sample has task i `times[i]` times; `None` where it has none.
    fn value(&self, times: &[u32]) -> Option<f64>;
}

/// Why no interval can be had.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidBootstrap {
    /// At least two samples.
    #[error("{0} samples are too few")]
    Samples(u32),
    /// Part of the samples, not all and not none.
    #[error("{0} is not between 0 and 1")]
    Coverage(f64),
}

/// How samples are drawn. The same settings draw the same samples on every machine.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    seed: u64,
    samples: u32,
    coverage: f64,
}

impl Bootstrap {
    /// So many samples by a seed; the interval leaves out `1 − coverage` of them, half at either end.
    ///
    /// # Errors
    /// With fewer than two samples, or a coverage that is not between 0 and 1.
    pub fn new(seed: u64, samples: u32, coverage: f64) -> Result<Self, InvalidBootstrap> {
        if samples < 2 {
            return Err(InvalidBootstrap::Samples(samples));
        }
        if !(coverage > 0.0 && coverage < 1.0) {
            return Err(InvalidBootstrap::Coverage(coverage));
        }
        Ok(Self {
            seed,
            samples,
            coverage,
        })
    }
}

impl Default for Bootstrap {
    /// 1,000 samples, 95 %.
    fn default() -> Self {
        Self {
            seed: 0,
            samples: 1_000,
            coverage: 0.95,
        }
    }
}

/// A number with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Estimate {
    /// Of all tasks, each once.
    pub value: f64,
    /// `None` where fewer than half of the samples have a number.
    pub interval: Option<Interval>,
}

/// Where the number lies in most samples.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// From here,
    pub low: f64,
    /// to here.
    pub high: f64,
    /// So many samples have a number.
    pub samples: usize,
}

/// A statistic of all tasks, and its interval; `None` where it has no number.
#[must_use]
pub fn estimate(statistic: &impl Statistic, bootstrap: Bootstrap) -> Option<Estimate> {
    let units = statistic.units();
    let value = statistic.value(&vec![1; units])?;
    let mut random = SplitMix(bootstrap.seed);
    let mut times = vec![0; units];
    let mut values = Vec::new();
    for _ in 0..bootstrap.samples {
        times.fill(0);
        for _ in 0..units {
            times[random.below(units)] += 1;
        }
        values.extend(statistic.value(&times));
    }
    values.sort_unstable_by(f64::total_cmp);
    let tail = (1.0 - bootstrap.coverage) / 2.0;
    let enough = 2 * values.len() >= bootstrap.samples as usize;
    let interval = enough.then(|| Interval {
        low: quantile(&values, tail),
        high: quantile(&values, 1.0 - tail),
        samples: values.len(),
    });
    Some(Estimate { value, interval })
}

/// Between the two nearest of sorted values, in proportion.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of the length lies within it"
)]
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (lower, upper) = (
        sorted[place.floor() as usize],
        sorted[place.ceil() as usize],
    );
    lower + (upper - lower) * place.fract()
}

/// G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to below `bound`, each equally often but for a part in 2⁶⁴.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "it is below `bound`, which fits"
    )]
    fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }
}
