//! The answer form: every submitted answer is held against the fields of its labeling version.

use std::collections::BTreeMap;

use datacrowd_protocol::{
    decimal::Decimal,
    labeling::{Field, FieldType, Labeling},
    raw::RawJson,
};
use serde_json::{Map, Value, json};

/// Longest text when a field names none, in characters.
const DEFAULT_MAX_LENGTH: usize = 10_000;

/// Checks an answer; the map holds a sentence per wrong field and is empty when all fit.
#[must_use]
pub fn validate_answer(labeling: &Labeling, answer: &RawJson) -> BTreeMap<String, String> {
    let mut wrong = BTreeMap::new();
    let Ok(answer) = serde_json::from_str::<BTreeMap<String, RawJson>>(answer.get()) else {
        let why = "must be an object with a value per field".to_owned();
        return [("answer".to_owned(), why)].into();
    };
    for name in answer.keys() {
        if !labeling.fields.iter().any(|f| &f.name == name) {
            wrong.insert(
                name.clone(),
                "is no field of this form; remove it".to_owned(),
            );
        }
    }
    for field in &labeling.fields {
        let raw = answer.get(&field.name).map_or("null", RawJson::get);
        if let Err(why) = check_value(field, raw) {
            wrong.insert(field.name.clone(), why);
        }
    }
    wrong
}

/// Checks the value of one field, as JSON; the error is a sentence.
pub(crate) fn check_value(field: &Field, raw: &str) -> Result<(), String> {
    match serde_json::from_str(raw) {
        // By its digits: a double would let a neighbour of the bound pass.
        Ok(Value::Number(_)) if field.kind == FieldType::Number => check_number(field, raw),
        Ok(value) => check(field, &value),
        // JSON, but no double: a number that is too large for this field, or for any other.
        Err(_) if field.kind == FieldType::Number => check_number(field, raw),
        Err(_) => Err("cannot be read".to_owned()),
    }
}

/// In quotes: an option may begin with a blank, or hold a comma.
fn quoted(options: &[String]) -> String {
    let options: Vec<_> = options.iter().map(|o| format!("\"{o}\"")).collect();
    options.join(", ")
}

fn check(field: &Field, value: &Value) -> Result<(), String> {
    let required = field.required.unwrap_or(false);
    match (field.kind, value) {
        (_, Value::Null) if required => Err("is required".into()),
        (_, Value::Null) => Ok(()),
        (FieldType::SingleChoice, Value::String(chosen)) if field.options.contains(chosen) => {
            Ok(())
        }
        (FieldType::SingleChoice, _) => Err(format!("must be one of: {}", quoted(&field.options))),
        (FieldType::MultiChoice, Value::Array(chosen)) => {
            let known = |v: &Value| {
                v.as_str()
                    .is_some_and(|s| field.options.iter().any(|o| o == s))
            };
            if !chosen.iter().all(known) {
                Err(format!("must be a list of: {}", quoted(&field.options)))
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
            Err(format!("must be a list of: {}", quoted(&field.options)))
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
        (FieldType::Number, _) => Err(bounds(field)),
        (FieldType::Boolean, Value::Bool(_)) => Ok(()),
        (FieldType::Boolean, _) => Err("must be true or false".into()),
    }
}

fn check_number(field: &Field, raw: &str) -> Result<(), String> {
    let number = Decimal::parse(raw)?;
    let inside = field.minimum.as_ref().is_none_or(|least| number >= *least)
        && field.maximum.as_ref().is_none_or(|most| number <= *most);
    if inside { Ok(()) } else { Err(bounds(field)) }
}

fn bounds(field: &Field) -> String {
    match (&field.minimum, &field.maximum) {
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
    for (key, bound) in [("minimum", &field.minimum), ("maximum", &field.maximum)] {
        // A schema's bound is a number; the nearest double of one with many digits.
        let number = bound
            .as_ref()
            .and_then(|b| b.as_str().parse::<serde_json::Number>().ok());
        if let Some(number) = number {
            schema[key] = Value::Number(number);
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
        let answer = RawJson::parse(answer.to_string()).unwrap();
        validate_answer(&form(), &answer).into_keys().collect()
    }

    #[test]
    fn numbers_are_held_against_their_bounds_digit_by_digit() {
        let mut form = form();
        form.fields[0].required = None;
        form.fields[3].minimum = Some(Decimal::parse("-0.5").unwrap());
        form.fields[3].maximum = Some(Decimal::parse("9007199254740992").unwrap());
        let wrong = |number: &str| {
            let answer = RawJson::parse(format!("{{\"score\":{number}}}")).unwrap();
            validate_answer(&form, &answer)
        };
        for inside in [
            "-0.5",
            "0",
            "0.1000000000000000000001",
            "9007199254740992",
            "1e3",
        ] {
            assert!(wrong(inside).is_empty(), "{inside}");
        }
        for outside in [
            "-0.50000000000000000000001",
            "9007199254740993",
            "1e300",
            "1e999",
        ] {
            assert_eq!(wrong(outside).len(), 1, "{outside}");
        }
        let says = wrong("-1").remove("score").unwrap();
        assert_eq!(says, "must be a number from -0.5 to 9007199254740992");
        assert_eq!(
            answer_schema(&form)["properties"]["score"]["minimum"],
            json!(-0.5)
        );
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
