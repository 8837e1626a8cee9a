//! Tasks with a known answer that are mixed into the work, and what a Dataset says of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Labeling;
use crate::wire_enum;

wire_enum! {
    /// What the rows of a Dataset become.
    pub enum Purpose {
        /// Tasks.
        Work = "WORK" / "work",
        /// Gold: tasks whose right answer is known.
        Gold = "GOLD" / "gold",
    }
}

/// How often a worker is given a task whose right answer is known. They cannot tell it from others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Gold {
    /// So many of a worker's first tasks are gold, and what they get wrong of these is explained to them (0 to 100); 0 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub onboarding: Option<i32>,
    /// After that one task in so many is, on average (2 to 1000); none when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 2, max = 1000))]
    pub every: Option<i32>,
}

impl Gold {
    /// Effective number of first tasks.
    #[must_use]
    pub fn onboarding(&self) -> i32 {
        self.onboarding.unwrap_or(0)
    }

    /// One task in so many; 0: none.
    #[must_use]
    pub fn every(&self) -> i32 {
        self.every.unwrap_or(0)
    }
}

/// Where the rows of a gold Dataset say what is right. Workers see none of these columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoldColumns {
    /// The column of each field whose value is known.
    pub columns: BTreeMap<String, String>,
    /// The column that says why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<String>,
}

impl GoldColumns {
    /// What a Dataset says of its gold; none where its rows become tasks.
    ///
    /// # Errors
    /// The member that does not fit the others, and a sentence.
    pub fn of(
        purpose: Option<Purpose>,
        columns: BTreeMap<String, String>,
        explain: Option<String>,
    ) -> Result<Option<Self>, (&'static str, &'static str)> {
        match (purpose.unwrap_or(Purpose::Work), columns.is_empty()) {
            (Purpose::Gold, true) => Err((
                "goldColumns",
                "is missing beside the purpose Gold; name the column of each field whose answer is known",
            )),
            (Purpose::Gold, false) => Ok(Some(Self { columns, explain })),
            (Purpose::Work, false) => Err((
                "goldColumns",
                "belongs to the purpose Gold; remove it, or set purpose",
            )),
            (Purpose::Work, true) if explain.is_some() => Err((
                "explainColumn",
                "belongs to the purpose Gold; remove it, or set purpose",
            )),
            (Purpose::Work, true) => Ok(None),
        }
    }

    /// All of them.
    pub fn all(&self) -> impl Iterator<Item = &String> {
        self.columns.values().chain(&self.explain)
    }

    /// What is wrong with them for this form: the member of the Dataset, and a sentence.
    #[must_use]
    pub fn violation(&self, labeling: &Labeling) -> Option<(String, String)> {
        let shown = |column: &String| labeling.display.iter().any(|d| &d.column == column);
        for (field, column) in &self.columns {
            let at = format!("goldColumns.{field}");
            if !labeling.fields.iter().any(|f| &f.name == field) {
                let names: Vec<_> = labeling.fields.iter().map(|f| f.name.as_str()).collect();
                let why = format!(
                    "is no field of the project; write one of: {}",
                    names.join(", ")
                );
                return Some((at, why));
            }
            if shown(column) {
                let why = "names a column that workers see; put the right answer into a column of its own";
                return Some((at, why.to_owned()));
            }
        }
        let explain = self.explain.as_ref().filter(|column| shown(column))?;
        Some((
            "explainColumn".to_owned(),
            format!(
                "is \"{explain}\", which workers see; put the explanation into a column of its own"
            ),
        ))
    }
}

impl Gold {
    pub(super) fn violations(&self, found: &mut Vec<(String, String)>) {
        let mut refuse = |member: &str, why: &str| {
            found.push((format!("labeling.gold{member}"), why.to_owned()));
        };
        if !(0..=100).contains(&self.onboarding()) {
            refuse(".onboarding", "must be between 0 and 100");
        }
        if self.every.is_some_and(|every| !(2..=1000).contains(&every)) {
            refuse(".every", "must be between 2 and 1000");
        }
        if self.onboarding() == 0 && self.every.is_none() {
            refuse("", "mixes nothing in; set onboarding, every, or both");
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form(gold: serde_json::Value) -> Labeling {
        serde_json::from_value(json!({
            "display": [{"column": "text", "kind": "Text"}],
            "fields": [{"name": "rating", "type": "SingleChoice", "options": ["-1", "1"]}],
            "gold": gold
        }))
        .unwrap()
    }

    #[test]
    fn gold_says_how_often() {
        for (gold, path) in [
            (json!({"onboarding": 5, "every": 10}), None),
            (json!({"every": 2}), None),
            (json!({}), Some("labeling.gold")),
            (json!({"every": 1}), Some("labeling.gold.every")),
            (json!({"onboarding": 101}), Some("labeling.gold.onboarding")),
        ] {
            let found = form(gold.clone()).violations();
            assert_eq!(found.first().map(|(at, _)| at.as_str()), path, "{gold}");
        }
    }

    #[test]
    fn what_is_right_is_of_a_field_and_not_on_display() {
        let labeling = form(json!({"every": 5}));
        for (columns, explain, at) in [
            (json!({"rating": "expected"}), Some("why"), None),
            (json!({"mood": "expected"}), None, Some("goldColumns.mood")),
            (json!({"rating": "text"}), None, Some("goldColumns.rating")),
            (
                json!({"rating": "expected"}),
                Some("text"),
                Some("explainColumn"),
            ),
        ] {
            let columns: GoldColumns =
                serde_json::from_value(json!({"columns": columns, "explain": explain})).unwrap();
            let found = columns.violation(&labeling).map(|(at, _)| at);
            assert_eq!(found.as_deref(), at);
        }
    }
}
