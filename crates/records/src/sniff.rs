//! Guesses: what a file is, when it is not what it is said to be.

use std::borrow::Cow;

use datacrowd_protocol::{
    WireEnum,
    source::{Delimiter, Encoding},
};

use crate::{
    json::Problem,
    shown::{is_invisible, shown},
};

/// Every delimiter, the most likely first.
const DELIMITERS: [(Delimiter, u8); 4] = [
    (Delimiter::Comma, b','),
    (Delimiter::Semicolon, b';'),
    (Delimiter::Tab, b'\t'),
    (Delimiter::Pipe, b'|'),
];

/// The byte of a delimiter; a comma for Auto.
pub(crate) fn byte(delimiter: Delimiter) -> u8 {
    let known = DELIMITERS.iter().find(|(known, _)| *known == delimiter);
    known.map_or(b',', |(_, byte)| *byte)
}

/// The delimiter that a first line `sep=;` names, as some spreadsheets write it.
pub(crate) fn named(line: &[u8]) -> Option<Delimiter> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let (key, byte) = line.split_at_checked(4)?;
    let known = |(_, known): &&(Delimiter, u8)| [*known] == byte;
    let found = DELIMITERS.iter().find(known)?.0;
    key.eq_ignore_ascii_case(b"sep=").then_some(found)
}

/// The delimiter that a header fits: the first under which every required column is there, else the most
/// frequent outside quotes.
pub(crate) fn fitting(header: &[u8], required: &[String]) -> Delimiter {
    let fits = |byte: u8| {
        let cells = cells(header, byte);
        !required.is_empty() && required.iter().all(|name| cells.contains(name))
    };
    if let Some((found, _)) = DELIMITERS.iter().find(|(_, byte)| fits(*byte)) {
        return *found;
    }
    let mut best = (Delimiter::Comma, 0);
    for (delimiter, byte) in DELIMITERS {
        let count = cells(header, byte).len() - 1;
        if count > best.1 {
            best = (delimiter, count);
        }
    }
    best.0
}

/// The delimiter that a single cell seems to hold, other than the one that is in use.
pub(crate) fn within(cell: &str, used: Delimiter) -> Option<Delimiter> {
    match fitting(cell.as_bytes(), &[]) {
        Delimiter::Comma if !cell.contains(',') => None,
        found => Some(found).filter(|found| *found != used),
    }
}

/// What to do about cells that are separated by something else.
pub(crate) fn advice(found: Delimiter) -> String {
    format!(
        "The cells look separated by {}: set delimiter {} (as a resource: apply a Dataset under a new name with source.delimiter: {}).",
        shown(char::from(byte(found)).encode_utf8(&mut [0; 4])),
        found.upper(),
        found.camel()
    )
}

