//! The inner loop: task after task, its labels' probabilities from its answers, and the counts from these.
//!
//! Probabilities are multiplied, not their logarithms added: no exponential is needed. A factor is at least 10⁻¹⁰ over
//! the answers of a worker, so [`FACTORS`] of them and a prior stay within what a number holds; then the largest
//! becomes 1 again.

use crate::{Known, TaskNo, votes::number};

/// So many factors at most until the largest product is made 1: (10⁻¹⁰ / 2³²)¹² > 10⁻²³⁶.
const FACTORS: usize = 12;
/// Below this a product of evidence gives its logarithm: times another evidence it still holds.
const SMALL: f64 = 1e-50;

/// What an iteration begins with: per label the prior, and its logarithm.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) priors: &'a [f64],
    pub(super) logarithms: &'a [f64],
}

/// Tasks to label.
#[derive(Clone, Copy)]
pub(super) struct Tasks<'a> {
    /// The number of the first.
    pub(super) first: usize,
    /// Where the answers of each begin, and the end.
    pub(super) starts: &'a [usize],
    /// Of all answers.
    pub(super) rows: &'a [u32],
    pub(super) known: &'a Known,
    /// Row by row, the probabilities and their logarithms.
    pub(super) errors: &'a [f64],
    pub(super) logarithms: &'a [f64],
    /// None where the labels stay as they are.
    pub(super) step: Option<Step<'a>>,
}

impl Tasks<'_> {
    pub(super) fn split(self, at: usize) -> (Self, Self) {
        let first = Self {
            starts: &self.starts[..=at],
            ..self
        };
        let second = Self {
            first: at,
            starts: &self.starts[at..],
            ..self
        };
        (first, second)
    }
}

/// What the labels of tasks say, beside the counts.
pub(super) struct Learnt {
    /// Per label the sum of probabilities.
    pub(super) sums: Vec<f64>,
    /// The same, each task as often as it has answers.
    pub(super) sums_by_answer: Vec<f64>,
    /// Its logarithm.
    pub(super) evidence: f64,
}

impl Learnt {
    pub(super) fn add(&mut self, other: &Self) {
        add(&mut self.sums, &other.sums);
        add(&mut self.sums_by_answer, &other.sums_by_answer);
        self.evidence += other.evidence;
    }
}

/// Labels the tasks, and counts from 0. Few labels fit the registers, if their number is known to the compiler.
pub(super) fn walk(
    tasks: &Tasks<'_>,
    width: usize,
    probabilities: &mut [f64],
    counts: &mut [f64],
) -> Learnt {
    match width {
        1 => walk_by([0.0; 1], tasks, probabilities, counts),
        2 => walk_by([0.0; 2], tasks, probabilities, counts),
        3 => walk_by([0.0; 3], tasks, probabilities, counts),
        4 => walk_by([0.0; 4], tasks, probabilities, counts),
        5 => walk_by([0.0; 5], tasks, probabilities, counts),
        6 => walk_by([0.0; 6], tasks, probabilities, counts),
        7 => walk_by([0.0; 7], tasks, probabilities, counts),
        8 => walk_by([0.0; 8], tasks, probabilities, counts),
        9 => walk_by([0.0; 9], tasks, probabilities, counts),
        10 => walk_by([0.0; 10], tasks, probabilities, counts),
        _ => walk_by(vec![0.0; width], tasks, probabilities, counts),
    }
}

fn walk_by(
    mut row: impl AsMut<[f64]>,
    tasks: &Tasks<'_>,
    probabilities: &mut [f64],
    counts: &mut [f64],
) -> Learnt {
    let row = row.as_mut();
    let width = row.len();
    let mut sums = vec![0.0; width];
    let mut sums_by_answer = vec![0.0; width];
    let mut evidence = Evidence::default();
    counts.fill(0.0);
    // Without labels there are no tasks.
    let each = probabilities.chunks_exact_mut(width.max(1)).enumerate();
    for ((place, stored), bounds) in each.zip(tasks.starts.windows(2)) {
        let rows = &tasks.rows[bounds[0]..bounds[1]];
        let known = tasks.known.of(number(tasks.first + place, TaskNo));
        if let Some(known) = known {
            row.fill(0.0);
            row[known.index()] = 1.0;
            if let Some(step) = tasks.step {
                let said = |said: &u32| tasks.logarithms[*said as usize * width + known.index()];
                evidence.logarithm += step.logarithms[known.index()];
                evidence.logarithm += rows.iter().map(said).sum::<f64>();
            }
        } else if let Some(step) = tasks.step {
            row.copy_from_slice(step.priors);
            label(row, rows, tasks.errors, &mut evidence);
        } else {
            row.copy_from_slice(stored);
        }
        for said in rows {
            add(&mut counts[*said as usize * width..][..width], row);
        }
        add(&mut sums, row);
        for (sum, probability) in sums_by_answer.iter_mut().zip(&*row) {
            *sum += probability * rows.len() as f64;
        }
        stored.copy_from_slice(row);
    }
    Learnt {
        sums,
        sums_by_answer,
        evidence: evidence.finish(),
    }
}

/// From priors to probabilities, by the answers.
#[inline]
fn label(row: &mut [f64], rows: &[u32], errors: &[f64], evidence: &mut Evidence) {
    let width = row.len();
    let mut some = rows.chunks(FACTORS).peekable();
    while let Some(rows) = some.next() {
        for said in rows {
            let factors = &errors[*said as usize * width..][..width];
            for (value, factor) in row.iter_mut().zip(factors) {
                *value *= factor;
            }
        }
        if some.peek().is_some() {
            let most = row.iter().copied().fold(0.0, f64::max);
            for value in &mut *row {
                *value /= most;
            }
            evidence.times(most);
        }
    }
    let sum: f64 = row.iter().sum();
    evidence.times(sum);
    let share = 1.0 / sum;
    for value in row {
        *value *= share;
    }
}

/// A product of many small numbers.
struct Evidence {
    logarithm: f64,
    /// What is not in it yet.
    rest: f64,
}

impl Default for Evidence {
    fn default() -> Self {
        Self {
            logarithm: 0.0,
            rest: 1.0,
        }
    }
}

impl Evidence {
    fn times(&mut self, factor: f64) {
        self.rest *= factor;
        if self.rest < SMALL {
            self.logarithm += libm::log(self.rest);
            self.rest = 1.0;
        }
    }

    fn finish(self) -> f64 {
        self.logarithm + libm::log(self.rest)
    }
}

#[inline]
pub(super) fn add(sums: &mut [f64], values: &[f64]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += value;
    }
}
