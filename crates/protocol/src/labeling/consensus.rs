//! How the answers to a task become one label, and when there are enough of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Field, FieldType, Labeling};
use crate::{decimal::Decimal, wire_enum};

wire_enum! {
    /// How the answers to a task become one label. The names are those of the literature; docs/quality.md says when which
    /// of them fails.
    pub enum ConsensusMethod {
        /// The label that most workers gave.
        MajorityVote = "MAJORITY_VOTE" / "majority_vote",
        /// Votes weighted by how often a worker agrees with the majority.
        Wawa = "WAWA" / "wawa",
        /// Votes weighted by a skill that is learned step by step.
        ZeroBasedSkill = "ZERO_BASED_SKILL" / "zero_based_skill",
        /// A confusion matrix for each worker, by expectation and maximisation.
        DawidSkene = "DAWID_SKENE" / "dawid_skene",
        /// One accuracy for each worker, by expectation and maximisation.
        OneCoinDawidSkene = "ONE_COIN_DAWID_SKENE" / "one_coin_dawid_skene",
    }
}

/// How the answers to a task become one label, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Consensus {
    /// The question whose answers become one: of a single choice, or of true or false.
    #[schemars(length(min = 1, max = 63))]
    pub field: String,
    /// How; MajorityVote when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<ConsensusMethod>,
    /// How many different workers answer each task at least (1 to 25), in place of answersPerTask. Frozen by the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 25))]
    pub min_answers: Option<i32>,
    /// How many answer it at most (1 to 25), while its label is less sure than confidence. Each one more is charged. Frozen by
    /// the first run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 25))]
    pub max_answers: Option<i32>,
    /// How probable a label must be to need no further answer: a text between "0" and "1", like "0.95".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Decimal>,
}

/// How far a task may grow beyond the answers that it was made for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Overlap<'a> {
    /// The question whose label has to be sure.
    pub field: &'a str,
    /// How many labels it has.
    pub options: i32,
    /// Most answers to a task.
    pub most: i32,
    /// How sure: a probability.
    pub confidence: f64,
}

impl Consensus {
    /// Effective method.
    #[must_use]
    pub fn method(&self) -> ConsensusMethod {
        self.method.unwrap_or(ConsensusMethod::MajorityVote)
    }
}

impl Field {
    /// Between how many values an answer chooses, where it is one choice, or true or false.
    #[must_use]
    pub fn choices(&self) -> usize {
        match self.kind {
            FieldType::Boolean => 2,
            _ => self.options.len(),
        }
    }
}

impl Labeling {
    /// How far tasks may grow; none where each keeps the answers that it was made for.
    #[must_use]
    pub fn overlap(&self) -> Option<Overlap<'_>> {
        let consensus = self.consensus.as_ref()?;
        let field = self.fields.iter().find(|f| f.name == consensus.field)?;
        Some(Overlap {
            field: &consensus.field,
            options: i32::try_from(field.choices()).unwrap_or(i32::MAX),
            most: consensus.max_answers?,
            confidence: consensus.confidence.as_ref()?.as_str().parse().ok()?,
        })
    }
    pub(super) fn consensus_violations(
        &self,
        consensus: &Consensus,
        found: &mut Vec<(String, String)>,
    ) {
        let mut refuse = |member: &str, why: &str| {
            found.push((format!("labeling.consensus.{member}"), why.to_owned()));
        };
        let field = self.fields.iter().find(|f| f.name == consensus.field);
        match field.map(|field| field.kind) {
            Some(FieldType::SingleChoice | FieldType::Boolean) => {}
            Some(_) => refuse(
                "field",
                "must name a field of a single choice, or of true or false",
            ),
            None => refuse("field", "names no field; write the name of one"),
        }
        let Consensus {
            min_answers,
            max_answers,
            ..
        } = consensus;
        for (member, value) in [("minAnswers", min_answers), ("maxAnswers", max_answers)] {
            if value.is_some_and(|value| !(1..=25).contains(&value)) {
                refuse(member, "must be between 1 and 25");
            }
        }
        if min_answers.is_some()
            && self
                .answers_per_task
                .is_some_and(|n| Some(n) != *min_answers)
        {
            refuse(
                "minAnswers",
                "says the same as answersPerTask, with another number; leave one of them out",
            );
        }
        if max_answers.is_some_and(|most| most < self.answers_per_task()) {
            refuse(
                "maxAnswers",
                "must not be less than minAnswers, or answersPerTask where that is absent",
            );
        }
        confidence_violations(consensus, &mut refuse);
    }
}

