//! How probable it is that a worker gives one label where another is true.

use std::ops::Range;

use super::{ErrorModel, LEAST};
use crate::{LabelNo, Vote, Votes, WorkerNo, votes::number};

/// A row for every label that a worker gave, with a probability for every true label. Pairs of worker and label that
/// never occurred have no row: with many labels most do not.
#[derive(Debug, Clone, PartialEq)]
pub struct Errors {
    /// Where the rows of each worker begin, and the end.
    starts: Vec<usize>,
    /// The label of each row; sorted, worker by worker.
    labels: Vec<LabelNo>,
    /// How many answers each row stands for.
    answers: Vec<u32>,
    /// Of all rows; a row has as many as there are labels.
    probabilities: Vec<f64>,
    /// What they are made of: sums of the probabilities of true labels over the answers of a row.
    counts: Vec<f64>,
    logarithms: Vec<f64>,
    width: usize,
}

impl Errors {
    pub(super) fn new(votes: &Votes) -> Self {
        let mut given: Vec<Vec<LabelNo>> = vec![Vec::new(); votes.workers()];
        for vote in votes.all() {
            let labels = &mut given[vote.worker.index()];
            if let Err(place) = labels.binary_search(&vote.label) {
                labels.insert(place, vote.label);
            }
        }
        let mut starts = vec![0];
        for labels in &given {
            starts.push(starts[starts.len() - 1] + labels.len());
        }
        let labels = given.concat();
        let cells = labels.len() * votes.labels();
        Self {
            starts,
            answers: vec![0; labels.len()],
            labels,
            probabilities: vec![0.0; cells],
            counts: vec![0.0; cells],
            logarithms: vec![0.0; cells],
            width: votes.labels(),
        }
    }

    /// For every answer the number of its row; counts the answers of each.
    pub(super) fn rows(&mut self, votes: &Votes) -> Vec<u32> {
        let mut row = |vote: &Vote| {
            let row = self
                .row(vote.worker, vote.label)
                .expect("every pair that occurs has a row");
            self.answers[row] += 1;
            number(row, |row| row)
        };
        votes.all().iter().map(&mut row).collect()
    }

    fn row(&self, worker: WorkerNo, label: LabelNo) -> Option<usize> {
        let bounds = self.rows_of(worker.index());
        let found = self.labels[bounds.clone()].binary_search(&label);
        Some(bounds.start + found.ok()?)
    }

    fn rows_of(&self, worker: usize) -> Range<usize> {
        self.starts[worker]..self.starts[worker + 1]
    }

    /// How probable it is that a worker gives a label, per true label; `None` where the worker never gave it.
    #[must_use]
    pub fn of(&self, worker: WorkerNo, label: LabelNo) -> Option<&[f64]> {
        let row = self.row(worker, label)?;
        Some(&self.probabilities[row * self.width..][..self.width])
    }

    /// Logarithms of the probabilities to read, and counts to write; both row by row.
    pub(super) fn tables(&mut self) -> (&[f64], &mut [f64]) {
        (&self.logarithms, &mut self.counts)
    }

    /// What the answers say where all that is unknown is true as far as it is probable: the expected logarithm.
    pub(super) fn expected_logarithm(&self) -> f64 {
        let cells = self.counts.iter().zip(&self.logarithms);
        cells.map(|(count, log)| count * log).sum()
    }

    /// From counts to probabilities.
    pub(super) fn normalise(&mut self, model: ErrorModel) {
        match model {
            ErrorModel::Confusion => self.normalise_columns(),
            ErrorModel::OneCoin => self.toss(),
        }
        for (log, probability) in self.logarithms.iter_mut().zip(&self.probabilities) {
            *log = libm::log(*probability);
        }
    }

    /// Per worker and true label, what is said adds up to 1.
    fn normalise_columns(&mut self) {
        let width = self.width;
        let mut sums = vec![0.0; width];
        for worker in 0..self.workers() {
            let Range { start, end } = self.rows_of(worker);
            let cells = start * width..end * width;
            let counts = &self.counts[cells.clone()];
            sums.fill(0.0);
            for row in counts.chunks_exact(width) {
                for (sum, count) in sums.iter_mut().zip(row) {
                    *sum += count.max(LEAST);
                }
            }
            let cells = self.probabilities[cells].iter_mut().zip(counts);
            for ((cell, count), sum) in cells.zip(sums.iter().cycle()) {
                *cell = count.max(LEAST) / sum;
            }
        }
    }

    /// The same probability to be right for every label, and the rest shared by the wrong ones.
    fn toss(&mut self) {
        let wrong = self.width as f64 - 1.0;
        for (worker, right) in self.shares_right().into_iter().enumerate() {
            for row in self.rows_of(worker) {
                let cells = &mut self.probabilities[row * self.width..][..self.width];
                cells.fill(((1.0 - right) / wrong).clamp(LEAST, 1.0 - LEAST));
                cells[self.labels[row].index()] = right.clamp(LEAST, 1.0 - LEAST);
            }
        }
    }

    /// Per worker the mean probability of what was answered.
    fn shares_right(&self) -> Vec<f64> {
        let share = |worker| {
            let rows = self.rows_of(worker);
            let right: f64 = rows
                .clone()
                .map(|row| self.counts[row * self.width + self.labels[row].index()])
                .sum();
            right / self.answers[rows].iter().sum::<u32>() as f64
        };
        (0..self.workers()).map(share).collect()
    }

    fn workers(&self) -> usize {
        self.starts.len() - 1
    }

    /// Per worker the probability to be right: the coin's, or that of the labels on the diagonal, each as frequent as
    /// its prior. A label that the worker never gave was never right.
    pub(super) fn skill(&self, model: ErrorModel, priors: &[f64]) -> Vec<f64> {
        if model == ErrorModel::OneCoin {
            return self.shares_right();
        }
        let of_row = |row: usize| {
            let label = self.labels[row].index();
            priors[label] * self.probabilities[row * self.width + label]
        };
        let of_worker = |worker| self.rows_of(worker).map(of_row).sum();
        (0..self.workers()).map(of_worker).collect()
    }
}
