//! What lies beside a file and becomes columns of its task.

use datacrowd_job::halt::Halt;
use datacrowd_protocol::files::{ListedFile, TEXT_COLUMN, companions_of};

use super::head::Heads;

/// Most bytes of a companion.
const MOST: usize = 256 * 1024;

/// Adds the members of the `.json` and the text of the `.txt` to a line of JSON; or why they cannot be.
pub(super) async fn add(
    heads: &Heads,
    file: &ListedFile,
    mut line: String,
) -> Result<Result<String, String>, Halt> {
    for (name, url) in companions_of(&file.name).iter().zip(&file.companions) {
        let Some(bytes) = heads.read(&file.uri, url, None, MOST + 1).await? else {
            continue;
        };
        let added = match bytes.len() > MOST {
            true => Err("has more than 256 KiB".to_owned()),
            false => members(name, &bytes),
        };
        match added {
            Ok(members) => join(&mut line, &members),
            Err(why) => return Ok(Err(format!("has a companion, {name}, that {why}"))),
        }
    }
    line.push('\n');
    Ok(Ok(line))
}

/// The members of a JSON object, without its braces. That they are JSON, the reader of the line finds out.
#[expect(
    clippy::case_sensitive_file_extension_comparisons,
    reason = "objects are looked up by the exact name"
)]
fn members(name: &str, bytes: &[u8]) -> Result<String, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "is not text in UTF-8".to_owned())?
        .trim_start_matches('\u{feff}');
    if name.ends_with(".txt") {
        let text = serde_json::Value::from(text);
        return Ok(format!("\"{TEXT_COLUMN}\":{text}"));
    }
    let inside = text
        .trim()
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'));
    match inside {
        // Between tokens a line's end is white space, and within them there is none.
        Some(inside) => Ok(inside.replace(['\n', '\r'], " ")),
        None => Err("is not a JSON object".to_owned()),
    }
}

fn join(line: &mut String, members: &str) {
    if !members.trim().is_empty() {
        line.pop();
        line.push(',');
        line.push_str(members);
        line.push('}');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(name: &str, text: &str) -> String {
        let mut line = "{\"file\":\"f\"}".to_owned();
        join(&mut line, &members(name, text.as_bytes()).unwrap());
        line
    }

    #[test]
    fn members_and_text_become_columns() {
        for (name, text, line) in [
            (
                "a.json",
                "{\n \"lang\": \"en\",\r\n \"n\": 1.50\n}\n",
                r#"{"file":"f",  "lang": "en",   "n": 1.50 }"#,
            ),
            ("a.json", "{ }", r#"{"file":"f"}"#),
            (
                "a.txt",
                "\u{feff}two\nlines \"x\"",
                r#"{"file":"f","text":"two\nlines \"x\""}"#,
            ),
        ] {
            assert_eq!(joined(name, text), line);
        }
        assert!(members("a.json", b"[1]").is_err());
        assert!(members("a.json", b"\xff").is_err());
    }
}
