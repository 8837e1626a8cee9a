//! Agreement of any number of workers, answers may be missing: raw, Fleiss' κ, Gwet's AC1 and AC2.
//!
//! J. L. Fleiss, Psychological Bulletin 76 (1971); K. L. Gwet, British Journal of Mathematical and Statistical
//! Psychology 61 (2008), and "Handbook of Inter-Rater Reliability" (4th ed., 2014) for weights and missing answers.

use crate::TaskNo;

use super::{
    Counts, InvalidWeights, Statistic, Weights,
    counts::{Cell, OfTask},
};

/// The share of pairs of answers to a task that agree, mean over the tasks with at least two.
#[derive(Debug, Clone, Copy)]
pub struct Raw<'a> {
    counts: &'a Counts,
    weights: &'a Weights,
}

/// Fleiss' κ: chance is that two answers drawn from all agree.
#[derive(Debug, Clone, Copy)]
pub struct Fleiss<'a>(Raw<'a>);

/// Gwet's AC1, with weights AC2: chance is that of answers to tasks that are hard, guessed. It does not collapse where
/// nearly all answers are one label.
#[derive(Debug, Clone, Copy)]
pub struct Gwet<'a>(Raw<'a>);

impl<'a> Raw<'a> {
    /// # Errors
    /// When the weights are of another number of labels.
    pub fn new(counts: &'a Counts, weights: &'a Weights) -> Result<Self, InvalidWeights> {
        weights.fit(counts.labels())?;
        Ok(Self { counts, weights })
    }

    /// The share of one task; `None` with fewer than two answers.
    #[must_use]
    pub fn of(&self, task: TaskNo) -> Option<f64> {
        let task = self.counts.of(task);
        task.is_pairable().then(|| self.of_task(&task))
    }

    fn of_task(&self, task: &OfTask<'_>) -> f64 {
        let agreeing = |(label, count): &Cell| {
            let weight =
                |(other, count): &Cell| self.weights.between(label.index(), other.index()) * count;
            count * (task.cells.iter().map(weight).sum::<f64>() - 1.0)
        };
        let pairs = task.answers * (task.answers - 1.0);
        task.cells.iter().map(agreeing).sum::<f64>() / pairs
    }

    /// Per label its share of a task's answers, mean over all tasks.
    fn shares(&self, times: &[u32]) -> Vec<f64> {
        let mut shares = vec![0.0; self.counts.labels()];
        let mut tasks = 0.0;
        for task in self.counts.sample(times) {
            tasks += task.times;
            for (label, count) in task.cells {
                shares[label.index()] += task.times * count / task.answers;
            }
        }
        for share in &mut shares {
            *share /= tasks;
        }
        shares
    }
}

impl<'a> Fleiss<'a> {
    /// # Errors
    /// When the weights are of another number of labels.
    pub fn new(counts: &'a Counts, weights: &'a Weights) -> Result<Self, InvalidWeights> {
        Raw::new(counts, weights).map(Self)
    }
}

impl<'a> Gwet<'a> {
    /// # Errors
    /// When the weights are of another number of labels.
    pub fn new(counts: &'a Counts, weights: &'a Weights) -> Result<Self, InvalidWeights> {
        Raw::new(counts, weights).map(Self)
    }
}

impl Statistic for Raw<'_> {
    fn units(&self) -> usize {
        self.counts.tasks()
    }

    /// `None` without a task of two answers.
    fn value(&self, times: &[u32]) -> Option<f64> {
        let (mut sum, mut tasks) = (0.0, 0.0);
        for task in self.counts.pairable(times) {
            sum += task.times * self.of_task(&task);
            tasks += task.times;
        }
        (tasks > 0.0).then(|| sum / tasks)
    }
}

impl Statistic for Fleiss<'_> {
    fn units(&self) -> usize {
        self.0.units()
    }

    /// `None` without a task of two answers, or where chance alone agrees always.
    fn value(&self, times: &[u32]) -> Option<f64> {
        let shares = self.0.shares(times);
        beyond_chance(
            self.0.value(times)?,
            self.0.weights.product(&shares, &shares),
        )
    }
}

impl Statistic for Gwet<'_> {
    fn units(&self) -> usize {
        self.0.units()
    }

    /// `None` without a task of two answers, or with fewer than two labels.
    fn value(&self, times: &[u32]) -> Option<f64> {
        let labels = self.0.counts.labels() as f64;
        if labels < 2.0 {
            return None;
        }
        let shares = self.0.shares(times);
        let hard: f64 = shares.iter().map(|share| share * (1.0 - share)).sum();
        let chance = self.0.weights.sum() * hard / (labels * (labels - 1.0));
        beyond_chance(self.0.value(times)?, chance)
    }
}

/// Of the agreement that chance leaves room for, how much there is.
pub(super) fn beyond_chance(agreement: f64, chance: f64) -> Option<f64> {
    // Where one label is all there is, shares add up to 1 but for rounding.
    let room = 1.0 - chance;
    (room > 1e-12).then(|| (agreement - chance) / room)
}
