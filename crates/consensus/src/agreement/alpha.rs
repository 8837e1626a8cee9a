//! Krippendorff's α: 1 − observed disagreement / that expected by chance. Any number of workers, answers may be missing.
//!
//! K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). Tasks with one answer are left out.

use super::{
    Counts, Statistic,
    counts::{Cell, OfTask},
};
use crate::LabelNo;

/// What a difference between two labels is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level<'a> {
    /// They are the same or not.
    Nominal,
    /// They are in an order; how far they are apart depends on how many answers lie between.
    Ordinal,
    /// They have values, whose differences mean something. One per label.
    Interval(&'a [f64]),
    /// They have values from 0 up, whose ratios mean something. One per label.
    Ratio(&'a [f64]),
}

/// Why values do not fit.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidLevel {
    /// One per label.
    #[error("{values} values for {labels} labels")]
    Count {
        /// How many values there are.
        values: usize,
        /// How many labels there are.
        labels: usize,
    },
    /// No number, or below 0 where ratios are asked for.
    #[error("{0} is no value at this level")]
    Value(f64),
}

/// Krippendorff's α.
#[derive(Debug, Clone, Copy)]
pub struct Alpha<'a> {
    counts: &'a Counts,
    level: Level<'a>,
}

impl<'a> Alpha<'a> {
    /// # Errors
    /// When there is not one fitting value per label.
    pub fn new(counts: &'a Counts, level: Level<'a>) -> Result<Self, InvalidLevel> {
        let (values, least) = match level {
            Level::Nominal | Level::Ordinal => return Ok(Self { counts, level }),
            Level::Interval(values) => (values, f64::NEG_INFINITY),
            Level::Ratio(values) => (values, 0.0),
        };
        if values.len() != counts.labels() {
            return Err(InvalidLevel::Count {
                values: values.len(),
                labels: counts.labels(),
            });
        }
        let wrong = |value: &&f64| !value.is_finite() || **value < least;
        if let Some(value) = values.iter().find(wrong) {
            return Err(InvalidLevel::Value(*value));
        }
        Ok(Self { counts, level })
    }
}

impl Statistic for Alpha<'_> {
    fn units(&self) -> usize {
        self.counts.tasks()
    }

    /// `None` where nobody could disagree: without a task of two answers, or with a single label.
    fn value(&self, times: &[u32]) -> Option<f64> {
        let mut totals = vec![0.0; self.counts.labels()];
        for task in self.counts.pairable(times) {
            for (label, count) in task.cells {
                totals[label.index()] += count * task.times;
            }
        }
        let answers: f64 = totals.iter().sum();
        let cells = (0..).map(LabelNo).zip(totals);
        let total: Vec<Cell> = cells.filter(|(_, total)| *total > 0.0).collect();
        let (observed, expected) = match self.level {
            Level::Nominal => self.differences(times, &total, unequal),
            Level::Ordinal => {
                let ranks = middle_ranks(self.counts.labels(), &total);
                self.differences(times, &total, |cells| squares(cells, &ranks))
            }
            Level::Interval(values) => {
                self.differences(times, &total, |cells| squares(cells, values))
            }
            Level::Ratio(values) => self.differences(times, &total, |cells| ratios(cells, values)),
        };
        (expected > 0.0).then(|| 1.0 - (answers - 1.0) * observed / expected)
    }
}

impl Alpha<'_> {
    /// Within tasks, each answer counted once; and among all answers. `pairs` adds up the differences of all ordered
    /// pairs.
    fn differences(
        &self,
        times: &[u32],
        total: &[Cell],
        pairs: impl Fn(&[Cell]) -> f64,
    ) -> (f64, f64) {
        let within = |task: OfTask<'_>| task.times * pairs(task.cells) / (task.answers - 1.0);
        (self.counts.pairable(times).map(within).sum(), pairs(total))
    }
}

/// Ordered pairs of different labels.
fn unequal(cells: &[Cell]) -> f64 {
    let all: f64 = cells.iter().map(|(_, count)| count).sum();
    cells.iter().map(|(_, count)| count * (all - count)).sum()
}

/// The squared differences of values over all ordered pairs: 2n times the squares about the mean, which needs no pair.
fn squares(cells: &[Cell], values: &[f64]) -> f64 {
    let all: f64 = cells.iter().map(|(_, count)| count).sum();
    let mean = cells
        .iter()
        .map(|(label, count)| count * values[label.index()])
        .sum::<f64>()
        / all;
    let square = |(label, count): &Cell| count * (values[label.index()] - mean).powi(2);
    2.0 * all * cells.iter().map(square).sum::<f64>()
}

/// ((a − b) / (a + b))² over all ordered pairs.
fn ratios(cells: &[Cell], values: &[f64]) -> f64 {
    let mut sum = 0.0;
    for (place, (first, first_count)) in cells.iter().enumerate() {
        for (second, second_count) in &cells[place + 1..] {
            let (a, b) = (values[first.index()], values[second.index()]);
            if a + b > 0.0 {
                sum += 2.0 * first_count * second_count * ((a - b) / (a + b)).powi(2);
            }
        }
    }
    sum
}

/// The mean rank of every label among all answers. Krippendorff's ordinal difference, the answers between two labels
/// with half of those at either end, is the difference of these.
fn middle_ranks(labels: usize, total: &[Cell]) -> Vec<f64> {
    let mut ranks = vec![0.0; labels];
    let mut below = 0.0;
    for (label, count) in total {
        ranks[label.index()] = below + count / 2.0;
        below += count;
    }
    ranks
}