/// A probability, beside the answers that it may cost.
fn confidence_violations(consensus: &Consensus, refuse: &mut impl FnMut(&str, &str)) {
    let Consensus {
        max_answers,
        confidence,
        ..
    } = consensus;
    match (max_answers, confidence) {
        (Some(_), None) => refuse(
            "confidence",
            "is missing beside maxAnswers; write how probable a label must be, like \"0.95\"",
        ),
        (None, Some(_)) => refuse(
            "maxAnswers",
            "is missing beside confidence; write how many answers a task may get",
        ),
        _ => {}
    }
    let probability = confidence
        .as_ref()
        .map(|c| c.as_str().parse::<f64>().unwrap_or(f64::NAN));
    if probability.is_some_and(|p| !(p > 0.0 && p < 1.0)) {
        refuse(
            "confidence",
            "must be between 0 and 1, and neither of them, like \"0.95\"",
        );
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::labeling::{Field, tests::rating};

    #[test]
    fn consensus_is_of_a_choice_that_is_there() {
        let mut labeling = rating();
        labeling.fields.push(Field {
            name: "why".into(),
            kind: FieldType::Text,
            options: vec![],
            ..labeling.fields[0].clone()
        });
        for (field, fits) in [("rating", true), ("why", false), ("nothing", false)] {
            labeling.consensus = Some(consensus(json!({"field": field})));
            assert_eq!(labeling.violations().is_empty(), fits, "{field}");
        }
    }

    fn consensus(members: Value) -> Consensus {
        serde_json::from_value(members).unwrap()
    }

    #[test]
    fn limits_of_answers_belong_together() {
        let table = [
            (json!({"minAnswers": 2}), None, ""),
            (
                json!({"minAnswers": 2, "maxAnswers": 5, "confidence": "0.95"}),
                None,
                "",
            ),
            (json!({"maxAnswers": 5, "confidence": 0.95}), Some(3), ""),
            (
                json!({"minAnswers": 3, "maxAnswers": 3, "confidence": "9e-1"}),
                Some(3),
                "",
            ),
            (json!({"minAnswers": 2}), Some(3), "minAnswers"),
            (
                json!({"maxAnswers": 2, "confidence": "0.9"}),
                Some(3),
                "maxAnswers",
            ),
            (
                json!({"maxAnswers": 26, "confidence": "0.9"}),
                None,
                "maxAnswers",
            ),
            (json!({"minAnswers": 0}), None, "minAnswers"),
            (json!({"maxAnswers": 5}), None, "confidence"),
            (json!({"confidence": "0.9"}), None, "maxAnswers"),
            (
                json!({"maxAnswers": 5, "confidence": 1}),
                None,
                "confidence",
            ),
            (
                json!({"maxAnswers": 5, "confidence": 0}),
                None,
                "confidence",
            ),
            (
                json!({"maxAnswers": 5, "confidence": "95"}),
                None,
                "confidence",
            ),
        ];
        for (mut members, answers_per_task, violated) in table {
            members["field"] = json!("rating");
            let mut labeling = rating();
            labeling.answers_per_task = answers_per_task;
            labeling.consensus = Some(consensus(members.clone()));
            let paths: Vec<_> = labeling
                .violations()
                .into_iter()
                .map(|(path, _)| path)
                .collect();
            let expected: Vec<_> = Some(violated)
                .filter(|v| !v.is_empty())
                .map(|v| format!("labeling.consensus.{v}"))
                .into_iter()
                .collect();
            assert_eq!(paths, expected, "{members} {answers_per_task:?}");
        }
    }

    #[test]
    fn tasks_grow_where_a_confidence_is_asked_for() {
        let mut labeling = rating();
        assert_eq!(labeling.overlap(), None);
        labeling.consensus = Some(consensus(json!({"field": "rating", "minAnswers": 2})));
        assert_eq!((labeling.answers_per_task(), labeling.overlap()), (2, None));
        labeling.consensus = Some(consensus(
            json!({"field": "rating", "maxAnswers": 5, "confidence": "0.95"}),
        ));
        let overlap = Overlap {
            field: "rating",
            options: 3,
            most: 5,
            confidence: 0.95,
        };
        assert_eq!(
            (labeling.answers_per_task(), labeling.overlap()),
            (1, Some(overlap))
        );
        labeling.fields[0].kind = FieldType::Boolean;
        labeling.fields[0].options.clear();
        assert_eq!(labeling.overlap().map(|o| o.options), Some(2));
    }
}
