//! What a method makes of the answers: per task a label, and the probability of each.

use crate::{LabelNo, TaskNo, Votes, votes::number};

/// One label per task, with the probabilities of all labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Consensus {
    labels: Vec<LabelNo>,
    /// Task by task, a probability for every label.
    probabilities: Vec<f64>,
    width: usize,
}

impl Consensus {
    /// Of rows that add up to 1. The first of the most probable labels wins.
    pub(crate) fn new(votes: &Votes, probabilities: Vec<f64>) -> Self {
        let width = votes.labels();
        // Without labels there are no tasks.
        let labels = probabilities
            .chunks_exact(width.max(1))
            .map(first_maximum)
            .collect();
        Self {
            labels,
            probabilities,
            width,
        }
    }

    /// The label of a task.
    #[must_use]
    pub fn label(&self, task: TaskNo) -> LabelNo {
        self.labels[task.index()]
    }

    /// How probable the label of a task is.
    #[must_use]
    pub fn confidence(&self, task: TaskNo) -> f64 {
        self.probabilities(task)[self.label(task).index()]
    }

    /// How probable each label of a task is, in the labels' order. They add up to 1.
    #[must_use]
    pub fn probabilities(&self, task: TaskNo) -> &[f64] {
        &self.probabilities[task.index() * self.width..][..self.width]
    }

    /// The labels of all tasks, in order.
    #[must_use]
    pub fn labels(&self) -> &[LabelNo] {
        &self.labels
    }

    /// The probabilities of all tasks, task by task.
    pub(crate) fn into_probabilities(self) -> Vec<f64> {
        self.probabilities
    }

    /// How often workers gave each label (column) to tasks whose consensus is each label (row), row by row.
    #[must_use]
    pub fn confusion(&self, votes: &Votes) -> Vec<u64> {
        let mut counts = vec![0; self.width * self.width];
        for (task, of_task) in votes.by_task() {
            let row = &mut counts[self.label(task).index() * self.width..][..self.width];
            for vote in of_task {
                row[vote.label.index()] += 1;
            }
        }
        counts
    }
}

/// Where the largest value stands first.
fn first_maximum(values: &[f64]) -> LabelNo {
    let mut best = 0;
    for (place, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = place;
        }
    }
    number(best, LabelNo)
}
