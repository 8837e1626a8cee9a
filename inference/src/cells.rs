//! The numbers of an item's cells.

use std::collections::BTreeMap;

use datacrowd_protocol::model::{ItemFailed, ItemFailure};
use serde_json::Value;

use crate::item::failed;

/// The numbers of `columns`, in their order. A cell holds a number, or text that is one.
///
/// # Errors
/// A column is missing, or holds no number.
pub(crate) fn numbers(
    columns: &[String],
    cells: &BTreeMap<String, Value>,
) -> Result<Vec<f64>, ItemFailed> {
    columns
        .iter()
        .map(|column| {
            let cell = cells.get(column).ok_or_else(|| {
                failed(
                    ItemFailure::MissingColumn,
                    format!("The item has no column \"{column}\"; add it."),
                )
            })?;
            number(cell).ok_or_else(|| {
                failed(
                    ItemFailure::NotANumber,
                    format!(
                        "The column \"{column}\" holds {}, which is no number; correct it.",
                        shown(cell)
                    ),
                )
            })
        })
        .collect()
}

fn number(cell: &Value) -> Option<f64> {
    let number = match cell {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    // What the model gets is a 32-bit number.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whether it fits is the question"
    )]
    number.filter(|number| (*number as f32).is_finite())
}

fn shown(cell: &Value) -> String {
    match cell {
        Value::Null => "nothing".to_owned(),
        Value::String(text) if text.trim().is_empty() => "nothing".to_owned(),
        other => other.to_string().chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn cells_are_numbers_or_say_why_not() {
        let columns = ["a".to_owned(), "b".to_owned()];
        let of = |cells: Value| numbers(&columns, &serde_json::from_value(cells).unwrap());
        let good = of(json!({"b": " -1.5e3 ", "a": 2, "c": "x"}));
        assert_eq!(good.unwrap(), [2.0, -1500.0]);
        for (cells, reason) in [
            (json!({"a": 1}), ItemFailure::MissingColumn),
            (json!({"a": 1, "b": null}), ItemFailure::NotANumber),
            (json!({"a": 1, "b": ""}), ItemFailure::NotANumber),
            (json!({"a": 1, "b": "1,5"}), ItemFailure::NotANumber),
            (json!({"a": 1, "b": "nan"}), ItemFailure::NotANumber),
            (json!({"a": 1, "b": 1e300}), ItemFailure::NotANumber),
            (json!({"a": 1, "b": true}), ItemFailure::NotANumber),
        ] {
            assert_eq!(of(cells.clone()).unwrap_err().reason, reason, "{cells}");
        }
    }
}
