//! One pass over a text that should be JSON: what it finds wrong, it names with its place.

use std::{borrow::Cow, collections::HashSet};

use datacrowd_protocol::decimal::{MAX_DIGITS, MAX_EXPONENT};

use super::{BEHIND, Problem, Scanned, plain, unescape};
use crate::{record::NUL, shown::shown};

/// The platform's own parser stops at 128 levels, of which a chunk's line takes some.
const MAX_DEPTH: u8 = 100;
/// Members of one object after which names are looked up by hash.
const FEW: usize = 32;

/// A place in a text.
pub(super) struct Scan<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Names of the members of every object that is open, the innermost last.
    names: Vec<Cow<'a, str>>,
}

impl<'a> Scan<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            names: Vec::new(),
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
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

    pub(super) fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    pub(super) fn end(&mut self) -> Scanned<()> {
        self.skip_blanks();
        match self.peek() {
            None => Ok(()),
            Some(_) => self.fault(BEHIND),
        }
    }

    pub(super) fn value(&mut self, depth: u8) -> Scanned<()> {
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

    pub(super) fn object(
        &mut self,
        depth: u8,
        mut member: impl FnMut(&str, &'a str),
    ) -> Scanned<()> {
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
