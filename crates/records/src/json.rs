//! JSON that is checked and passed on, never built: digits stay as they were written.
//!
//! Stricter than RFC 8259 where the database or the next reader would change a value in silence: a
//! member that is given twice, a number too long to keep, the character U+0000.

use std::{borrow::Cow, collections::HashSet};

use datacrowd_protocol::decimal::{MAX_DIGITS, MAX_EXPONENT};

use crate::{record::NUL, shown::shown};

/// The platform's own parser stops at 128 levels, of which a chunk's line takes some.
const MAX_DEPTH: u8 = 100;
/// Members of one object after which names are looked up by hash.
const FEW: usize = 32;
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

/// A place in a text.
struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Names of the members of every object that is open, the innermost last.
    names: Vec<Cow<'a, str>>,
}

impl<'a> Scan<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            names: Vec::new(),
        }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fault<T>(&self, what: &'static str) -> Scanned<T> {
        let (what, at) = match self.peek() {
            None => ("it ends too early", self.bytes.len()),
            Some(_) => (what, self.at),
        };
        Err(Problem {
            what: what.into(),
            at: Some(at),
        })
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn end(&mut self) -> Scanned<()> {
        self.skip_blanks();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault(BEHIND),
        }
    }

    fn value(&mut self, depth: u8) -> Scanned<()> {
        match self.peek() {
            Some(b'"') => self.string().map(drop),
            Some(b'{') => self.object(depth + 1, |_, _| ()),
            Some(b'[') => self.array(depth + 1),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.fault("something that is no value"),
        }
    }

    fn word(&mut self, word: &str) -> Scanned<()> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return self.fault("something that is no value");
        }
        self.at += word.len();
        Ok(())
    }

    fn array(&mut self, depth: u8) -> Scanned<()> {
        check_depth(depth)?;
        self.at += 1;
        self.skip_blanks();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.skip_blanks();
            self.value(depth)?;
            if self.is_last(b']')? {
                return Ok(());
            }
        }
    }

    /// Behind a value: true at the end of what holds it, false behind a comma.
    fn is_last(&mut self, close: u8) -> Scanned<bool> {
        self.skip_blanks();
        match self.peek() {
            Some(byte) if byte == close => {
                self.at += 1;
                Ok(true)
            }
            Some(b',') => {
                self.at += 1;
                self.skip_blanks();
                match self.peek() {
                    Some(byte) if byte == close => self.fault("a comma with nothing behind it"),
                    _ => Ok(false),
                }
            }
            _ => self.fault("a comma or a closing bracket is missing"),
        }
    }

    fn object(&mut self, depth: u8, mut member: impl FnMut(&str, &'a str)) -> Scanned<()> {
        check_depth(depth)?;
        self.at += 1;
        self.skip_blanks();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        let first = self.names.len();
        let mut many = None;
        loop {
            self.skip_blanks();
            if self.peek() != Some(b'"') {
                return self.fault("a name in quotes is missing");
            }
            let name = self.string()?;
            self.remember(first, &name, &mut many)?;
            self.skip_blanks();
            if self.peek() != Some(b':') {
                return self.fault("a colon is missing");
            }
            self.at += 1;
            self.skip_blanks();
            let begin = self.at;
            self.value(depth)?;
            member(&name, &self.text[begin..self.at]);
            if self.is_last(b'}')? {
                self.names.truncate(first);
                return Ok(());
            }
        }
    }

    /// Refuses a name that this object had before: the last value would win in silence.
    #[expect(
        clippy::ptr_arg,
        reason = "it is kept, and a clone of a borrowed one copies nothing"
    )]
    fn remember(
        &mut self,
        first: usize,
        name: &Cow<'a, str>,
        many: &mut Option<HashSet<Cow<'a, str>>>,
    ) -> Scanned<()> {
        let own = &self.names[first..];
        let is_new = match many {
            Some(names) => names.insert(name.clone()),
            None => !own.contains(name),
        };
        if !is_new {
            return Err(plain(format!("gives the member {} twice", shown(name))));
        }
        if many.is_none() && own.len() >= FEW {
            let names = own.iter().chain([name]).cloned();
            *many = Some(names.collect());
        }
        if many.is_none() {
            self.names.push(name.clone());
        }
        Ok(())
    }

    /// A string, with what it stands for.
    fn string(&mut self) -> Scanned<Cow<'a, str>> {
        let begin = self.at + 1;
        self.at = begin;
        let mut escaped = false;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(0..0x20) => return self.fault("a control character that is not escaped"),
                Some(_) => self.at += 1,
                None => return self.fault(""),
            }
        }
        let inner = &self.text[begin..self.at];
        self.at += 1;
        Ok(match escaped {
            true => Cow::Owned(unescape(inner)),
            false => Cow::Borrowed(inner),
        })
    }

    fn escape(&mut self) -> Scanned<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => match self.unit(self.at) {
                Some(0) => Err(plain(NUL)),
                Some(0xd800..0xdc00) => match self.unit(self.at + 6) {
                    Some(0xdc00..0xe000) => {
                        self.at += 12;
                        Ok(())
                    }
                    _ => self.fault("half of a character written with \\u"),
                },
                Some(0xdc00..0xe000) => self.fault("half of a character written with \\u"),
                Some(_) => {
                    self.at += 6;
                    Ok(())
                }
                None => self.fault("an escape that is not \\u with four digits"),
            },
            _ => self.fault("an escape that JSON does not know"),
        }
    }

    fn unit(&self, at: usize) -> Option<u16> {
        let digits = self.bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
        let valid = digits.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(digits).ok().filter(|_| valid)?;
        u16::from_str_radix(text, 16).ok()
    }

    fn digits(&mut self) -> usize {
        let begin = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - begin
    }

    fn number(&mut self) -> Scanned<()> {
        const NO_NUMBER: &str = "something that is no number";
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let zero = self.peek() == Some(b'0');
        let mut digits = self.digits();
        if digits == 0 || (zero && digits > 1) {
            return self.fault(NO_NUMBER);
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            match self.digits() {
                0 => return self.fault(NO_NUMBER),
                fraction => digits += fraction,
            }
        }
        if digits > MAX_DIGITS {
            return Err(plain(format!(
                "has a number of more than {MAX_DIGITS} digits"
            )));
        }
        if !matches!(self.peek(), Some(b'e' | b'E')) {
            return Ok(());
        }
        self.at += 1;
        if matches!(self.peek(), Some(b'+' | b'-')) {
            self.at += 1;
        }
        let begin = self.at;
        if self.digits() == 0 {
            return self.fault(NO_NUMBER);
        }
        let exponent = self.text[begin..self.at].parse().unwrap_or(i64::MAX);
        if exponent > MAX_EXPONENT {
            return Err(plain(format!(
                "has a number with an exponent beyond {MAX_EXPONENT}"
            )));
        }
        Ok(())
    }
}

