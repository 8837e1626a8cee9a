//! How often a worker was right, and how far to trust that number.

use crate::{LabelNo, TaskNo, Votes};

/// Of the standard normal distribution: 95 % lie within ± this.
pub const Z_95: f64 = 1.959_963_984_540_054;

/// There cannot be more correct answers than answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{correct} of {total} cannot be correct")]
pub struct InvalidShare {
    correct: u32,
    total: u32,
}

/// So many correct ones of so many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Share {
    correct: u32,
    total: u32,
}

impl Share {
    /// # Errors
    /// When more are correct than there are.
    pub fn new(correct: u32, total: u32) -> Result<Self, InvalidShare> {
        if correct > total {
            return Err(InvalidShare { correct, total });
        }
        Ok(Self { correct, total })
    }

    /// How many are correct.
    #[must_use]
    pub fn correct(self) -> u32 {
        self.correct
    }

    /// How many there are.
    #[must_use]
    pub fn total(self) -> u32 {
        self.total
    }

    /// The share of correct ones; `None` of none.
    #[must_use]
    pub fn value(self) -> Option<f64> {
        (self.total > 0).then(|| f64::from(self.correct) / f64::from(self.total))
    }

    /// Counts one more.
    pub fn count(&mut self, correct: bool) {
        self.correct += u32::from(correct);
        self.total += 1;
    }

    /// The interval of E. B. Wilson (JASA 22, 1927) that holds the true share with the probability that lies within
    /// ± `z` of the standard normal distribution ([`Z_95`]). Of none, it is all of 0 to 1.
    #[must_use]
    pub fn wilson(self, z: f64) -> (f64, f64) {
        let Some(share) = self.value() else {
            return (0.0, 1.0);
        };
        let total = f64::from(self.total);
        let square = z * z / total;
        let centre = share + square / 2.0;
        let half = z * (share * (1.0 - share) / total + square / (4.0 * total)).sqrt();
        let low = (centre - half) / (1.0 + square);
        let high = (centre + half) / (1.0 + square);
        // Where all or none are correct, the bound is 1 or 0 but for rounding.
        let low = if self.correct == 0 { 0.0 } else { low };
        let high = if self.correct == self.total {
            1.0
        } else {
            high
        };
        (low, high)
    }
}

/// Per worker, how many answers equal the label of their task, where it has one.
#[must_use]
pub fn agreement_with(votes: &Votes, label: impl Fn(TaskNo) -> Option<LabelNo>) -> Vec<Share> {
    let mut shares = vec![Share::default(); votes.workers()];
    for (task, of_task) in votes.by_task() {
        let Some(label) = label(task) else { continue };
        for vote in of_task {
            shares[vote.worker.index()].count(vote.label == label);
        }
    }
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wilson_gives_the_intervals_of_newcombes_table() {
        // R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        for (correct, total, low, high) in [
            (81, 263, 0.2553, 0.3662),
            (15, 148, 0.0624, 0.1605),
            (0, 20, 0.0, 0.1611),
            (1, 29, 0.0061, 0.1718),
            (29, 29, 0.8830, 1.0),
        ] {
            let found = Share::new(correct, total).unwrap().wilson(Z_95);
            assert!((found.0 - low).abs() < 5e-5, "{correct}/{total}: {found:?}");
            assert!(
                (found.1 - high).abs() < 5e-5,
                "{correct}/{total}: {found:?}"
            );
        }
    }

    #[test]
    fn of_nobody_nothing_is_known() {
        assert_eq!(Share::default().value(), None);
        assert_eq!(Share::default().wilson(Z_95), (0.0, 1.0));
        let refused = Share::new(2, 1).unwrap_err();
        assert_eq!(refused.to_string(), "2 of 1 cannot be correct");
    }
}
