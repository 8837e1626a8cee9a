//! How probable each label of each task is, given how workers err; and, in the same pass, what that says about them.
//!
//! Many answers are shared by two threads, each with its own tasks and its own counts, added in the order of tasks.
//! Where the tasks are parted depends on the answers alone, so the bits do not depend on the machine.

mod walk;

use std::thread;

use super::{Errors, LEAST, errors::Tables};
use crate::{Known, Votes};
use walk::{Step, Tasks, add, walk};

/// From so many answers on, a second thread is worth its start.
const MANY: usize = 1 << 16;

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
    /// From this task on, the second thread's.
    half: usize,
    /// The counts of the second thread; none where it has no tasks.
    counts_of_half: Vec<f64>,
}

impl<'a> Expected<'a> {
    pub(super) fn new(
        votes: &'a Votes,
        errors: &mut Errors,
        rows: Vec<u32>,
        known: &'a Known,
        start: Vec<f64>,
    ) -> Self {
        let cells = errors.cells();
        // Where nearly every answer has a row of its own, adding up the counts would cost more than it saves.
        let is_parted = votes.len() >= MANY && cells <= votes.len();
        let half = votes
            .starts()
            .partition_point(|start| *start < votes.len() / 2);
        let mut expected = Self {
            votes,
            known,
            rows,
            probabilities: start,
            sums: Vec::new(),
            sums_by_answer: Vec::new(),
            entropy: 0.0,
            half: if is_parted { half } else { votes.tasks() },
            counts_of_half: vec![0.0; if is_parted { cells } else { 0 }],
        };
        expected.pass(errors, None);
        expected
    }

    /// New probabilities, and the counts that follow from them.
    pub(super) fn expect(&mut self, errors: &mut Errors) {
        let mut priors = self.priors();
        for prior in &mut priors {
            *prior = prior.max(LEAST);
        }
        let logarithms: Vec<f64> = priors.iter().map(|prior| libm::log(*prior)).collect();
        let step = Step {
            priors: &priors,
            logarithms: &logarithms,
        };
        let evidence = self.pass(errors, Some(step));
        // Σ p log p = Σ p log (joint / evidence) of each task, and the logarithm of the joint is a sum over its answers:
        // so one logarithm a task is enough.
        let priors: f64 = self.sums.iter().zip(&logarithms).map(product).sum();
        self.entropy = evidence - errors.expected_logarithm() - priors;
    }

    /// Labels all tasks, unless they are to stay as they are, and counts. Gives the logarithm of the evidence.
    fn pass(&mut self, errors: &mut Errors, step: Option<Step<'_>>) -> f64 {
        let width = self.votes.labels();
        let Tables {
            probabilities: errors,
            logarithms,
            counts,
        } = errors.tables();
        let tasks = Tasks {
            first: 0,
            starts: self.votes.starts(),
            rows: &self.rows,
            known: self.known,
            errors,
            logarithms,
            step,
        };
        let (first, second) = tasks.split(self.half);
        let (mine, other) = self.probabilities.split_at_mut(self.half * width);
        let learnt = if self.counts_of_half.is_empty() {
            walk(&first, width, mine, counts)
        } else {
            let of_half = &mut self.counts_of_half;
            let (mut learnt, other) = thread::scope(|scope| {
                let other = scope.spawn(|| walk(&second, width, other, of_half));
                (walk(&first, width, mine, counts), other.join())
            });
            let other = other.expect("it is the code of this thread, which did not panic");
            add(counts, &self.counts_of_half);
            learnt.add(&other);
            learnt
        };
        self.sums = learnt.sums;
        self.sums_by_answer = learnt.sums_by_answer;
        learnt.evidence
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

fn product((left, right): (&f64, &f64)) -> f64 {
    left * right
}
