//! The items that each system is given: the same rows, in the form that it takes.

use std::fmt::Write;

use serde_json::json;

/// What a worker answers, and the label of the file that has answers.
pub const ANSWER: &str = "0";
/// All that may be answered.
pub const OPTIONS: [&str; 3] = ["-1", "0", "1"];

fn text(row: usize) -> String {
    format!("the text of row {row}, as long as a short review is")
}

/// A CSV of id and text.
pub fn csv(items: usize) -> String {
    let mut file = String::from("id,text\n");
    for row in 0..items {
        let _ = writeln!(file, "i{row},\"{}\"", text(row)); // a String takes all
    }
    file
}

/// A CSV of id, text and label, as doccano takes answered items.
pub fn csv_answered(items: usize) -> String {
    let mut file = String::from("id,text,label\n");
    for row in 0..items {
        let _ = writeln!(file, "i{row},\"{}\",{ANSWER}", text(row));
    }
    file
}

/// JSON of answered items, as Label Studio takes them.
pub fn json_answered(items: usize) -> String {
    let result = label_studio_result();
    let tasks: Vec<_> = (0..items)
        .map(|row| {
            json!({
                "data": {"id": format!("i{row}"), "text": text(row)},
                "annotations": [{"result": result}],
            })
        })
        .collect();
    json!(tasks).to_string()
}

/// The answer in Label Studio's words.
pub fn label_studio_result() -> serde_json::Value {
    json!([{"from_name": "rating", "to_name": "text", "type": "choices", "value": {"choices": [ANSWER]}}])
}
