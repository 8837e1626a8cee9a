//! Names become numbers: tasks, workers and labels of any ordered type, each in sorted order.

use std::{
    fmt,
    hash::{BuildHasher as _, Hash},
};

use hashbrown::{DefaultHashBuilder, HashTable, hash_table::Entry};

use crate::{LabelNo, TaskNo, Vote, Votes, WorkerNo, votes::number};

/// What tasks, workers and labels are called by.
pub trait Name: Ord + Hash + Clone + fmt::Debug {}
impl<N: Ord + Hash + Clone + fmt::Debug> Name for N {}

/// Why rows are no answers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAnswers {
    /// A worker has two answers in one task.
    #[error("worker {worker} answered task {task} twice")]
    Twice {
        /// The task's name.
        task: String,
        /// The worker's name.
        worker: String,
    },
    /// Numbers of 32 bits do not count them.
    #[error("more than {} {what}", u32::MAX)]
    TooMany {
        /// What there is too much of.
        what: &'static str,
    },
}

/// Answers of workers to tasks, with the names of all three.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answers<T, W, L> {
    tasks: Vec<T>,
    workers: Vec<W>,
    labels: Vec<L>,
    votes: Votes,
}

impl<T: Name, W: Name, L: Name> Answers<T, W, L> {
    /// Of rows in any order.
    ///
    /// # Errors
    /// When a worker answers a task twice.
    pub fn new(rows: impl IntoIterator<Item = (T, W, L)>) -> Result<Self, InvalidAnswers> {
        let mut collector = Collector::default();
        for (task, worker, label) in rows {
            collector.push(task, worker, label)?;
        }
        collector.finish()
    }

    /// The number of a task, if it has an answer.
    #[must_use]
    pub fn task(&self, name: &T) -> Option<TaskNo> {
        let found = self.tasks.binary_search(name).ok()?;
        Some(number(found, TaskNo))
    }

    /// The number of a worker who gave an answer.
    #[must_use]
    pub fn worker(&self, name: &W) -> Option<WorkerNo> {
        let found = self.workers.binary_search(name).ok()?;
        Some(number(found, WorkerNo))
    }

    /// The number of a label.
    #[must_use]
    pub fn label(&self, name: &L) -> Option<LabelNo> {
        let found = self.labels.binary_search(name).ok()?;
        Some(number(found, LabelNo))
    }
}

impl<T, W, L> Answers<T, W, L> {
    /// The tasks, sorted.
    #[must_use]
    pub fn tasks(&self) -> &[T] {
        &self.tasks
    }

    /// The workers, sorted.
    #[must_use]
    pub fn workers(&self) -> &[W] {
        &self.workers
    }

    /// The labels, sorted.
    #[must_use]
    pub fn labels(&self) -> &[L] {
        &self.labels
    }

    /// The answers as numbers: what every method takes.
    #[must_use]
    pub fn votes(&self) -> &Votes {
        &self.votes
    }
}

/// Takes answers one by one.
#[derive(Debug)]
pub struct Collector<T, W, L> {
    tasks: Numbered<T>,
    workers: Numbered<W>,
    labels: Numbered<L>,
    rows: Vec<(u32, Vote)>,
}

impl<T, W, L> Default for Collector<T, W, L> {
    fn default() -> Self {
        Self {
            tasks: Numbered::default(),
            workers: Numbered::default(),
            labels: Numbered::default(),
            rows: Vec::new(),
        }
    }
}

impl<T: Name, W: Name, L: Name> Collector<T, W, L> {
    /// Takes one answer.
    ///
    /// # Errors
    /// When there are more answers or names than fit 32 bits.
    pub fn push(&mut self, task: T, worker: W, label: L) -> Result<(), InvalidAnswers> {
        if self.rows.len() == u32::MAX as usize {
            return Err(InvalidAnswers::TooMany { what: "answers" });
        }
        let vote = Vote {
            worker: WorkerNo(self.workers.number(worker, "workers")?),
            label: LabelNo(self.labels.number(label, "labels")?),
        };
        self.rows.push((self.tasks.number(task, "tasks")?, vote));
        Ok(())
    }

