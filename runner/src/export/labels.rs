//! One label per task, from what workers said of it: fitted here, once per run, so that no server needs the memory. The
//! answers and the owner's decisions up to the watermark fix it, in whatever order they come.

use std::collections::BTreeMap;

use datacrowd_consensus::{
    Collector, Labelled, Tally, Z_95,
    agreement::{Counts, Raw, Weights},
};
use datacrowd_job::halt::Halt;
use datacrowd_protocol::{
    export::{DecidedLabel, ExportConsensus, GivenLabel, LabelPage},
    ids::TaskId,
    labeling::ConsensusMethod,
    raw::RawJson,
    run::ExportOpened,
};
use serde::Serialize;

use crate::{Session, calls};

use super::record::write_line;

/// Digits after the point of a probability.
const DIGITS: f64 = 1e6;

/// How a label was found that the owner gave.
const DECISION: &str = "DECISION";

/// What the crowd says of one task, or its owner.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Label {
    /// The value of the field; null where nobody answered it.
    pub label: Option<RawJson>,
    /// Probability of the label, 0 to 1.
    pub confidence: Option<f64>,
    /// How it was found.
    pub method: &'static str,
    /// Share of pairs of answers that are equal; null with fewer than two.
    pub agreement: Option<f64>,
}

/// The labels of all tasks.
pub(super) struct Labels {
    labelled: Labelled<TaskId, String, String>,
    /// What can be said, in the labels' order.
    values: Vec<RawJson>,
    counts: Counts,
    weights: Weights,
    method: ConsensusMethod,
    /// What the owner says, as JSON: it overrules what was fitted.
    decisions: Decisions,
}

type Decisions = BTreeMap<TaskId, RawJson>;

impl Labels {
    /// Reads what workers said, and fits it, where the export asks for it.
    pub(super) async fn of(session: &Session, opened: &ExportOpened) -> Result<Option<Self>, Halt> {
        let Some(ExportConsensus { method, .. }) = opened.consensus else {
            return Ok(None);
        };
        let (mut given, mut decisions) = (Collector::default(), Decisions::new());
        let mut cursor = None;
        loop {
            let platform = &session.platform;
            let page = calls::labels(platform, opened.export_id, opened.epoch, cursor.as_deref());
            let page: LabelPage = page.await?;
            for item in page.items {
                collect(&mut given, item)?;
            }
            for DecidedLabel { task_id, label } in page.decisions {
                decisions.insert(task_id, label.compact());
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let fitting = tokio::task::spawn_blocking(move || fit(given, decisions, method));
        let fitted = fitting.await.map_err(|error| {
            Halt::TryAgain(format!(
                "the consensus of the answers was not found: {error}"
            ))
        })?;
        fitted.map(Some)
    }

    /// What is said of a task.
    pub(super) fn of_task(&self, task: TaskId) -> Label {
        let found = self.labelled.answers().task(&task);
        let raw = Raw::new(&self.counts, &self.weights).expect("both are of these labels");
        let agreement = found.and_then(|task| raw.of(task)).map(rounded);
        if let Some(decision) = self.decisions.get(&task) {
            return Label {
                label: Some(decision.clone()),
                confidence: Some(1.0),
                method: DECISION,
                agreement,
            };
        }
        Label {
            label: found.map(|task| self.values[self.labelled.of(task).0.index()].clone()),
            confidence: found.map(|task| rounded(self.labelled.confidence(task))),
            method: datacrowd_protocol::WireEnum::upper(self.method),
            agreement,
        }
    }
}

/// What the answers of one worker are worth.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
struct WorkerLine<'a> {
    worker_id: &'a str,
    /// Approved answers in the field.
    answers: u32,
    /// Those that were held against a label: of tasks that others answered, too, or that the owner decided.
    compared: u32,
    /// Share of these that equal the label; null of none.
    skill: Option<f64>,
    /// Wilson's interval of 95 %.
    skill_low: f64,
    skill_high: f64,
    /// Share of others' answers to the same tasks that are equal; null without any.
    agreement: Option<f64>,
}

impl<'a> WorkerLine<'a> {
    fn new(worker_id: &'a str, tally: &Tally) -> Self {
        let (low, high) = tally.right.wilson(Z_95);
        Self {
            worker_id,
            answers: tally.answers,
            compared: tally.right.total(),
            skill: tally.right.value().map(rounded),
            skill_low: rounded(low),
            skill_high: rounded(high),
            agreement: tally.pairs.value().map(rounded),
        }
    }
}

impl Labels {
    /// `workers.jsonl`: a line for each worker, in the order of their pseudonyms.
    pub(super) fn workers(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let workers = self.labelled.answers().workers().iter();
        for (worker, tally) in workers.zip(self.labelled.tallies()) {
            write_line(&mut out, &WorkerLine::new(worker, &tally));
        }
        out
    }
}

type Given = Collector<TaskId, String, String>;

fn collect(given: &mut Given, item: GivenLabel) -> Result<(), Halt> {
    let label = item.label.compact().get().to_owned();
    given
        .push(item.task_id, item.worker_id, label)
        .map_err(|error| Halt::TryAgain(error.to_string()))
}

/// Methods that learn from what is known learn from decisions: who errs, and how.
fn fit(given: Given, decisions: Decisions, method: ConsensusMethod) -> Result<Labels, Halt> {
    let known = decisions
        .iter()
        .map(|(task, label)| (*task, label.get().to_owned()));
    let labelled = Labelled::fit(given, known.collect(), method.into())
        .map_err(|error| Halt::TryAgain(error.to_string()))?;
    let values = labelled.answers().labels().iter().cloned();
    let values = values
        .map(RawJson::parse)
        .collect::<Result<_, _>>()
        .map_err(|error| Halt::TryAgain(error.to_string()))?;
    let votes = labelled.votes();
    Ok(Labels {
        values,
        counts: Counts::new(votes),
        weights: Weights::identity(votes.labels()),
        labelled,
        method,
        decisions,
    })
}

fn rounded(share: f64) -> f64 {
    (share * DIGITS).round() / DIGITS
}

#[cfg(test)]
mod tests;
