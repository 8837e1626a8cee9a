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

/// Of all rows: the probabilities and their logarithms to read, and counts to write.
pub(super) struct Tables<'a> {
    pub(super) probabilities: &'a [f64],
    pub(super) logarithms: &'a [f64],
    pub(super) counts: &'a mut [f64],
}

impl Errors {
    /// And for every answer the number of its row.
    pub(super) fn new(votes: &Votes) -> (Self, Vec<u32>) {
        // By worker and label: where they are few the table of all pairs is the quickest index.
        let pairs = votes.workers().saturating_mul(votes.labels());
        let (mut errors, rows) = if pairs <= votes.len() {
            Self::of_table(votes, pairs)
        } else {
            Self::of_lists(votes)
        };
        let cells = errors.labels.len() * votes.labels();
        errors.probabilities = vec![0.0; cells];
        errors.counts = vec![0.0; cells];
        errors.logarithms = vec![0.0; cells];
        (errors, rows)
    }

    fn of_table(votes: &Votes, pairs: usize) -> (Self, Vec<u32>) {
        let width = votes.labels();
        let pair = |vote: &Vote| vote.worker.index() * width + vote.label.index();
        // How often each pair occurs, and then its row.
        let mut table = vec![0_u32; pairs];
        for vote in votes.all() {
            table[pair(vote)] += 1;
        }
        let mut errors = Self::empty(votes);
        for of_worker in table.chunks_exact_mut(width.max(1)) {
            for (label, cell) in of_worker.iter_mut().enumerate() {
                if *cell > 0 {
                    errors.answers.push(*cell);
                    *cell = number(errors.labels.len(), |row| row);
                    errors.labels.push(number(label, LabelNo));
                }
            }
            errors.starts.push(errors.labels.len());
        }
        let rows = votes.all().iter().map(|vote| table[pair(vote)]).collect();
        (errors, rows)
    }

    fn of_lists(votes: &Votes) -> (Self, Vec<u32>) {
        let mut given: Vec<Vec<LabelNo>> = vec![Vec::new(); votes.workers()];
        for vote in votes.all() {
            let labels = &mut given[vote.worker.index()];
            if let Err(place) = labels.binary_search(&vote.label) {
                labels.insert(place, vote.label);
            }
        }
        let mut errors = Self::empty(votes);
        for labels in &given {
            errors.labels.extend(labels);
            errors.starts.push(errors.labels.len());
        }
        errors.answers = vec![0; errors.labels.len()];
        let mut row = |vote: &Vote| {
            let row = errors
                .row(vote.worker, vote.label)
                .expect("every pair that occurs has a row");
            errors.answers[row] += 1;
            number(row, |row| row)
        };
        let rows = votes.all().iter().map(&mut row).collect();
        (errors, rows)
    }

    fn empty(votes: &Votes) -> Self {
        Self {
            starts: vec![0],
            labels: Vec::new(),
            answers: Vec::new(),
            probabilities: Vec::new(),
            counts: Vec::new(),
            logarithms: Vec::new(),
            width: votes.labels(),
        }
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

    /// How many probabilities there are.
    pub(super) fn cells(&self) -> usize {
        self.probabilities.len()
    }

    /// What an iteration reads and writes.
    pub(super) fn tables(&mut self) -> Tables<'_> {
        Tables {
            probabilities: &self.probabilities,
            logarithms: &self.logarithms,
            counts: &mut self.counts,
        }
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
            right / f64::from(self.answers[rows].iter().sum::<u32>())
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
