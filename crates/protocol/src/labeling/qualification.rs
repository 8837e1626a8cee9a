//! What becomes of workers who are wrong too often.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Labeling;
use crate::{decimal::Decimal, wire_enum};

wire_enum! {
    /// What is done about a worker whose skill is too small.
    pub enum QualificationAction {
        /// The project's owner is told.
        Warn = "WARN" / "warn",
        /// Each of their answers is reviewed, also where the project asks for no reviewer.
        Review = "REVIEW" / "review",
        /// They may neither work nor review.
        Block = "BLOCK" / "block",
    }
}

/// How good workers have to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Qualification {
    /// The least share of right answers, a text between "0" and "1", like "0.6". Who is surely below it
    /// misses it (docs/quality.md).
    pub min_skill: Decimal,
    /// What is done about a worker who misses it; Warn when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<QualificationAction>,
    /// How many answers to gold a worker has to have given before anything is done about them (1 to 1000); then only gold counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub min_gold: Option<i32>,
}

impl Qualification {
    /// Effective action.
    #[must_use]
    pub fn action(&self) -> QualificationAction {
        self.action.unwrap_or(QualificationAction::Warn)
    }

    /// The least share of right answers.
    #[must_use]
    pub fn min_skill(&self) -> f64 {
        self.min_skill.as_str().parse().unwrap_or(f64::NAN)
    }
}

impl Labeling {
    pub(super) fn qualification_violation(&self) -> Option<(String, String)> {
        let qualification = self.qualification.as_ref()?;
        if self.consensus.is_none() && self.gold.is_none() {
            let why = "needs labeling.consensus or labeling.gold, whose labels the answers are held against";
            return Some(("labeling.qualification".to_owned(), why.to_owned()));
        }
        if qualification
            .min_gold
            .is_some_and(|least| !(1..=1000).contains(&least))
        {
            let why = "must be between 1 and 1000";
            return Some(("labeling.qualification.minGold".to_owned(), why.to_owned()));
        }
        if qualification.min_gold.is_some() && self.gold.is_none() {
            let why = "needs labeling.gold, which says how much of it workers are given";
            return Some(("labeling.qualification.minGold".to_owned(), why.to_owned()));
        }
        let share = qualification.min_skill();
        let why = "must be between 0 and 1, and neither of them, like \"0.6\"";
        let fits = share > 0.0 && share < 1.0;
        (!fits).then(|| ("labeling.qualification.minSkill".to_owned(), why.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_skill_is_a_share_of_answers_that_have_a_label() {
        for (consensus, skill, violated) in [
            (true, json!("0.6"), None),
            (true, json!(0.6), None),
            (true, json!(1), Some("labeling.qualification.minSkill")),
            (true, json!("-0.5"), Some("labeling.qualification.minSkill")),
            (false, json!("0.6"), Some("labeling.qualification")),
        ] {
            let mut labeling = json!({
                "fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "1"]}],
                "qualification": {"minSkill": skill, "action": "Block"}
            });
            if consensus {
                labeling["consensus"] = json!({"field": "rating"});
            }
            let labeling: Labeling = serde_json::from_value(labeling).unwrap();
            let paths: Vec<_> = labeling
                .violations()
                .into_iter()
                .map(|(path, _)| path)
                .collect();
            assert_eq!(paths.first().map(String::as_str), violated, "{skill}");
        }
    }
}
