//! What a model answers: a label with its probability, or a number.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::MOST_WINDOWS;
use crate::{
    labeling::{FieldType, Labeling},
    wire_enum,
};

wire_enum! {
    /// How the answers to the windows of a recording become one.
    pub enum WindowsMerge {
        /// The mean of each label's probability, or of the numbers.
        Mean = "MEAN" / "mean",
        /// The probabilities of the window that is surest of its label, or the greatest number.
        Max = "MAX" / "max",
    }
}

/// What a model answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelOutput {
    /// The question of the project that it answers: of a single choice, of true or false, or of a number.
    #[schemars(length(min = 1, max = 63))]
    pub field: String,
    /// The output of the file that holds the probabilities, or the number; the only one of floating point when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub tensor: Option<String>,
    /// What each probability is of, in the order of the file: options of the question, or `true` and `false`. None where the question
    /// wants a number.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 2, max = 200), inner(length(min = 1, max = 256)), extend("x-kubernetes-list-type" = "atomic"))]
    pub labels: Vec<String>,
    /// Of Audio: how the windows of a recording become one answer; Mean when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowsMerge>,
}

impl ModelOutput {
    /// How many windows of an item are kept: fewer where its labels are so many, or so long, that they would take more than half a mebibyte.
    #[must_use]
    pub fn most_windows(&self) -> usize {
        const MOST_BYTES: usize = 512 * 1024;
        /// Of a probability, with what stands around it.
        const EACH: usize = 24;
        let bytes: usize = self.labels.iter().map(|label| label.len() + EACH).sum();
        (MOST_BYTES / bytes.max(1)).clamp(1, MOST_WINDOWS)
    }

    /// Whether it says a number, which has no probability.
    #[must_use]
    pub fn is_number(&self) -> bool {
        self.labels.is_empty()
    }

    /// Effective merge of windows.
    #[must_use]
    pub fn windows(&self) -> WindowsMerge {
        self.windows.unwrap_or(WindowsMerge::Mean)
    }

    /// What of it does not fit the project's questions, as path and the rest of a sentence.
    #[must_use]
    pub fn violations(&self, labeling: &Labeling) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut say = |path: &str, why: String| found.push((format!("output{path}"), why));
        let mut known: Vec<&String> = self.labels.iter().collect();
        known.sort_unstable();
        if known.windows(2).any(|pair| pair[0] == pair[1]) {
            say(".labels", "names a label twice; name each once".into());
        }
        let field = labeling.fields.iter().find(|f| f.name == self.field);
        let Some(field) = field else {
            let why = format!(
                "names no question of the project; \"{}\" is not one of its fields",
                self.field
            );
            say(".field", why);
            return found;
        };
        match field.kind {
            FieldType::Boolean | FieldType::SingleChoice if known.len() < 2 => {
                let why = "names what the model tells apart, two labels at least; set it";
                say(".labels", why.into());
            }
            FieldType::Boolean => {
                if known != ["false", "true"] {
                    let why =
                        "are \"true\" and \"false\" for this question, in the order of the file";
                    say(".labels", why.into());
                }
            }
            FieldType::SingleChoice => {
                let strange = self.labels.iter().find(|l| !field.options.contains(l));
                if let Some(label) = strange {
                    let why = format!(
                        "names \"{label}\", which is no option of the question; use the options' own names"
                    );
                    say(".labels", why);
                }
            }
            FieldType::Number => {
                if !known.is_empty() {
                    let why = "belongs to a choice, and this question wants a number; remove it";
                    say(".labels", why.into());
                }
            }
            FieldType::MultiChoice | FieldType::Text => say(
                ".field",
                "is a question of another type; a model answers a single choice, true or false, or a number"
                    .into(),
            ),
        }
        found
    }

    /// Why this is no whole answer to the project's questions, as the rest of a sentence; nothing where it is one.
    #[must_use]
    pub fn cannot_answer_alone(&self, labeling: &Labeling) -> Option<String> {
        if self.is_number() {
            let why = "has the model answer tasks it is sure of, and a number has no probability; remove it";
            return Some(why.to_owned());
        }
        let required = labeling.fields.iter().filter(|f| f.required == Some(true));
        let other = required.filter(|f| f.name != self.field).map(|f| &f.name);
        let other = other.map(|name| format!("\"{name}\"")).collect::<Vec<_>>();
        (!other.is_empty()).then(|| {
            format!(
                "has the model answer tasks, and the project requires what it does not say: {}; remove it, or make these fields optional",
                other.join(", ")
            )
        })
    }

    /// A label as a person would give it in this question.
    #[must_use]
    pub fn answer(&self, label: &str) -> serde_json::Value {
        let mut known: Vec<&String> = self.labels.iter().collect();
        known.sort_unstable();
        match known == ["false", "true"] {
            true => serde_json::Value::Bool(label == "true"),
            false => label.into(),
        }
    }
}
