//! Answers as numbers: who said what, task by task.

/// A task, by its place among the tasks in sorted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskNo(pub(crate) u32);

/// A worker, by the place among the workers in sorted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WorkerNo(pub(crate) u32);

/// A label, by its place among the labels in sorted order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LabelNo(pub(crate) u32);

macro_rules! place {
    ($($name:ident),*) => {$(
        impl $name {
            /// The place, from 0.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}
place!(TaskNo, WorkerNo, LabelNo);

impl LabelNo {
    /// The option at this place of a field, where options are counted and answers are not: [`crate::overlap`].
    #[must_use]
    pub fn option(place: u32) -> Self {
        Self(place)
    }
}

/// One answer to a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vote {
    /// Who gave it.
    pub worker: WorkerNo,
    /// What it says.
    pub label: LabelNo,
}

/// All answers, by task; within a task by worker. Each task has at least one, and no worker two in a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Votes {
    /// Where each task begins in `votes`, and the end.
    starts: Vec<usize>,
    votes: Vec<Vote>,
    workers: usize,
    labels: usize,
}

impl Votes {
    /// Of votes that are sorted already.
    pub(crate) fn new(starts: Vec<usize>, votes: Vec<Vote>, workers: usize, labels: usize) -> Self {
        debug_assert_eq!(starts.last().copied().unwrap_or(0), votes.len());
        Self {
            starts,
            votes,
            workers,
            labels,
        }
    }

    /// The same answers, each label replaced by one of `labels` others.
    pub(crate) fn relabelled(&self, labels: usize, label: impl Fn(LabelNo) -> LabelNo) -> Self {
        let relabel = |vote: &Vote| Vote {
            worker: vote.worker,
            label: label(vote.label),
        };
        Self {
            starts: self.starts.clone(),
            votes: self.votes.iter().map(relabel).collect(),
            workers: self.workers,
            labels,
        }
    }

    /// How many tasks have an answer.
    #[must_use]
    pub fn tasks(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many workers gave one.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many labels there are: those given, and those that were named beside them.
    #[must_use]
    pub fn labels(&self) -> usize {
        self.labels
    }

    /// How many answers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.votes.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.votes.is_empty()
    }

    /// The answers to a task, by worker.
    #[must_use]
    pub fn of(&self, task: TaskNo) -> &[Vote] {
        &self.votes[self.starts[task.index()]..self.starts[task.index() + 1]]
    }

    /// Every task with its answers, in order.
    #[must_use]
    pub fn by_task(&self) -> impl ExactSizeIterator<Item = (TaskNo, &[Vote])> {
        let bounds = self.starts.windows(2).enumerate();
        bounds.map(|(task, bound)| (number(task, TaskNo), &self.votes[bound[0]..bound[1]]))
    }

    /// Where each task begins in [`Self::all`], and the end.
    pub(crate) fn starts(&self) -> &[usize] {
        &self.starts
    }

    /// Every answer, by task, then worker.
    #[must_use]
    pub fn all(&self) -> &[Vote] {
        &self.votes
    }

    /// Every label in order.
    pub fn label_numbers(&self) -> impl Iterator<Item = LabelNo> + use<> {
        (0..self.labels).map(|label| number(label, LabelNo))
    }
}

/// A place that [`crate::Collector`] has counted, so it fits.
pub(crate) fn number<N>(index: usize, wrap: impl Fn(u32) -> N) -> N {
    wrap(u32::try_from(index).expect("no more than u32::MAX names are collected"))
}