fn cells(header: &[u8], delimiter: u8) -> Vec<String> {
    let (mut quoted, mut begin) = (false, 0);
    let mut cells = Vec::new();
    let mut push = |cell: &[u8]| {
        let text = String::from_utf8_lossy(cell);
        let text = text.trim();
        let bare = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        cells.push(bare.map_or_else(
            || text.to_owned(),
            |t| t.replace("\"\"", "\"").trim().to_owned(),
        ));
    };
    for (at, byte) in header.iter().enumerate() {
        match *byte {
            b'"' => quoted = !quoted,
            other if other == delimiter && !quoted => {
                push(&header[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    push(&header[begin..]);
    cells
}

/// Whether the first cell of a header is the beginning of an object or an array.
pub(crate) fn is_json(cell: &[u8]) -> bool {
    matches!(cell.trim_ascii_start().first(), Some(b'{' | b'['))
}

/// What to do about a line that is no JSON object; `first` of a file, it may tell of all of it.
pub(crate) fn no_object(line: &str, first: bool) -> Cow<'static, str> {
    let begin = line.chars().next().unwrap_or_default();
    if is_invisible(begin) {
        let begin = shown(begin.encode_utf8(&mut [0; 4]));
        return format!("; it begins with {begin}, which nobody sees: remove that").into();
    }
    if ["#", "//", "/*"].iter().any(|mark| line.starts_with(mark)) {
        return "; JSON lines have no comments: remove it".into();
    }
    if ["{\"", "{ \""].iter().any(|object| line.contains(object)) {
        return "; write the object and nothing else on its line".into();
    }
    match first && line.contains([',', ';', '\t', '|']) {
        true => {
            "; the file looks like CSV: name it .csv (as a resource: apply a Dataset under a new name with source.format: CSV)".into()
        }
        false => "".into(),
    }
}

/// What to do about a line that is no JSON; nothing where the fault says it already.
pub(crate) fn no_json(line: &str, problem: &Problem) -> &'static str {
    let Some(at) = problem.place() else {
        return "";
    };
    let rest = line.get(at..).unwrap_or_default();
    let begins = |words: &[&str]| words.iter().any(|word| rest.starts_with(word));
    if problem.is_behind_the_end() {
        return match rest.as_bytes().first() {
            _ if line.contains('\r') => "; its lines end with CR alone: end them with LF or CR LF",
            Some(b',') => "; write no comma behind an object, as in an array",
            _ => "; write one object per line",
        };
    }
    match rest {
        "" => "; write one object per line, and each whole",
        _ if begins(&["NaN", "nan", "Infinity", "inf"]) => {
            "; JSON has no NaN and no Infinity: write null, or a text in quotes"
        }
        _ if begins(&["None", "undefined"]) => "; write null",
        _ if begins(&["True", "False"]) => "; write true or false",
        _ if rest.starts_with('\'') => "; write names and texts in double quotes",
        _ => "",
    }
}

/// Why a header is refused that holds the character U+0000.
pub(crate) fn nul_in_header(said: Encoding) -> String {
    let rest = match said {
        Encoding::Utf16 => "the file is binary; save it as text",
        _ => {
            "the file is UTF-16 or binary; save it as UTF-8 text, or set encoding UTF16 (as a resource: apply a Dataset under a new name with source.encoding: Utf16)"
        }
    };
    format!("The header holds the character U+0000, so {rest}.")
}

/// The encoding that bytes which are no UTF-8 seem to be in. Words of Cyrillic are runs of high bytes;
/// in the languages of Western Europe an accented letter stands alone.
pub(crate) fn encoding(bytes: &[u8]) -> Encoding {
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let pairs = bytes
        .windows(2)
        .filter(|pair| pair[0] >= 0xc0 && pair[1] >= 0xc0);
    if pairs.count() * 2 >= high {
        Encoding::Windows1251
    } else {
        Encoding::Windows1252
    }
}

/// Why a text that is no UTF-8 is refused. `bytes` are the source's own only where it is said to be UTF-8.
pub(crate) fn not_text(bytes: &[u8], said: Encoding) -> String {
    match said {
        Encoding::Utf8 => {
            let found = encoding(bytes);
            format!(
                "is not valid UTF-8; it looks like {}: set encoding {} (as a resource: apply a Dataset under a new name with source.encoding: {})",
                name(found),
                found.upper(),
                found.camel()
            )
        }
        other => format!("is not valid {}", name(other)),
    }
}

/// An encoding as people write it.
pub(crate) fn name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Utf8 => "UTF-8",
        Encoding::Windows1251 => "Windows-1251",
        Encoding::Windows1252 => "Windows-1252",
        Encoding::Utf16 => "UTF-16",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_tells_its_delimiter() {
        let required = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(fitting(b"id;text, long;x", &[]), Delimiter::Semicolon);
        assert_eq!(fitting(b"id\ttext", &[]), Delimiter::Tab);
        assert_eq!(fitting(b"\"a,b,c\"|d", &[]), Delimiter::Pipe);
        assert_eq!(fitting(b"text", &[]), Delimiter::Comma);
        let names = required(&["text", "a,b,c,d"]);
        assert_eq!(fitting(b"a,b,c,d; text ", &names), Delimiter::Semicolon);
    }

    #[test]
    fn a_first_line_may_name_the_delimiter() {
        assert_eq!(named(b"sep=;\r\n"), Some(Delimiter::Semicolon));
        assert_eq!(named(b"SEP=\t"), Some(Delimiter::Tab));
        for other in [&b"sep=\n"[..], b"sep=;;", b"sep=x", b"sep"] {
            assert_eq!(named(other), None);
        }
    }

    #[test]
    fn bytes_tell_cyrillic_from_accents() {
        let encode = |text| encoding_rs::WINDOWS_1251.encode(text).0.into_owned();
        assert_eq!(encoding(&encode("Привет, мир")), Encoding::Windows1251);
        let encode = |text| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        assert_eq!(encoding(&encode("Café à la crème")), Encoding::Windows1252);
    }
}
