//! Cohen's κ of two workers, over the tasks that both answered.
//!
//! J. Cohen, Educational and Psychological Measurement 20 (1960); with weights, Psychological Bulletin 70 (1968).

use super::{InvalidWeights, Statistic, Weights, gwet::beyond_chance};
use crate::{Votes, WorkerNo};

/// Cohen's κ: chance is that two answers agree, drawn from each worker's own.
#[derive(Debug, Clone)]
pub struct Cohen<'a> {
    /// What the two said, per task that both answered.
    pairs: Vec<(usize, usize)>,
    weights: &'a Weights,
    labels: usize,
}

impl<'a> Cohen<'a> {
    /// # Errors
    /// When the weights are of another number of labels.
    pub fn new(
        votes: &Votes,
        first: WorkerNo,
        second: WorkerNo,
        weights: &'a Weights,
    ) -> Result<Self, InvalidWeights> {
        weights.fit(votes.labels())?;
        let both = |of_task: &[crate::Vote]| {
            let by = |worker| {
                let place = of_task
                    .binary_search_by_key(&worker, |vote| vote.worker)
                    .ok()?;
                Some(of_task[place].label.index())
            };
            Some((by(first)?, by(second)?))
        };
        Ok(Self {
            pairs: votes
                .by_task()
                .filter_map(|(_, of_task)| both(of_task))
                .collect(),
            weights,
            labels: votes.labels(),
        })
    }
}

impl Statistic for Cohen<'_> {
    /// The tasks that both answered.
    fn units(&self) -> usize {
        self.pairs.len()
    }

    /// `None` where both answered no task, or each always gave one and the same label.
    fn value(&self, times: &[u32]) -> Option<f64> {
        let mut first = vec![0.0; self.labels];
        let mut second = vec![0.0; self.labels];
        let (mut agreement, mut tasks) = (0.0, 0.0);
        for ((a, b), times) in self.pairs.iter().zip(times) {
            let times = f64::from(*times);
            first[*a] += times;
            second[*b] += times;
            agreement += times * self.weights.between(*a, *b);
            tasks += times;
        }
        if tasks == 0.0 {
            return None;
        }
        let chance = self.weights.product(&first, &second) / (tasks * tasks);
        beyond_chance(agreement / tasks, chance)
    }
}
