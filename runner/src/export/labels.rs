//! One label per task, from what workers said of it: fitted here, once per run, so that no server needs the memory. The
//! answers up to the watermark fix it, in whatever order they come.

use datacrowd_consensus::{
    Answers, Collector, Known, Method,
    agreement::{Counts, Raw, Weights},
};
use datacrowd_protocol::{
    export::{ExportConsensus, GivenLabel, LabelPage},
    ids::TaskId,
    labeling::ConsensusMethod,
    raw::RawJson,
    run::ExportOpened,
};
use serde::Serialize;

use crate::{halt::Halt, session::Session};

/// Digits after the point of a probability.
const DIGITS: f64 = 1e6;

/// What the crowd says of one task.
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
    answers: Answers<TaskId, String, String>,
    /// What can be said, in the labels' order.
    values: Vec<RawJson>,
    counts: Counts,
    weights: Weights,
    fitted: datacrowd_consensus::Consensus,
    method: ConsensusMethod,
}

impl Labels {
    /// Reads what workers said, and fits it, where the export asks for it.
    pub(super) async fn of(session: &Session, opened: &ExportOpened) -> Result<Option<Self>, Halt> {
        let Some(ExportConsensus { method, .. }) = opened.consensus else {
            return Ok(None);
        };
        let mut given = Collector::default();
        let mut cursor = None;
        loop {
            let platform = &session.platform;
            let page = platform.labels(opened.export_id, opened.epoch, cursor.as_deref());
            let LabelPage { items, next_cursor } = page.await?;
            for item in items {
                collect(&mut given, item)?;
            }
            cursor = next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        let fitting = tokio::task::spawn_blocking(move || fit(given, method));
        let fitted = fitting.await.map_err(|error| {
            Halt::TryAgain(format!(
                "the consensus of the answers was not found: {error}"
            ))
        })?;
        fitted.map(Some)
    }

    /// What is said of a task.
    pub(super) fn of_task(&self, task: TaskId) -> Label {
        let found = self.answers.task(&task);
        let raw = Raw::new(&self.counts, &self.weights).expect("both are of these labels");
        Label {
            label: found.map(|task| self.values[self.fitted.label(task).index()].clone()),
            confidence: found.map(|task| rounded(self.fitted.confidence(task))),
            method: datacrowd_protocol::WireEnum::upper(self.method),
            agreement: found.and_then(|task| raw.of(task)).map(rounded),
        }
    }
}

type Given = Collector<TaskId, String, String>;

fn collect(given: &mut Given, item: GivenLabel) -> Result<(), Halt> {
    let label = item.label.compact().get().to_owned();
    given
        .push(item.task_id, item.worker_id, label)
        .map_err(|error| Halt::TryAgain(error.to_string()))
}

fn fit(given: Given, method: ConsensusMethod) -> Result<Labels, Halt> {
    let answers = given
        .finish()
        .map_err(|error| Halt::TryAgain(error.to_string()))?;
    let values = answers.labels().iter().cloned().map(RawJson::parse);
    let values = values
        .collect::<Result<_, _>>()
        .map_err(|error| Halt::TryAgain(error.to_string()))?;
    let votes = answers.votes();
    Ok(Labels {
        values,
        counts: Counts::new(votes),
        weights: Weights::identity(votes.labels()),
        fitted: by_name(method).fit(votes, &Known::nothing(votes)),
        answers,
        method,
    })
}

fn by_name(method: ConsensusMethod) -> Method {
    match method {
        ConsensusMethod::MajorityVote => Method::MajorityVote,
        ConsensusMethod::Wawa => Method::Wawa,
        ConsensusMethod::ZeroBasedSkill => Method::ZeroBasedSkill,
        ConsensusMethod::DawidSkene => Method::DawidSkene,
        ConsensusMethod::OneCoinDawidSkene => Method::OneCoinDawidSkene,
    }
}

fn rounded(share: f64) -> f64 {
    (share * DIGITS).round() / DIGITS
}

#[cfg(test)]
mod tests;
