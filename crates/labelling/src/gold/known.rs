//! What a row says is right, and whether an answer is. Pure.

use std::collections::{BTreeMap, BTreeSet};

use datacrowd_protocol::{
    decimal::Decimal,
    labeling::{Field, FieldType, GoldColumns, Labeling},
    raw::RawJson,
};
use serde_json::Value;

use crate::answer_form::check_value;

/// A row whose right answer is known.
#[derive(Debug)]
pub(crate) struct Known {
    /// What workers may see of it.
    pub payload: RawJson,
    /// A value per field that is known.
    pub expected: RawJson,
    /// Why.
    pub explanation: Option<String>,
}

/// Parts a row into what workers see and what is right; the error is a sentence.
pub(super) fn read_row(
    payload: &RawJson,
    columns: &GoldColumns,
    labeling: &Labeling,
) -> Result<Known, String> {
    let mut cells: BTreeMap<String, RawJson> =
        serde_json::from_str(payload.get()).map_err(|_| "is no object".to_owned())?;
    let mut expected = BTreeMap::new();
    for (name, column) in &columns.columns {
        let field = labeling.fields.iter().find(|field| &field.name == name);
        let field = field.ok_or_else(|| format!("the project has no field \"{name}\""))?;
        let cell = cells.get(column).map_or("null", RawJson::get);
        let value = value_of(field, cell)
            .and_then(|value| check_value(field, value.get()).map(|()| value))
            .map_err(|why| format!("column \"{column}\", the right answer, {why}"))?;
        expected.insert(name.clone(), value);
    }
    let explain = columns
        .explain
        .as_ref()
        .and_then(|column| cells.get(column));
    let explanation = explain.and_then(|cell| text_of(cell.get()));
    for column in columns.all() {
        cells.remove(column);
    }
    Ok(Known {
        payload: to_json(&cells),
        expected: to_json(&expected),
        explanation,
    })
}

fn to_json(members: &BTreeMap<String, RawJson>) -> RawJson {
    let text = serde_json::to_string(members).expect("what was JSON is JSON again");
    RawJson::parse(text).expect("what was JSON is JSON again")
}

/// The text of a cell; none where it is empty.
fn text_of(cell: &str) -> Option<String> {
    match serde_json::from_str(cell) {
        Ok(Value::Null) => None,
        Ok(Value::String(text)) => Some(text).filter(|text| !text.trim().is_empty()),
        _ => Some(cell.to_owned()),
    }
}

/// A cell as a worker would answer the field: a CSV has texts only.
fn value_of(field: &Field, cell: &str) -> Result<RawJson, String> {
    let empty = || "is empty; write it, or remove the row".to_owned();
    let text = match serde_json::from_str(cell) {
        Ok(Value::Null) => return Err(empty()),
        Ok(Value::String(text)) => text,
        _ => return RawJson::parse(cell.to_owned()).map_err(|_| "cannot be read".to_owned()),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(empty());
    }
    let json = match field.kind {
        FieldType::Text => return json_text(&text),
        FieldType::SingleChoice if field.options.contains(&text) => return json_text(&text),
        FieldType::SingleChoice => return json_text(trimmed),
        FieldType::Boolean => trimmed.to_ascii_lowercase(),
        FieldType::Number | FieldType::MultiChoice => trimmed.to_owned(),
    };
    RawJson::parse(json).map_err(|_| match field.kind {
        FieldType::Boolean => "must be true or false".to_owned(),
        FieldType::MultiChoice => "must be a list, like [\"a\", \"b\"]".to_owned(),
        _ => "must be a number".to_owned(),
    })
}

fn json_text(text: &str) -> Result<RawJson, String> {
    RawJson::parse(Value::from(text).to_string()).map_err(|_| "cannot be read".to_owned())
}

/// Whether an answer says of each known field what is right. A field that the form lost since is not held against anybody.
pub(super) fn is_right(labeling: &Labeling, expected: &RawJson, answer: &RawJson) -> bool {
    let read = |json: &RawJson| {
        serde_json::from_str::<BTreeMap<String, RawJson>>(json.get()).unwrap_or_default()
    };
    let (expected, answer) = (read(expected), read(answer));
    expected.iter().all(|(name, right)| {
        let field = labeling.fields.iter().find(|field| &field.name == name);
        let given = answer.get(name).map_or("null", RawJson::get);
        field.is_none_or(|field| is_same(field.kind, right.get(), given))
    })
}

