//! JSON that is checked and passed on, never built: digits stay as they were written.
//!
//! Stricter than RFC 8259 where the database or the next reader would change a value in silence: a
//! member that is given twice, a number too long to keep, the character U+0000.

mod scan;

use std::borrow::Cow;

use self::scan::Scan;

/// What is said of a text that goes on though its value has ended.
const BEHIND: &str = "more text behind the end";

/// What is wrong with a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    what: Cow<'static, str>,
    /// Byte of the text, from 0; `None` where the text is JSON, and the fault another.
    at: Option<usize>,
}

impl Problem {
    /// As the end of a sentence about the text.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self.at {
            Some(at) => format!("is not valid JSON: {} at column {}", self.what, at + 1),
            None => self.what.clone().into_owned(),
        }
    }

    /// Byte of the text from which on it is no JSON.
    pub(crate) fn place(&self) -> Option<usize> {
        self.at
    }

    /// Whether a whole value stands before that byte.
    pub(crate) fn is_behind_the_end(&self) -> bool {
        self.what == BEHIND
    }
}

type Scanned<T> = Result<T, Problem>;

/// Checks one object; `member` is called with the name and the text of each of its own members.
///
/// # Errors
/// The text is no JSON object, or one that would not be kept as it is.
pub fn object<'a>(text: &'a str, member: impl FnMut(&str, &'a str)) -> Scanned<()> {
    let mut scan = Scan::new(text);
    scan.skip_blanks();
    if scan.peek() != Some(b'{') {
        return Err(plain("is not a JSON object"));
    }
    scan.object(1, member)?;
    scan.end()
}

/// Checks one value of any kind.
///
/// # Errors
/// The text is no JSON, or would not be kept as it is.
pub fn value(text: &str) -> Scanned<()> {
    let mut scan = Scan::new(text);
    scan.skip_blanks();
    scan.value(0)?;
    scan.end()
}

/// The members of an object that was checked before, with the text of each value.
#[must_use]
pub fn members(text: &str) -> Vec<(String, &str)> {
    let mut members = Vec::new();
    // What the database gives is an object.
    let _ = object(text, |name, value| members.push((name.to_owned(), value)));
    members
}

/// The text that a JSON string stands for; nothing for a value of another kind.
#[must_use]
pub fn string(value: &str) -> Option<Cow<'_, str>> {
    let inner = value.strip_prefix('"')?.strip_suffix('"')?;
    Some(match inner.contains('\\') {
        true => Cow::Owned(unescape(inner)),
        false => Cow::Borrowed(inner),
    })
}

/// Appends a text as a JSON string. Only quote, backslash and control characters need an escape.
pub fn push_quoted(json: &mut String, text: &str) {
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

fn plain(what: impl Into<Cow<'static, str>>) -> Problem {
    Problem {
        what: what.into(),
        at: None,
    }
}

/// What the inside of a checked string stands for.
fn unescape(inner: &str) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let unit = |at: usize| {
            let digits = rest.get(at + 2..at + 6).unwrap_or_default();
            u32::from_str_radix(digits, 16).unwrap_or_default()
        };
        let (character, taken) = match rest.as_bytes().get(at + 1) {
            Some(b'b') => ('\u{8}', 2),
            Some(b'f') => ('\u{c}', 2),
            Some(b'n') => ('\n', 2),
            Some(b'r') => ('\r', 2),
            Some(b't') => ('\t', 2),
            Some(b'u') => match unit(at) {
                high @ 0xd800..0xdc00 => {
                    let low = unit(at + 6).wrapping_sub(0xdc00) & 0x3ff;
                    let code = 0x10000 + ((high - 0xd800) << 10) + low;
                    (char::from_u32(code).unwrap_or('\u{fffd}'), 12)
                }
                code => (char::from_u32(code).unwrap_or('\u{fffd}'), 6),
            },
            Some(other) => (char::from(*other), 2),
            None => ('\\', 1),
        };
        text.push(character);
        rest = rest.get(at + taken..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests;
