//! What is wrong with a request, in the words of who sent it: the member, and what it must be. Parsers name types
//! of ours that no caller knows, so no text of theirs is passed on; what is not known here is said in general.

use datacrowd_accounts::is_invisible;
use serde_json::error::Category;

use crate::error::{ApiError, Code};

/// What is said of a member whose fault has no words yet.
const GENERAL: &str = "does not fit here; see /docs for its form";
/// How our own sentences begin.
const OWN: [&str; 2] = ["must ", "holds "];
const ID: &str = "must be an id such as 01932b6e-7a4c-7b3e-9d2f-3c5a8e1f0b6d";
const WHOLE: &str = "must be a whole number";
const RANGE: &str = "is a number out of range; send one nearer to 0";
/// 2^63: what is as large is no integer to a parser, whether or not it was written as one.
const INTEGERS_END: f64 = 9_223_372_036_854_775_808.0;
const TIME: &str = "must be a time such as 2026-11-25T12:00:00Z";
const CURSOR: &str = "must be nextCursor of the page before; leave it out for the first page";

/// A text without the blanks around it; empty when there is nothing in it that anybody sees.
pub fn seen(text: &str) -> &str {
    match text.chars().all(is_invisible) {
        true => "",
        false => text.trim(),
    }
}

/// A JSON text that is not what was expected.
pub fn of_json(error: serde_path_to_error::Error<serde_json::Error>) -> ApiError {
    let path = error.path().to_string();
    let error = error.into_inner();
    let why = match error.classify() {
        Category::Data => return member(&path, "body", &without_position(&error.to_string())),
        Category::Eof if error.line() <= 1 && error.column() == 0 => {
            "it is empty; send an object".to_owned()
        }
        Category::Eof => "it ends too early; send it whole".to_owned(),
        Category::Syntax | Category::Io => format!(
            "see its line {}, character {}",
            error.line(),
            error.column()
        ),
    };
    ApiError::not_json(&why)
}

/// Query parameters that are not what was expected.
pub fn of_query(path: &str, text: &str) -> ApiError {
    member(path, "query", text)
}

/// serde_json tells the position behind the text, and how it tells it is its own business.
fn without_position(text: &str) -> String {
    let cut = text.rfind(" at line ").unwrap_or(text.len());
    text[..cut].to_owned()
}

/// A refusal that stands under the member's own name.
fn member(path: &str, root: &str, text: &str) -> ApiError {
    let path = if path == "." { "" } else { path };
    if let Some(name) = quoted_after(text, "unknown field ") {
        let why = "is not known here; remove it".to_owned();
        return ApiError::invalid(Code::UnknownField, [(below(path, name), why)].into());
    }
    if let Some(name) = quoted_after(text, "missing field ") {
        return ApiError::invalid_member(&below(path, name), "is missing; add it");
    }
    if let Some(name) = quoted_after(text, "duplicate field ") {
        return ApiError::invalid_member(&below(path, name), "is given twice; keep one");
    }
    let why = sentence(text);
    let is_cursor = path == "cursor" && (why == ID || why.starts_with(WHOLE));
    let why = if is_cursor { CURSOR.to_owned() } else { why };
    ApiError::invalid_member(if path.is_empty() { root } else { path }, why)
}

/// The name of a member of what lies at `path`; the path may end in it already.
fn below(path: &str, name: &str) -> String {
    if path.is_empty() {
        return name.to_owned();
    }
    let has_it = path
        .strip_suffix(name)
        .is_some_and(|before| before.is_empty() || before.ends_with('.'));
    match has_it {
        true => path.to_owned(),
        false => format!("{path}.{name}"),
    }
}

/// `x` of "unknown field `x`, …".
fn quoted_after<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(before)?.strip_prefix('`')?;
    rest.split_once('`').map(|(name, _)| name)
}

/// What a member must be.
fn sentence(text: &str) -> String {
    if OWN.iter().any(|own| text.starts_with(own)) {
        return text.to_owned();
    }
    if let Some((_, known)) = text
        .strip_prefix("unknown variant ")
        .and_then(|rest| rest.split_once(", expected "))
    {
        let known = known.trim_start_matches("one of ").replace('`', "");
        return format!("must be one of {}", known.replace(" or ", ", "));
    }
    if let Some((found, expected)) = text.split_once(", expected ") {
        return expectation(found, expected);
    }
    match text {
        "invalid digit found in string" | "cannot parse integer from empty string" => WHOLE,
        "number too large to fit in target type" | "number too small to fit in target type" => {
            RANGE
        }
        "provided string was not `true` or `false`" => "must be true or false",
        "invalid float literal" | "cannot parse float from empty string" => "must be a number",
        "input is out of range"
        | "no possible date and time matching input"
        | "input is not enough for unique date and time"
        | "input contains invalid characters"
        | "premature end of input"
        | "trailing input" => TIME,
        _ if text.starts_with("UUID parsing failed") => ID,
        _ => GENERAL,
    }
    .to_owned()
}

