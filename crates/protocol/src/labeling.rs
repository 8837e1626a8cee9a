//! What workers see and answer: the labeling model of a project.

mod consensus;
mod gold;
mod qualification;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use self::{
    consensus::{Consensus, ConsensusMethod, Overlap},
    gold::{Gold, GoldColumns, Purpose},
    qualification::{Qualification, QualificationAction},
};
use crate::{decimal::Decimal, wire_enum};

wire_enum! {
    /// What a project's items are.
    pub enum DataType {
        /// Plain text.
        Text = "TEXT" / "text",
        /// Links to images.
        Image = "IMAGE" / "image",
        /// Links to audio files.
        Audio = "AUDIO" / "audio",
        /// Links to videos.
        Video = "VIDEO" / "video",
        /// Structured records.
        Json = "JSON" / "json",
    }
}

wire_enum! {
    /// How one question is answered.
    pub enum FieldType {
        /// Exactly one of `options`.
        SingleChoice = "SINGLE_CHOICE" / "single_choice",
        /// Any number of `options`.
        MultiChoice = "MULTI_CHOICE" / "multi_choice",
        /// Free text up to `maxLength` characters.
        Text = "TEXT" / "text",
        /// A number between `minimum` and `maximum`.
        Number = "NUMBER" / "number",
        /// True or false.
        Boolean = "BOOLEAN" / "boolean",
    }
}

wire_enum! {
    /// What becomes of a slot whose answer was rejected.
    pub enum OnReject {
        /// Another worker gets it, until `maxRejections` is reached.
        Requeue = "REQUEUE" / "requeue",
        /// It stays closed.
        Close = "CLOSE" / "close",
    }
}

wire_enum! {
    /// Who may work on a project.
    pub enum Audience {
        /// Every worker.
        Public = "PUBLIC" / "public",
        /// Workers on the project's list.
        Members = "MEMBERS" / "members",
    }
}

/// One column shown to the worker; the first is the main one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisplayColumn {
    /// Name of the source column.
    #[schemars(length(min = 1, max = 128))]
    pub column: String,
    /// How the column is rendered.
    pub kind: DataType,
}

/// One question of the answer form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Key of the answer, unique in the form; also the export column `answer.<name>`.
    #[schemars(length(min = 1, max = 63), regex(pattern = r"^[A-Za-z][A-Za-z0-9_]*$"))]
    pub name: String,
    /// The question as the worker reads it; the name when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 200))]
    pub title: Option<String>,
    /// A hint below the question.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2000))]
    pub help: Option<String>,
    /// How the question is answered.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// What may be chosen, for the choice types.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 200), inner(length(min = 1, max = 200)))]
    pub options: Vec<String>,
    /// Whether an answer without this field is refused; false when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Smallest accepted number; one with a fraction is a text, like "0.5".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Decimal>,
    /// Largest accepted number; one with a fraction is a text, like "0.5".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<Decimal>,
    /// Longest accepted text, in characters; 10,000 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_length: Option<i32>,
}

/// What workers see, how they answer, and who checks them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Labeling {
    /// Instructions for workers, in Markdown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 20_000))]
    pub instructions: Option<String>,
    /// Columns shown to the worker, the main one first; all of them when empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 50))]
    pub display: Vec<DisplayColumn>,
    /// Source column whose value identifies an item for the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 128))]
    pub external_id_column: Option<String>,
    /// The questions, in the order of the form.
    #[schemars(length(min = 1, max = 50))]
    pub fields: Vec<Field>,
    /// How many different workers answer each task (1 to 25); 1 when absent. Frozen by the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 25))]
    pub answers_per_task: Option<i32>,
    /// How many different workers review each answer (0 to 9); 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 9))]
    pub reviewers_per_answer: Option<i32>,
    /// Points per approved answer; 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    pub reward_points: Option<i32>,
    /// How long a claimed task stays with its worker, in seconds; 600 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 5, max = 86_400))]
    pub lock_seconds: Option<i32>,
    /// What becomes of a rejected answer's slot; Requeue when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_reject: Option<OnReject>,
    /// Rejections of one task after which its open slots are closed; 3 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100))]
    pub max_rejections: Option<i32>,
    /// Who may work on the project; Public when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<Audience>,
    /// How the answers to a task become one label, with how sure it is, in exports of tasks; none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consensus: Option<Consensus>,
    /// How good workers have to be, and what is done about those who are not; nothing when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qualification: Option<Qualification>,
    /// How often workers are given tasks whose right answer is known; never when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gold: Option<Gold>,
}

