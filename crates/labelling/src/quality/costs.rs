//! What a label costs that is so sure, told by the answers that there are: pure.
//!
//! The latest answers are given again, task by task and in their order, and stopped where the rule of dynamic overlap would have
//! stopped them. A task has no more answers than it got: what is not sure by then counts as it is, and is told apart.

use std::collections::BTreeMap;

use datacrowd_consensus::overlap::{Answer, Quality, posterior};
use datacrowd_protocol::ids::TaskId;

use super::sample::{QualitySample, SampledField};
use crate::{Error, Result};

/// What labels of one field cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Costs {
    /// The field.
    pub field: String,
    /// Tasks with an answer.
    pub tasks: usize,
    /// Answers that a task got on average.
    pub answers_per_task: f64,
    /// For each confidence that was asked for.
    pub at: Vec<Cost>,
}

/// What a label costs that is so sure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cost {
    /// How sure.
    pub confidence: f64,
    /// Answers that a task would have got on average.
    pub answers_per_task: f64,
    /// Share of tasks whose label would have been as sure with the answers that they got.
    pub sure: f64,
}

impl QualitySample {
    /// What each confidence would have cost in the first field, with so many answers at least; none without a task.
    ///
    /// # Errors
    /// What is stored cannot be.
    pub fn costs(&self, min_answers: u32, confidences: &[f64]) -> Result<Option<Costs>> {
        let Some(field) = self.fields.first() else {
            return Ok(None);
        };
        let tasks = self.sureness(field)?;
        if tasks.is_empty() {
            return Ok(None);
        }
        let least = usize::try_from(min_answers).unwrap_or(usize::MAX);
        let at = confidences.iter();
        Ok(Some(Costs {
            field: field.name.clone(),
            tasks: tasks.len(),
            answers_per_task: mean(tasks.iter().map(Vec::len), tasks.len()),
            at: at
                .map(|&confidence| cost(&tasks, least, confidence))
                .collect(),
        }))
    }

    /// Of each task, how sure its label was after each of its answers, in the order in which they were approved. A worker's quality is
    /// that of the live rule: on gold where there is some, else beside the labels of all answers.
    fn sureness(&self, field: &SampledField) -> Result<Vec<Vec<f64>>> {
        let labels = self.label(field)?;
        let tallies = labels.tallies();
        let quality = |worker: &String| {
            let gold = self.gold.get(worker).filter(|share| share.total() > 0);
            let right = labels.answers().worker(worker);
            let right = right.map(|worker| tallies[worker.index()].right);
            Quality::new(gold.copied().or(right).unwrap_or_default())
        };
        let mut tasks = BTreeMap::<TaskId, Vec<Answer>>::new();
        // The latest come first.
        for answer in self.answers.iter().rev() {
            let Some(label) = answer.label(field) else {
                continue;
            };
            let label = labels.answers().label(&label).ok_or_else(corrupt)?;
            tasks.entry(answer.task).or_default().push(Answer {
                label,
                quality: quality(&answer.worker),
            });
        }
        // What was an option once may be none any more.
        let options = field.options.max(labels.votes().labels());
        let sure = |given: &[Answer]| {
            let best = posterior(options, given).map_err(|_| corrupt())?.best();
            Ok(best.map_or(0.0, |best| best.probability))
        };
        tasks
            .values()
            .map(|given| {
                (1..=given.len())
                    .map(|count| sure(&given[..count]))
                    .collect()
            })
            .collect()
    }
}

/// By how sure each task was after each answer.
fn cost(tasks: &[Vec<f64>], least: usize, confidence: f64) -> Cost {
    let (mut answers, mut sure) = (0, 0);
    for after in tasks {
        let enough = (1..)
            .zip(after)
            .find(|(count, sure)| *count >= least && **sure >= confidence);
        answers += enough.map_or(after.len(), |(count, _)| count);
        sure += usize::from(enough.is_some());
    }
    Cost {
        confidence,
        answers_per_task: mean([answers], tasks.len()),
        sure: mean([sure], tasks.len()),
    }
}

#[expect(clippy::cast_precision_loss, reason = "a sample is small")]
fn mean(counts: impl IntoIterator<Item = usize>, of: usize) -> f64 {
    counts.into_iter().sum::<usize>() as f64 / of as f64
}

const fn corrupt() -> Error {
    Error::Corrupt { what: "answer" }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use datacrowd_consensus::Share;
    use datacrowd_protocol::{labeling::ConsensusMethod, raw::RawJson};

    use super::{super::sample::SampledAnswer, *};

    /// Answers by worker and label, the earliest first; `known` are always right on gold, of 19 items.
    fn sample(tasks: &[&[(&str, &str)]], known: &[&str]) -> QualitySample {
        let answers = (1..).zip(tasks).flat_map(|(task, given)| {
            given.iter().map(move |(worker, label)| SampledAnswer {
                task: TaskId(task),
                worker: (*worker).to_owned(),
                values: HashMap::from([(
                    "rating".to_owned(),
                    RawJson::parse(format!("\"{label}\"")).unwrap(),
                )]),
                seconds: 1.0,
            })
        });
        let mut answers: Vec<_> = answers.collect();
        answers.reverse();
        QualitySample {
            fields: vec![SampledField {
                name: "rating".to_owned(),
                options: 2,
                method: ConsensusMethod::MajorityVote,
                is_decided: true,
                decisions: HashMap::new(),
            }],
            answers,
            is_cut: false,
            below_confidence: 0,
            gold: known
                .iter()
                .map(|worker| ((*worker).to_owned(), Share::new(19, 19).unwrap()))
                .collect(),
        }
    }

    #[test]
    fn answers_stop_where_the_rule_would_have_stopped_them() {
        // One who is right 19.5 times of 20 is 0.975 sure alone; two who agree 0.99934, two who do not 0.5.
        let given = sample(
            &[
                &[("ann", "a"), ("ben", "a"), ("cid", "a")],
                &[("ann", "a"), ("ben", "b"), ("cid", "b")],
            ],
            &["ann", "ben", "cid"],
        );
        let costs = given.costs(1, &[0.97, 0.98, 0.9999]).unwrap().unwrap();
        assert_eq!((costs.tasks, costs.answers_per_task), (2, 3.0));
        let found: Vec<_> = costs
            .at
            .iter()
            .map(|c| (c.answers_per_task, c.sure))
            .collect();
        assert_eq!(found, [(1.0, 1.0), (2.5, 0.5), (3.0, 0.5)]);
        let costs = given.costs(2, &[0.97]).unwrap().unwrap();
        assert_eq!(costs.at[0].answers_per_task, 2.5);
        assert_eq!(sample(&[], &[]).costs(1, &[0.9]).unwrap(), None);
    }
}