/// From what the parser found and expected. `found` is such as "invalid type: null", `expected` such as "a string".
fn expectation(found: &str, expected: &str) -> String {
    let expected = expected.trim_matches('`');
    let is_number = found.contains(": integer") || found.contains(": floating point");
    let wanted = match expected {
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" | "isize"
        | "i128" | "u128" => {
            if found.contains(": integer") {
                return RANGE.to_owned();
            }
            if is_number {
                return not_whole(found);
            }
            WHOLE
        }
        "f32" | "f64" => "must be a number",
        "a boolean" => "must be true or false",
        "a string" | "a borrowed string" | "str" | "string" => "must be a text in quotes",
        "a map" => "must be an object in braces",
        "a sequence" => "must be a list in brackets",
        _ if expected.starts_with("struct ") => "must be an object in braces",
        _ if expected.starts_with("a tuple") || expected.starts_with("an array") => {
            "must be a list in brackets"
        }
        _ if expected.contains("UUID") => ID,
        _ if expected.contains("RFC 3339") => TIME,
        // An enumeration.
        _ if expected.starts_with("enum ") || expected.starts_with("variant") => {
            "must be one of the names that /docs lists"
        }
        _ => return GENERAL.to_owned(),
    };
    match kind_of(found) {
        Some(kind) => format!("{wanted}, not {kind}"),
        None => wanted.to_owned(),
    }
}

/// What is said of "invalid type: floating point `1.5`" where a whole number is expected.
fn not_whole(found: &str) -> String {
    let number = found.split('`').nth(1).and_then(|n| n.parse::<f64>().ok());
    match number {
        Some(large) if large.abs() >= INTEGERS_END => RANGE.to_owned(),
        Some(zero) if zero.abs() == 0.0 => format!("{WHOLE}; write 0 without sign and fraction"),
        _ => format!("{WHOLE}, without a fraction"),
    }
}

fn kind_of(found: &str) -> Option<&'static str> {
    if found.starts_with("invalid length") {
        return Some("a list");
    }
    let (_, found) = found.split_once(": ")?;
    [
        ("null", "null"),
        ("unit", "null"),
        ("boolean", "true or false"),
        ("integer", "a number"),
        ("floating point", "a number"),
        ("string", "a text"),
        ("sequence", "a list"),
        ("map", "an object"),
    ]
    .into_iter()
    .find_map(|(begins, kind)| found.starts_with(begins).then_some(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_told_in_words() {
        for (text, told) in [
            (
                "invalid type: null, expected a string",
                "must be a text in quotes, not null",
            ),
            (
                "invalid type: floating point `1.5`, expected i64",
                "must be a whole number, without a fraction",
            ),
            (
                "invalid type: floating point `100000000000000000000.0`, expected i64",
                RANGE,
            ),
            (
                "invalid type: floating point `-0.0`, expected i64",
                "must be a whole number; write 0 without sign and fraction",
            ),
            (
                "invalid type: string \"10\", expected i64",
                "must be a whole number, not a text",
            ),
            ("invalid value: integer `5000000000`, expected i32", RANGE),
            (
                "invalid length 0, expected struct NewProject with 5 elements",
                "must be an object in braces, not a list",
            ),
            (
                "invalid type: map, expected a sequence",
                "must be a list in brackets, not an object",
            ),
            (
                "unknown variant `X`, expected one of `Jsonl`, `Csv`",
                "must be one of Jsonl, Csv",
            ),
            (
                "unknown variant `X`, expected `Now` or `Later`",
                "must be one of Now, Later",
            ),
            ("UUID parsing failed: invalid length: found 0", ID),
            (
                "invalid type: integer `1`, expected a formatted UUID string",
                "must be an id such as 01932b6e-7a4c-7b3e-9d2f-3c5a8e1f0b6d, not a number",
            ),
            ("invalid digit found in string", WHOLE),
            ("premature end of input", TIME),
            ("must be between 1 and 3", "must be between 1 and 3"),
            ("serde said something new", GENERAL),
            ("invalid type: map, expected something of ours", GENERAL),
        ] {
            assert_eq!(sentence(text), told, "{text}");
        }
    }

    #[test]
    fn a_text_that_nobody_sees_is_none() {
        for (text, said) in [
            (" because\u{200b} ", "because\u{200b}"),
            ("\u{200b}", ""),
            (" \u{ad}\n\u{2800} ", ""),
            ("", ""),
            ("\u{1f44d}", "\u{1f44d}"),
        ] {
            assert_eq!(seen(text), said, "{text:?}");
        }
    }

    #[test]
    fn a_member_is_named_with_its_path_once() {
        assert_eq!(below("", "a"), "a");
        assert_eq!(below("a.b", "b"), "a.b");
        assert_eq!(below("a.bb", "b"), "a.bb.b");
        assert_eq!(below("a[0]", "b"), "a[0].b");
    }
}
