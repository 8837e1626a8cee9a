//! The answer form: every submitted answer is held against the fields of its labeling version.

use std::collections::BTreeMap;

use datacrowd_protocol::labeling::{Field, FieldType, Labeling};
use serde_json::{Map, Value, json};

/// Longest text when a field names none, in characters.
const DEFAULT_MAX_LENGTH: usize = 10_000;

/// Checks an answer; the map holds a sentence per wrong field and is empty when all fit.
#[must_use]
pub fn validate_answer(
    labeling: &Labeling,
    answer: &Map<String, Value>,
) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    for name in answer.keys() {
        if !labeling.fields.iter().any(|f| &f.name == name) {
            wrong.insert(
                name.clone(),
                "is no field of this form; remove it".to_owned(),
            );
        }
    }
    for field in &labeling.fields {
        let value = answer.get(&field.name).unwrap_or(&Value::Null);
        if let Err(why) = check(field, value) {
            wrong.insert(field.name.clone(), why);
        }
    }
    wrong
}

fn check(field: &Field, value: &Value) -> Result<(), String> {
    let required = field.required.unwrap_or(false);
    match (field.kind, value) {
        (_, Value::Null) if required => Err("is required".into()),
        (_, Value::Null) => Ok(()),
        (FieldType::SingleChoice, Value::String(chosen)) if field.options.contains(chosen) => {
            Ok(())
        }
        (FieldType::SingleChoice, _) => {
            Err(format!("must be one of: {}", field.options.join(", ")))
        }
        (FieldType::MultiChoice, Value::Array(chosen)) => {
            let known = |v: &Value| {
                v.as_str()
                    .is_some_and(|s| field.options.iter().any(|o| o == s))
            };
            if !chosen.iter().all(known) {
                Err(format!("must be a list of: {}", field.options.join(", ")))
            } else if chosen
                .iter()
                .enumerate()
                .any(|(i, v)| chosen[..i].contains(v))
            {
                Err("lists a value twice".into())
            } else if required && chosen.is_empty() {
                Err("is required".into())
            } else {
                Ok(())
            }
        }
        (FieldType::MultiChoice, _) => {
            Err(format!("must be a list of: {}", field.options.join(", ")))
        }
        (FieldType::Text, Value::String(text)) => {
            let most = field
                .max_length
                .and_then(|n| usize::try_from(n).ok())
                .unwrap_or(DEFAULT_MAX_LENGTH);
            if text.chars().count() > most {
                Err(format!("must have at most {most} characters"))
            } else if required && text.trim().is_empty() {
                Err("is required".into())
            } else {
                Ok(())
            }
        }
        (FieldType::Text, _) => Err("must be a text".into()),
        (FieldType::Number, Value::Number(number)) => {
            let number = number.as_f64().unwrap_or(f64::NAN);
            #[allow(
                clippy::cast_precision_loss,
                reason = "bounds beyond 2^53 are compared to the nearest double"
            )]
            let inside = field.minimum.is_none_or(|m| number >= m as f64)
                && field.maximum.is_none_or(|m| number <= m as f64);
            if inside { Ok(()) } else { Err(bounds(field)) }
        }
        (FieldType::Number, _) => Err(bounds(field)),
        (FieldType::Boolean, Value::Bool(_)) => Ok(()),
        (FieldType::Boolean, _) => Err("must be true or false".into()),
    }
}

fn bounds(field: &Field) -> String {
    match (field.minimum, field.maximum) {
        (Some(min), Some(max)) => format!("must be a number from {min} to {max}"),
        (Some(min), None) => format!("must be a number of at least {min}"),
        (None, Some(max)) => format!("must be a number of at most {max}"),
        (None, None) => "must be a number".into(),
    }
}

/// The form as JSON Schema (2020-12), for clients that draw or check it themselves.
#[must_use]
pub fn answer_schema(labeling: &Labeling) -> Value {
    let properties: Map<String, Value> = labeling
        .fields
        .iter()
        .map(|f| (f.name.clone(), field_schema(f)))
        .collect();
    let required: Vec<_> = labeling
        .fields
        .iter()
        .filter(|f| f.required.unwrap_or(false))
        .map(|f| f.name.clone())
        .collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn field_schema(field: &Field) -> Value {
    let mut schema = match field.kind {
        FieldType::SingleChoice => json!({"type": "string", "enum": field.options}),
        FieldType::MultiChoice => {
            json!({"type": "array", "items": {"type": "string", "enum": field.options}, "uniqueItems": true})
        }
        FieldType::Text => {
            json!({"type": "string", "maxLength": field.max_length.unwrap_or(10_000)})
        }
        FieldType::Number => json!({"type": "number"}),
        FieldType::Boolean => json!({"type": "boolean"}),
    };
    let texts = [
        ("title", field.title.as_deref()),
        ("description", field.help.as_deref()),
    ];
    for (key, text) in texts {
        if let Some(text) = text {
            schema[key] = json!(text);
        }
    }
    for (key, bound) in [("minimum", field.minimum), ("maximum", field.maximum)] {
        if let Some(bound) = bound {
            schema[key] = json!(bound);
        }
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Labeling {
        serde_json::from_value(json!({"fields": [
            {"name": "rating", "type": "SingleChoice", "options": ["-1", "0", "1"], "required": true},
            {"name": "tags", "type": "MultiChoice", "options": ["a", "b"]},
            {"name": "note", "type": "Text", "maxLength": 5},
            {"name": "score", "type": "Number", "minimum": 0, "maximum": 10},
            {"name": "sure", "type": "Boolean"}
        ]}))
        .unwrap()
    }

    fn wrong(answer: Value) -> Vec<String> {
        let Value::Object(answer) = answer else {
            panic!("an object")
        };
        validate_answer(&form(), &answer).into_keys().collect()
    }

    #[test]
    fn an_answer_that_fits_is_accepted() {
        assert!(
            wrong(
                json!({"rating": "-1", "tags": ["a"], "note": "short", "score": 9.5, "sure": true})
            )
            .is_empty()
        );
        assert!(wrong(json!({"rating": "0", "note": null})).is_empty());
    }

    #[test]
    fn each_wrong_field_is_named() {
        assert_eq!(
            wrong(
                json!({"rating": "2", "tags": ["c"], "note": "too long", "score": 11, "sure": "yes", "other": 1})
            ),
            ["note", "other", "rating", "score", "sure", "tags"]
        );
        assert_eq!(wrong(json!({})), ["rating"]);
        assert_eq!(wrong(json!({"rating": "1", "tags": ["a", "a"]})), ["tags"]);
    }
}