/// Whether two values of a field mean the same.
fn is_same(kind: FieldType, one: &str, other: &str) -> bool {
    match kind {
        FieldType::Number => matches!(
            (Decimal::parse(one), Decimal::parse(other)),
            (Ok(one), Ok(other)) if one == other
        ),
        FieldType::MultiChoice => {
            let set = |json| serde_json::from_str::<BTreeSet<String>>(json).unwrap_or_default();
            set(one) == set(other)
        }
        FieldType::SingleChoice | FieldType::Text | FieldType::Boolean => {
            let value = |json| serde_json::from_str::<Value>(json).unwrap_or_default();
            value(one) == value(other)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn form() -> Labeling {
        serde_json::from_value(json!({"fields": [
            {"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"]},
            {"name": "tags", "type": "MultiChoice", "options": ["a", "b"]},
            {"name": "score", "type": "Number", "minimum": 0},
            {"name": "sure", "type": "Boolean"}
        ]}))
        .unwrap()
    }

    fn raw(value: &Value) -> RawJson {
        RawJson::parse(value.to_string()).unwrap()
    }

    fn row(field: &str, cell: &Value) -> Result<Known, String> {
        let columns =
            serde_json::from_value(json!({"columns": {field: "right"}, "explain": "why"}));
        let payload = json!({"text": "t", "right": cell, "why": "because"});
        read_row(&raw(&payload), &columns.unwrap(), &form())
    }

    #[test]
    fn what_is_right_is_read_as_a_worker_would_answer_it_and_shown_to_none() {
        for (field, cell, expected) in [
            ("rating", json!("-1"), json!("-1")),
            ("rating", json!(" 0 "), json!("0")),
            ("tags", json!("[\"a\"]"), json!(["a"])),
            ("tags", json!(["b", "a"]), json!(["b", "a"])),
            ("score", json!("1.50"), json!(1.50)),
            ("sure", json!("TRUE"), json!(true)),
        ] {
            let known = row(field, &cell).unwrap();
            assert_eq!(known.payload.get(), "{\"text\":\"t\"}");
            let found: Value = serde_json::from_str(known.expected.get()).unwrap();
            assert_eq!(found, json!({field: expected}));
            assert_eq!(known.explanation.as_deref(), Some("because"));
        }
    }

    #[test]
    fn what_cannot_be_right_is_refused_by_column_and_reason() {
        for (field, cell, why) in [
            ("rating", json!("2"), "must be one of"),
            ("rating", json!(""), "is empty"),
            ("rating", json!(null), "is empty"),
            ("tags", json!("a"), "must be a list"),
            ("score", json!("-1"), "at least 0"),
            ("score", json!("many"), "must be a number"),
            ("sure", json!("yes"), "must be true or false"),
            ("mood", json!("good"), "no field \"mood\""),
        ] {
            let refused = row(field, &cell).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn an_answer_is_right_when_it_means_the_same() {
        for (expected, answer, right) in [
            (
                json!({"rating": "1"}),
                json!({"rating": "1", "sure": true}),
                true,
            ),
            (json!({"rating": "1"}), json!({"rating": "0"}), false),
            (json!({"rating": "1"}), json!({}), false),
            (
                json!({"tags": ["a", "b"]}),
                json!({"tags": ["b", "a"]}),
                true,
            ),
            (json!({"tags": ["a", "b"]}), json!({"tags": ["b"]}), false),
            (json!({"score": 1.5}), json!({"score": 1.50}), true),
            (
                json!({"rating": "1", "score": 2}),
                json!({"rating": "1", "score": 3}),
                false,
            ),
            (json!({"gone": "x"}), json!({}), true),
        ] {
            assert_eq!(
                is_right(&form(), &raw(&expected), &raw(&answer)),
                right,
                "{expected} {answer}"
            );
        }
    }
}
