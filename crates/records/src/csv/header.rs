//! The header: names every column once, and writes rows as JSON objects.

use std::collections::HashSet;

use super::BadInput;

/// A header that passed all checks.
pub(super) struct Header {
    columns: Vec<String>,
    /// Each column as `"name":`, escaped once instead of for every row.
    keys: Vec<String>,
}

impl Header {
    /// Refuses names that are empty or occur twice, and a header without a `required` column.
    pub(super) fn parse(columns: Vec<String>, required: &[String]) -> Result<Self, BadInput> {
        let refuse = |text: String| Err(BadInput(text));
        let mut seen = HashSet::new();
        for (index, column) in columns.iter().enumerate() {
            if column.contains('\0') {
                return refuse(
                    "The header contains NUL bytes, so the file is not UTF-8 text; save it as UTF-8 and upload it again."
                        .to_owned(),
                );
            }
            if column.trim().is_empty() {
                return refuse(format!(
                    "Column {} of the header has no name; the first line must name every column.",
                    index + 1
                ));
            }
            if !seen.insert(column) {
                return refuse(format!(
                    "The header names the column \"{column}\" twice; rename one of them."
                ));
            }
        }
        if let Some(missing) = required.iter().find(|name| !seen.contains(name)) {
            return refuse(format!(
                "The header has no column \"{missing}\", which the project's labeling needs; it has: {}. Add the column, or change the project's labeling.",
                columns.join(", ")
            ));
        }
        let keys = columns.iter().map(|column| quoted(column) + ":").collect();
        Ok(Self { columns, keys })
    }

    /// The names, in the file's order.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Replaces `json` with the object of a row; `ends` are the fields' ends within `text`, one a column.
    pub(super) fn write_object(&self, text: &str, ends: &[usize], json: &mut String) {
        json.clear();
        let mut begin = 0;
        for (index, (key, end)) in self.keys.iter().zip(ends).enumerate() {
            json.push(if index == 0 { '{' } else { ',' });
            json.push_str(key);
            push_quoted(json, &text[begin..*end]);
            begin = *end;
        }
        json.push('}');
    }
}

fn quoted(text: &str) -> String {
    let mut json = String::new();
    push_quoted(&mut json, text);
    json
}

/// JSON's string escapes. Only quote, backslash and control characters need one.
fn push_quoted(json: &mut String, text: &str) {
    json.push('"');
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        json.push_str(&text[plain..at]);
        plain = at + 1;
        match byte {
            b'"' => json.push_str("\\\""),
            b'\\' => json.push_str("\\\\"),
            b'\n' => json.push_str("\\n"),
            b'\r' => json.push_str("\\r"),
            b'\t' => json.push_str("\\t"),
            other => json.push_str(&format!("\\u{other:04x}")),
        }
    }
    json.push_str(&text[plain..]);
    json.push('"');
}
