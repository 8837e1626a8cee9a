//! Zero-based skill: votes and skills by turns, until neither moves.

use crate::{Voted, Votes, agreement_with, majority::vote};

const ITERATIONS: u32 = 100;
/// How far a skill moves at first towards the share that equals the vote.
const RATE: f64 = 1.0;
const ITERATIONS_A_RATE: u32 = 20;
const RATE_REDUCTION: f64 = 0.5;
/// So much above chance everybody begins.
const HEAD_START: f64 = 1e-5;

/// Votes weighted by skill, and skills moved towards the share of a worker's answers that equal the vote, 100 times;
/// the step halves every 20. Everybody begins with the skill of chance.
#[must_use]
pub fn zero_based_skill(votes: &Votes) -> Voted {
    let chance = 1.0 / votes.labels() as f64 + HEAD_START;
    let mut skill = vec![chance; votes.workers()];
    let mut rate = RATE;
    for iteration in 1..=ITERATIONS {
        if iteration % ITERATIONS_A_RATE == 0 {
            rate *= RATE_REDUCTION;
        }
        let labels = vote(votes, |vote| skill[vote.worker.index()]);
        let shares = agreement_with(votes, |task| Some(labels.label(task)));
        for (skill, share) in skill.iter_mut().zip(&shares) {
            // Whoever is a worker gave an answer.
            *skill += rate * (share.value().unwrap_or(0.0) - *skill);
        }
    }
    Voted {
        consensus: vote(votes, |vote| skill[vote.worker.index()]),
        skill: skill.into_iter().map(Some).collect(),
    }
}
