//! How probable each label of each task is, given how workers err; and, in the same pass, what that says about them.

use super::{Errors, LEAST};
use crate::{Known, TaskNo, Votes, votes::number};

/// The state between two iterations.
pub(super) struct Expected<'a> {
    votes: &'a Votes,
    known: &'a Known,
    /// For every answer its row of errors: all that the inner loop reads of it.
    rows: Vec<u32>,
    /// Task by task, of every label.
    probabilities: Vec<f64>,
    /// Per label the sum of probabilities over tasks.
    sums: Vec<f64>,
    /// The same, each task as often as it has answers.
    sums_by_answer: Vec<f64>,
    /// Of the probabilities, in nats.
    entropy: f64,
}

impl<'a> Expected<'a> {
    pub(super) fn new(
        votes: &'a Votes,
        errors: &mut Errors,
        known: &'a Known,
        start: Vec<f64>,
    ) -> Self {
        let mut expected = Self {
            votes,
            known,
            rows: errors.rows(votes),
            probabilities: start,
            sums: vec![0.0; votes.labels()],
            sums_by_answer: vec![0.0; votes.labels()],
            entropy: 0.0,
        };
        expected.pass(errors, |_, _, _| 0.0);
        expected
    }

    /// New probabilities, and the counts that follow from them.
    pub(super) fn expect(&mut self, errors: &mut Errors) {
        let prior = |prior: &f64| libm::log(prior.max(LEAST));
        let priors: Vec<f64> = self.priors().iter().map(prior).collect();
        let width = self.votes.labels();
        self.pass(errors, |probabilities, rows, logarithms| {
            probabilities.copy_from_slice(&priors);
            for row in rows {
                add(probabilities, &logarithms[*row as usize * width..][..width]);
            }
            normalise(probabilities)
        });
    }

    /// Task by task: lets `label` change its probabilities, by the rows of its answers and the logarithms of all rows,
    /// and say their entropy; keeps to what is known; and counts.
    fn pass(&mut self, errors: &mut Errors, label: impl Fn(&mut [f64], &[u32], &[f64]) -> f64) {
        let width = self.votes.labels();
        let (logarithms, counts) = errors.tables();
        counts.fill(0.0);
        self.sums.fill(0.0);
        self.sums_by_answer.fill(0.0);
        self.entropy = 0.0;
        // Without labels there are no tasks.
        let tasks = self.probabilities.chunks_exact_mut(width.max(1));
        for ((task, probabilities), bounds) in tasks.enumerate().zip(self.votes.starts().windows(2))
        {
            let rows = &self.rows[bounds[0]..bounds[1]];
            let entropy = label(probabilities, rows, logarithms);
            if let Some(known) = self.known.of(number(task, TaskNo)) {
                probabilities.fill(0.0);
                probabilities[known.index()] = 1.0;
            } else {
                self.entropy += entropy;
            }
            for row in rows {
                add(&mut counts[*row as usize * width..][..width], probabilities);
            }
            add(&mut self.sums, probabilities);
            for (sum, probability) in self.sums_by_answer.iter_mut().zip(&*probabilities) {
                *sum += probability * rows.len() as f64;
            }
        }
    }

    /// Per label, its share of the tasks.
    pub(super) fn priors(&self) -> Vec<f64> {
        let tasks = self.votes.tasks() as f64;
        self.sums.iter().map(|sum| sum / tasks).collect()
    }

    /// The evidence lower bound, with the prior of a task's label once for each of its answers, as crowd-kit counts
    /// it: only the time to stop depends on this.
    pub(super) fn bound(&self, errors: &Errors) -> f64 {
        let prior = |(prior, sum): (f64, &f64)| libm::log(prior.max(LEAST)) * sum;
        let priors: f64 = self
            .priors()
            .into_iter()
            .zip(&self.sums_by_answer)
            .map(prior)
            .sum();
        errors.expected_logarithm() + priors + self.entropy
    }

    pub(super) fn into_probabilities(self) -> Vec<f64> {
        self.probabilities
    }
}

fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}

/// From logarithms of likelihoods to probabilities; gives their entropy. The largest becomes 1 first, so that a product
/// of many small probabilities does not vanish.
fn normalise(row: &mut [f64]) -> f64 {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let (mut sum, mut weighted) = (0.0, 0.0);
    for value in &mut *row {
        let below = *value - most;
        *value = libm::exp(below);
        sum += *value;
        weighted += *value * below;
    }
    row.iter_mut().for_each(|value| *value /= sum);
    libm::log(sum) - weighted / sum
}
