//! Votes, each worth one or as much as its worker is trusted.

use crate::{Consensus, Known, LabelNo, Share, TaskNo, Vote, Votes, agreement_with};

/// Labels by vote, with the workers' skill.
#[derive(Debug, Clone, PartialEq)]
pub struct Voted {
    /// The labels.
    pub consensus: Consensus,
    /// Per worker what the method takes skill to be; `None` where it has no answer to judge by.
    pub skill: Vec<Option<f64>>,
}

/// Majority vote. Skill is the share of a worker's answers that equal it.
#[must_use]
pub fn majority_vote(votes: &Votes) -> Voted {
    let consensus = vote(votes, |_| 1.0);
    let skill = skill(&agreement_with(votes, |task| Some(consensus.label(task))));
    Voted { consensus, skill }
}

/// Worker Agreement with Aggregate: a vote in which each worker weighs as much as the share of answers equal to the
/// majority vote.
#[must_use]
pub fn wawa(votes: &Votes) -> Voted {
    let skill = majority_vote(votes).skill;
    let consensus = vote(votes, |vote| skill[vote.worker.index()].unwrap_or(0.0));
    Voted { consensus, skill }
}

/// What to do with a worker who answered no gold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MissingSkill {
    /// Refuse.
    Refuse,
    /// Leave the answers out; refuse where a task has no other.
    Ignore,
    /// Take this skill.
    Value(f64),
}

/// Why gold majority vote has no result.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum Unskilled {
    /// Under [`MissingSkill::Refuse`].
    #[error("worker {} answered no task whose label is known", .0.index())]
    Worker(crate::WorkerNo),
    /// Under [`MissingSkill::Ignore`].
    #[error("task {} has no answer of a worker whose skill is known", .0.index())]
    Task(TaskNo),
    /// Skill is no number from 0 up.
    #[error("{0} is no skill")]
    Skill(f64),
}

/// A vote in which each worker weighs as much as the share of correct answers on gold.
///
/// # Errors
/// As `missing` says, where workers answered no gold.
pub fn gold_majority_vote(
    votes: &Votes,
    gold: &Known,
    missing: MissingSkill,
) -> Result<Voted, Unskilled> {
    let skill = skill(&agreement_with(votes, |task| gold.of(task)));
    let consensus = weighted_vote(votes, &skill, missing)?;
    Ok(Voted { consensus, skill })
}

/// A vote in which each worker weighs as much as `skill` says. Where all answers to a task weigh nothing, the skills
/// say nothing about it and each counts as one.
///
/// # Errors
/// As `missing` says, where skills are missing; when one is no number from 0 up.
pub fn weighted_vote(
    votes: &Votes,
    skill: &[Option<f64>],
    missing: MissingSkill,
) -> Result<Consensus, Unskilled> {
    let mut skill = skill.to_vec();
    match missing {
        MissingSkill::Value(value) => skill
            .iter_mut()
            .for_each(|skill| *skill = skill.or(Some(value))),
        MissingSkill::Refuse => {
            let without = votes
                .all()
                .iter()
                .find(|vote| skill[vote.worker.index()].is_none());
            if let Some(vote) = without {
                return Err(Unskilled::Worker(vote.worker));
            }
        }
        MissingSkill::Ignore => {
            let without = |of_task: &[Vote]| {
                of_task
                    .iter()
                    .all(|vote| skill[vote.worker.index()].is_none())
            };
            if let Some((task, _)) = votes.by_task().find(|(_, of_task)| without(of_task)) {
                return Err(Unskilled::Task(task));
            }
        }
    }
    let is_skill = |skill: &f64| skill.is_finite() && *skill >= 0.0;
    if let Some(wrong) = skill.iter().flatten().find(|skill| !is_skill(skill)) {
        return Err(Unskilled::Skill(*wrong));
    }
    Ok(vote(votes, |vote| {
        skill[vote.worker.index()].unwrap_or(0.0)
    }))
}

/// Labels by the sum of weights.
pub(crate) fn vote(votes: &Votes, weight: impl Fn(&Vote) -> f64) -> Consensus {
    let width = votes.labels();
    let mut probabilities = vec![0.0; votes.tasks() * width];
    let mut lost = vec![0.0; width];
    for (task, of_task) in votes.by_task() {
        let row = &mut probabilities[task.index() * width..][..width];
        tally(row, &mut lost, of_task, &weight);
        if row.iter().sum::<f64>() <= 0.0 {
            tally(row, &mut lost, of_task, &|_: &Vote| 1.0);
        }
        let sum: f64 = row.iter().sum();
        for value in row {
            *value /= sum;
        }
    }
    Consensus::new(votes, probabilities)
}

/// Adds up weights per label. The sums are compensated (W. Kahan, CACM 8, 1965), as those of pandas are: plain sums
/// would break ties of weights by their rounding.
fn tally(sums: &mut [f64], lost: &mut [f64], of_task: &[Vote], weight: &impl Fn(&Vote) -> f64) {
    sums.fill(0.0);
    lost.fill(0.0);
    for vote in of_task {
        let LabelNo(label) = vote.label;
        let (sum, lost) = (&mut sums[label as usize], &mut lost[label as usize]);
        let add = weight(vote) - *lost;
        let new = *sum + add;
        *lost = (new - *sum) - add;
        *sum = new;
    }
}

/// Shares as skills.
fn skill(shares: &[Share]) -> Vec<Option<f64>> {
    shares.iter().map(|share| share.value()).collect()
}
