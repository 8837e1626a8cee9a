//! Numbers: the middle answer, and how far the others are from it.

use std::{cmp::Ordering, hash::Hash};

use crate::{Answers, TaskNo};

/// Neither infinite nor "not a number" can be in the middle.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{0} is not finite")]
pub struct InvalidNumber(f64);

/// A finite number. As a label it sorts by size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number(f64);

impl Number {
    /// # Errors
    /// When it is not finite.
    pub fn new(value: f64) -> Result<Self, InvalidNumber> {
        if !value.is_finite() {
            return Err(InvalidNumber(value));
        }
        // There is one zero.
        Ok(Self(value + 0.0))
    }

    /// Its value.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }
}

impl Eq for Number {}
impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Hash for Number {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// The consensus of a task's numbers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Median {
    /// The middle one, or the mean of the middle two.
    pub median: f64,
    /// The median absolute deviation from it, in the numbers' own unit. 0 of a single answer.
    pub deviation: f64,
    /// How many answers there are.
    pub answers: usize,
}

/// Median and median absolute deviation of every task, in order.
#[must_use]
pub fn medians<T, W>(answers: &Answers<T, W, Number>) -> Vec<Median> {
    let mut values = Vec::new();
    let of_task = |votes: &[crate::Vote]| {
        values.clear();
        values.extend(
            votes
                .iter()
                .map(|vote| answers.labels()[vote.label.index()].0),
        );
        let median = median(&mut values);
        for value in &mut values {
            *value = (*value - median).abs();
        }
        Median {
            median,
            deviation: self::median(&mut values),
            answers: votes.len(),
        }
    };
    answers
        .votes()
        .by_task()
        .map(|(_, votes)| votes)
        .map(of_task)
        .collect()
}

/// Per worker the median distance of the answers from the medians of their tasks.
#[must_use]
pub fn typical_errors<T, W>(answers: &Answers<T, W, Number>, medians: &[Median]) -> Vec<f64> {
    let mut distances = vec![Vec::new(); answers.votes().workers()];
    for (TaskNo(task), votes) in answers.votes().by_task() {
        for vote in votes {
            let value = answers.labels()[vote.label.index()].0;
            distances[vote.worker.index()].push((value - medians[task as usize].median).abs());
        }
    }
    distances
        .iter_mut()
        .map(|of_worker| median(of_worker))
        .collect()
}

/// The middle of values, of which there is at least one.
fn median(values: &mut [f64]) -> f64 {
    let middle = values.len() / 2;
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return *upper;
    }
    let lower = below.iter().copied().max_by(f64::total_cmp);
    f64::midpoint(lower.unwrap_or(*upper), *upper)
}