    /// Takes all that another took: so several threads can read.
    ///
    /// # Errors
    /// When there are more answers or names than fit 32 bits.
    pub fn append(&mut self, other: Self) -> Result<(), InvalidAnswers> {
        if other.rows.len() > u32::MAX as usize - self.rows.len() {
            return Err(InvalidAnswers::TooMany { what: "answers" });
        }
        let tasks = self.tasks.append(other.tasks, "tasks")?;
        let workers = self.workers.append(other.workers, "workers")?;
        let labels = self.labels.append(other.labels, "labels")?;
        let renumbered = |(task, vote): (u32, Vote)| {
            let vote = Vote {
                worker: WorkerNo(workers[vote.worker.index()]),
                label: LabelNo(labels[vote.label.index()]),
            };
            (tasks[task as usize], vote)
        };
        self.rows.extend(other.rows.into_iter().map(renumbered));
        Ok(())
    }

    /// Names a label that nobody may have given. It counts among the labels.
    ///
    /// # Errors
    /// When there are more labels than fit 32 bits.
    pub fn name_label(&mut self, label: L) -> Result<(), InvalidAnswers> {
        self.labels.number(label, "labels").map(drop)
    }

    /// Sorts what was taken.
    ///
    /// # Errors
    /// When a worker answered a task twice.
    pub fn finish(self) -> Result<Answers<T, W, L>, InvalidAnswers> {
        let (tasks, task_places) = self.tasks.sorted();
        let (workers, worker_places) = self.workers.sorted();
        let (labels, label_places) = self.labels.sorted();
        let mut starts = vec![0; tasks.len() + 1];
        for (task, _) in &self.rows {
            starts[task_places[*task as usize] as usize + 1] += 1;
        }
        for task in 0..tasks.len() {
            starts[task + 1] += starts[task];
        }
        let mut free = starts.clone();
        let unset = Vote {
            worker: WorkerNo(0),
            label: LabelNo(0),
        };
        let mut votes = vec![unset; self.rows.len()];
        for (task, vote) in self.rows {
            let place = &mut free[task_places[task as usize] as usize];
            votes[*place] = Vote {
                worker: WorkerNo(worker_places[vote.worker.index()]),
                label: LabelNo(label_places[vote.label.index()]),
            };
            *place += 1;
        }
        for (task, bound) in starts.windows(2).enumerate() {
            let of_task = &mut votes[bound[0]..bound[1]];
            of_task.sort_unstable_by_key(|vote| vote.worker);
            if let Some(pair) = of_task
                .windows(2)
                .find(|pair| pair[0].worker == pair[1].worker)
            {
                return Err(InvalidAnswers::Twice {
                    task: format!("{:?}", tasks[task]),
                    worker: format!("{:?}", workers[pair[0].worker.index()]),
                });
            }
        }
        let votes = Votes::new(starts, votes, workers.len(), labels.len());
        Ok(Answers {
            tasks,
            workers,
            labels,
            votes,
        })
    }
}

/// Names in the order in which they came.
#[derive(Debug)]
struct Numbered<N> {
    names: Vec<N>,
    /// By the hash of a name its number. Seeded anew by each process, since people choose the names; what is counted
    /// does not depend on it.
    numbers: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Answers to a task mostly come together.
    last: u32,
}

impl<N> Default for Numbered<N> {
    fn default() -> Self {
        Self {
            names: Vec::new(),
            numbers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            last: 0,
        }
    }
}

impl<N: Name> Numbered<N> {
    fn number(&mut self, name: N, what: &'static str) -> Result<u32, InvalidAnswers> {
        let Self {
            names,
            numbers,
            hasher,
            last,
        } = self;
        if names.get(*last as usize) == Some(&name) {
            return Ok(*last);
        }
        let entry = numbers.entry(
            hasher.hash_one(&name),
            |number| names[*number as usize] == name,
            |number| hasher.hash_one(&names[*number as usize]),
        );
        *last = match entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(free) => {
                let next =
                    u32::try_from(names.len()).map_err(|_| InvalidAnswers::TooMany { what })?;
                free.insert(next);
                names.push(name);
                next
            }
        };
        Ok(*last)
    }

    /// For each number of the others the number here.
    fn append(&mut self, other: Self, what: &'static str) -> Result<Vec<u32>, InvalidAnswers> {
        let names = other.names.into_iter();
        names.map(|name| self.number(name, what)).collect()
    }

    /// The names in order, and for each number its place there.
    fn sorted(self) -> (Vec<N>, Vec<u32>) {
        let mut names: Vec<(N, u32)> = self.names.into_iter().zip(0..).collect();
        // Names mostly come in runs that are sorted already: this sort merges them.
        names.sort();
        let mut places = vec![0; names.len()];
        for (place, (_, came)) in names.iter().enumerate() {
            places[*came as usize] = number(place, |place| place);
        }
        (names.into_iter().map(|(name, _)| name).collect(), places)
    }
}
