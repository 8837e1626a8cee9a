//! How often each label was given, task by task: all that measures of many workers need.

use crate::{LabelNo, TaskNo, Votes};

/// A label, and how many answers gave it.
pub(super) type Cell = (LabelNo, f64);

/// Per task, the labels that were given and how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Counts {
    /// Where each task begins in `cells`, and the end.
    starts: Vec<usize>,
    /// In the labels' order.
    cells: Vec<Cell>,
    labels: usize,
}

/// The counts of one task.
#[derive(Debug, Clone, Copy)]
pub(super) struct OfTask<'a> {
    pub(super) cells: &'a [Cell],
    /// How many answers it has.
    pub(super) answers: f64,
    /// How often the sample has it.
    pub(super) times: f64,
}

impl<'a> OfTask<'a> {
    fn new(cells: &'a [Cell], times: u32) -> Self {
        Self {
            cells,
            answers: cells.iter().map(|(_, count)| count).sum(),
            times: f64::from(times),
        }
    }

    /// Whether people can agree: with at least two answers.
    pub(super) fn is_pairable(&self) -> bool {
        self.answers > 1.0
    }
}

impl Counts {
    /// Of answers.
    #[must_use]
    pub fn new(votes: &Votes) -> Self {
        let mut counts = Self {
            starts: vec![0],
            cells: Vec::new(),
            labels: votes.labels(),
        };
        let mut labels = Vec::new();
        for (_, of_task) in votes.by_task() {
            labels.clear();
            labels.extend(of_task.iter().map(|vote| vote.label));
            labels.sort_unstable();
            for run in labels.chunk_by(PartialEq::eq) {
                counts.cells.push((run[0], run.len() as f64));
            }
            counts.starts.push(counts.cells.len());
        }
        counts
    }

    /// How many tasks there are.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many labels there are.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// The tasks of a sample.
    pub(super) fn sample<'a>(&'a self, times: &'a [u32]) -> impl Iterator<Item = OfTask<'a>> {
        let tasks = self.starts.windows(2).zip(times);
        tasks
            .filter(|(_, times)| **times > 0)
            .map(|(bounds, times)| {
                let cells = &self.cells[bounds[0]..bounds[1]];
                OfTask::new(cells, *times)
            })
    }

    /// One task, once.
    pub(super) fn of(&self, task: TaskNo) -> OfTask<'_> {
        let cells = self.starts[task.index()]..self.starts[task.index() + 1];
        OfTask::new(&self.cells[cells], 1)
    }

    /// Those with at least two answers: only there can people agree.
    pub(super) fn pairable<'a>(&'a self, times: &'a [u32]) -> impl Iterator<Item = OfTask<'a>> {
        self.sample(times).filter(OfTask::is_pairable)
    }
}