impl Labeling {
    /// Effective answers per task.
    #[must_use]
    pub fn answers_per_task(&self) -> i32 {
        let least = self.consensus.as_ref().and_then(|c| c.min_answers);
        least.or(self.answers_per_task).unwrap_or(1)
    }
    /// Effective reviewers per answer.
    #[must_use]
    pub fn reviewers_per_answer(&self) -> i32 {
        self.reviewers_per_answer.unwrap_or(1)
    }
    /// Effective points per approved answer.
    #[must_use]
    pub fn reward_points(&self) -> i32 {
        self.reward_points.unwrap_or(0)
    }
    /// Effective lease length in seconds.
    #[must_use]
    pub fn lock_seconds(&self) -> i32 {
        self.lock_seconds.unwrap_or(600)
    }
    /// Effective policy for rejected answers.
    #[must_use]
    pub fn on_reject(&self) -> OnReject {
        self.on_reject.unwrap_or(OnReject::Requeue)
    }
    /// Effective number of rejections that close a task.
    #[must_use]
    pub fn max_rejections(&self) -> i32 {
        self.max_rejections.unwrap_or(3)
    }
    /// Effective audience.
    #[must_use]
    pub fn audience(&self) -> Audience {
        self.audience.unwrap_or(Audience::Public)
    }

    /// Columns that a source must have: those on display, and the external id's.
    #[must_use]
    pub fn required_columns(&self) -> Vec<String> {
        let shown = self.display.iter().map(|shown| &shown.column);
        shown.chain(&self.external_id_column).cloned().collect()
    }
    /// The column that workers see first.
    #[must_use]
    pub fn main_column(&self) -> Option<&str> {
        self.display.first().map(|shown| shown.column.as_str())
    }

    /// Every rule that a schema cannot say, each violation as (path, sentence).
    #[must_use]
    pub fn violations(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut range = |name: &str, value: i32, min: i32, max: i32| {
            if !(min..=max).contains(&value) {
                found.push((
                    format!("labeling.{name}"),
                    format!("must be between {min} and {max}"),
                ));
            }
        };
        range("answersPerTask", self.answers_per_task.unwrap_or(1), 1, 25);
        range("reviewersPerAnswer", self.reviewers_per_answer(), 0, 9);
        range("rewardPoints", self.reward_points(), 0, 1_000_000);
        range("lockSeconds", self.lock_seconds(), 5, 86_400);
        range("maxRejections", self.max_rejections(), 1, 100);
        if self.fields.is_empty() || self.fields.len() > 50 {
            found.push((
                "labeling.fields".into(),
                "must hold between 1 and 50 fields".into(),
            ));
        }
        if let Some(consensus) = &self.consensus {
            self.consensus_violations(consensus, &mut found);
        }
        found.extend(self.qualification_violation());
        if let Some(gold) = &self.gold {
            gold.violations(&mut found);
        }
        let mut names = BTreeSet::new();
        for (i, field) in self.fields.iter().enumerate() {
            field.violations(&format!("labeling.fields[{i}]"), &mut found);
            if !names.insert(field.name.as_str()) {
                found.push((
                    format!("labeling.fields[{i}].name"),
                    format!("\"{}\" names two fields; names must differ", field.name),
                ));
            }
        }
        found
    }
}

impl Field {
    fn violations(&self, at: &str, found: &mut Vec<(String, String)>) {
        let mut refuse =
            |member: &str, why: &str| found.push((format!("{at}.{member}"), why.to_owned()));
        let mut characters = self.name.chars();
        let well_formed = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
            && characters.all(|c| c.is_ascii_alphanumeric() || c == '_');
        if !well_formed || self.name.len() > 63 {
            refuse(
                "name",
                "must begin with a letter and hold at most 63 letters, digits and underscores",
            );
        }
        let is_choice = matches!(self.kind, FieldType::SingleChoice | FieldType::MultiChoice);
        if is_choice && self.options.is_empty() {
            refuse("options", "must list what may be chosen");
        }
        if !is_choice && !self.options.is_empty() {
            refuse("options", "belongs to the choice types only; remove it");
        }
        if self.options.iter().collect::<BTreeSet<_>>().len() != self.options.len() {
            refuse("options", "lists a value twice");
        }
        if let (Some(minimum), Some(maximum)) = (&self.minimum, &self.maximum)
            && minimum > maximum
        {
            refuse("minimum", "is greater than maximum");
        }
    }
}

#[cfg(test)]
mod tests;