fn check_depth(depth: u8) -> Scanned<()> {
    if depth > MAX_DEPTH {
        return Err(plain(format!(
            "is nested more than {MAX_DEPTH} levels deep"
        )));
    }
    Ok(())
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
mod tests {
    use super::*;

    #[test]
    fn valid_json_passes_and_its_members_come_by_name() {
        let text = r#" {"a\u0062":[1,-0.5e-3,{"x":null}], "é\ud83d\ude00\n":"\"\\", "":true} "#;
        let members = members(text);
        assert_eq!(
            members,
            [
                ("ab".to_owned(), r#"[1,-0.5e-3,{"x":null}]"#),
                ("é😀\n".to_owned(), r#""\"\\""#),
                (String::new(), "true")
            ]
        );
        assert_eq!(string(members[1].1).as_deref(), Some("\"\\"));
    }

    #[test]
    fn what_is_no_json_is_said_in_words() {
        for (text, says) in [
            (r#"{"a":1,}"#, "a comma with nothing behind it at column 8"),
            (r#"{"a":01}"#, "no number"),
            (r#"{"a":+1}"#, "no value"),
            (r#"{"a":1"#, "ends too early"),
            (r#"{"a" 1}"#, "colon"),
            (r"{a:1}", "a name in quotes"),
            (r#"{"a":"\x"}"#, "escape"),
            (r#"{"a":"\ud800"}"#, "half of a character"),
            (r#"{"a":tru}"#, "no value"),
            (r#"{"a":NaN}"#, "no value"),
            ("{\"a\":\"\t\"}", "control character"),
            (r"{} {}", "more text"),
            (r#"{"a":[1 2]}"#, "comma or a closing bracket"),
        ] {
            let problem = object(text, |_, _| ()).unwrap_err().sentence();
            assert!(problem.contains(says), "{text}: {problem}");
        }
    }

    #[test]
    fn a_member_given_twice_is_refused_however_it_is_written() {
        let many: Vec<String> = (0..100).map(|n| format!("\"{n}\":0")).collect();
        for text in [
            r#"{"a":1,"a":1}"#.to_owned(),
            r#"{"a":1,"\u0061":2}"#.to_owned(),
            r#"{"x":[{"a":1,"b":{},"a":2}]}"#.to_owned(),
            format!("{{{},\"7\":1}}", many.join(",")),
            format!("{{{},\"99\":1}}", many.join(",")),
        ] {
            let problem = object(&text, |_, _| ()).unwrap_err().sentence();
            assert!(problem.contains("twice"), "{text}: {problem}");
        }
        assert!(object(r#"{"a":{"a":1},"b":{"a":1}}"#, |_, _| ()).is_ok());
    }

    #[test]
    fn numbers_that_would_not_be_kept_are_refused() {
        let long = |digits: usize| format!("{{\"a\":-0.{}}}", "1".repeat(digits - 1));
        assert!(object(&long(1000), |_, _| ()).is_ok());
        assert!(object(&long(1001), |_, _| ()).is_err());
        assert!(object(r#"{"a":[1e308,1E-308]}"#, |_, _| ()).is_ok());
        for text in ["1e309", "1e-309", "1e99999999999999999999"] {
            assert!(value(text).is_err(), "{text}");
        }
    }
}
