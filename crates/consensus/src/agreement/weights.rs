//! How much two different labels agree, from 0 to 1.

/// Why weights do not fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidWeights {
    /// A scale without two different, finite values in rising order.
    #[error("values are no scale: at least two, finite and rising")]
    Scale,
    /// One weight per pair of labels is needed.
    #[error("weights of {weights} labels for {labels}")]
    Count {
        /// Of so many labels the weights are.
        weights: usize,
        /// So many there are.
        labels: usize,
    },
}

/// A symmetric matrix over labels, with 1 where they are the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    cells: Vec<f64>,
    labels: usize,
}

impl Weights {
    /// Different labels do not agree at all.
    #[must_use]
    pub fn identity(labels: usize) -> Self {
        Self::of(labels, |a, b| if a == b { 1.0 } else { 0.0 })
    }

    /// 1 − |a − b| / (largest − smallest), of the labels' values.
    ///
    /// # Errors
    /// When the values are no scale.
    pub fn linear(values: &[f64]) -> Result<Self, InvalidWeights> {
        let span = span(values)?;
        Ok(Self::of(values.len(), |a, b| {
            1.0 - (values[a] - values[b]).abs() / span
        }))
    }

    /// 1 − ((a − b) / (largest − smallest))², of the labels' values.
    ///
    /// # Errors
    /// When the values are no scale.
    pub fn quadratic(values: &[f64]) -> Result<Self, InvalidWeights> {
        let span = span(values)?;
        Ok(Self::of(values.len(), |a, b| {
            1.0 - ((values[a] - values[b]) / span).powi(2)
        }))
    }

    /// 1 − pairs of labels from a to b / pairs of all labels: for labels in an order, without values.
    #[must_use]
    pub fn ordinal(labels: usize) -> Self {
        let pairs = |steps: usize| (steps * (steps + 1)) as f64;
        Self::of(labels, |a, b| {
            if a == b {
                1.0
            } else {
                1.0 - pairs(a.abs_diff(b)) / pairs(labels - 1)
            }
        })
    }

    fn of(labels: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let cells = (0..labels * labels).map(|cell| weight(cell / labels, cell % labels));
        Self {
            cells: cells.collect(),
            labels,
        }
    }

    pub(super) fn between(&self, a: usize, b: usize) -> f64 {
        self.cells[a * self.labels + b]
    }

    pub(super) fn sum(&self) -> f64 {
        self.cells.iter().sum()
    }

    pub(super) fn fit(&self, labels: usize) -> Result<(), InvalidWeights> {
        if self.labels == labels {
            return Ok(());
        }
        Err(InvalidWeights::Count {
            weights: self.labels,
            labels,
        })
    }

    /// Σ w(a, b) · first(a) · second(b).
    pub(super) fn product(&self, first: &[f64], second: &[f64]) -> f64 {
        let row = |(a, share): (usize, &f64)| -> f64 {
            let cell = |(b, other): (usize, &f64)| self.between(a, b) * share * other;
            second.iter().enumerate().map(cell).sum()
        };
        first.iter().enumerate().map(row).sum()
    }
}

fn span(values: &[f64]) -> Result<f64, InvalidWeights> {
    let rises = values.windows(2).all(|pair| pair[0] < pair[1]);
    let ([first, .., last], true) = (values, rises) else {
        return Err(InvalidWeights::Scale);
    };
    let span = last - first;
    if span.is_finite() {
        Ok(span)
    } else {
        Err(InvalidWeights::Scale)
    }
}
