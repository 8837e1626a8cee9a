//! Conditions: the one table that says which of them hold in which phase, and the merge that keeps
//! `lastTransitionTime` honest. Pure; the clock comes in as an argument.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use crate::reason::Reason;

/// What a condition speaks of.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ConditionType {
    /// The resource does what its spec says.
    Ready,
    /// Its one run reached its end.
    Succeeded,
    /// The operator is working towards it.
    Reconciling,
    /// Nothing happens until someone acts.
    Stalled,
}

/// Whether a condition holds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum ConditionStatus {
    /// It holds.
    True,
    /// It does not hold.
    False,
    /// Not known yet.
    Unknown,
}

/// One condition. Our own type, because the library's carries no constraints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it speaks of.
    #[serde(rename = "type")]
    pub kind: ConditionType,
    /// Whether it holds.
    pub status: ConditionStatus,
    /// The generation of the spec that it speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0))]
    pub observed_generation: Option<i64>,
    /// When `status` last changed.
    pub last_transition_time: Time,
    /// Why, for programs.
    #[schemars(
        length(min = 1, max = 128),
        regex(pattern = r"^[A-Za-z]([A-Za-z0-9]*[A-Za-z0-9])?$")
    )]
    pub reason: String,
    /// Why, for people; ends with what to do.
    #[schemars(length(max = 4096))]
    pub message: String,
}

/// Where a resource stands: a row of the table of conditions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase {
    /// Not looked at yet.
    Unseen,
    /// Waits for someone, or is suspended.
    Waiting,
    /// A Job runs, or another attempt follows by itself.
    Running,
    /// There is nothing left to do.
    Done,
    /// Nothing happens until someone acts.
    Failed,
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Unseen,
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Failed,
    ];

    /// The table as JSON, for programs: crds/phases.json has it.
    #[must_use]
    pub fn reference() -> String {
        let row = |phase: Self| -> BTreeMap<_, _> {
            RUN_CONDITIONS.into_iter().zip(phase.table()).collect()
        };
        let table: BTreeMap<_, _> = Self::ALL.map(|phase| (phase, row(phase))).into();
        serde_json::to_string_pretty(&table).expect("names are JSON") + "\n"
    }

    /// Ready, Succeeded, Reconciling and Stalled in this phase.
    #[must_use]
    pub fn table(self) -> [ConditionStatus; 4] {
        use ConditionStatus::{False, True, Unknown};
        match self {
            Self::Unseen => [Unknown, Unknown, True, False],
            Self::Waiting => [False, Unknown, False, False],
            Self::Running => [False, Unknown, True, False],
            Self::Done => [True, True, False, False],
            Self::Failed => [False, False, False, True],
        }
    }
}

/// What is to be said of a resource at one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Where it stands.
    pub phase: Phase,
    /// Why, for programs.
    pub reason: Reason,
    /// Why, for people; stable, without counters, ends with what to do.
    pub message: String,
}

impl Verdict {
    /// A verdict.
    pub fn new(phase: Phase, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            phase,
            reason,
            message: message.into(),
        }
    }

    /// The conditions of this verdict; `lastTransitionTime` is `now` until [`merge`] corrects it.
    #[must_use]
    pub fn conditions(
        &self,
        kinds: &[ConditionType],
        generation: i64,
        now: &Time,
    ) -> Vec<Condition> {
        let [ready, succeeded, reconciling, stalled] = self.phase.table();
        kinds
            .iter()
            .map(|&kind| Condition {
                kind,
                status: match kind {
                    ConditionType::Ready => ready,
                    ConditionType::Succeeded => succeeded,
                    ConditionType::Reconciling => reconciling,
                    ConditionType::Stalled => stalled,
                },
                observed_generation: Some(generation),
                last_transition_time: now.clone(),
                reason: self.reason.as_str().to_owned(),
                message: self.message.chars().take(4096).collect(),
            })
            .collect()
    }
}

/// Conditions of what stands in force and needs no run: Project, Webhook.
pub const STANDING_CONDITIONS: [ConditionType; 3] = [
    ConditionType::Ready,
    ConditionType::Reconciling,
    ConditionType::Stalled,
];

/// Conditions of what is done by Jobs: Dataset, Export, Model, Prediction.
pub const RUN_CONDITIONS: [ConditionType; 4] = [
    ConditionType::Ready,
    ConditionType::Succeeded,
    ConditionType::Reconciling,
    ConditionType::Stalled,
];

/// Takes over `lastTransitionTime` from `old` where `status` did not change.
#[must_use]
pub fn merge(old: &[Condition], new: Vec<Condition>) -> Vec<Condition> {
    new.into_iter()
        .map(|mut condition| {
            let before = old
                .iter()
                .find(|o| o.kind == condition.kind && o.status == condition.status);
            if let Some(before) = before {
                condition.last_transition_time = before.last_transition_time.clone();
            }
            condition
        })
        .collect()
}

/// The condition of one type.
#[must_use]
pub fn find(conditions: &[Condition], kind: ConditionType) -> Option<&Condition> {
    conditions.iter().find(|c| c.kind == kind)
}

#[cfg(test)]
mod tests;
