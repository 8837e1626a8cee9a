//! The header: names every column once, and writes rows as JSON objects.

use std::{borrow::Cow, collections::HashSet};

use datacrowd_protocol::source::Delimiter;

use crate::{
    json::push_quoted,
    record::BadInput,
    shown::{list, shown},
    sniff,
};

/// What the project's labeling needs of a file.
pub(super) struct Wanted {
    pub(super) required: Vec<String>,
    pub(super) main: Option<String>,
}

/// A header that passed all checks.
pub(super) struct Header {
    columns: Vec<String>,
    /// Each column as `"name":`, escaped once instead of for every row.
    keys: Vec<String>,
    /// The column that workers see first.
    main: Option<usize>,
    trimmed: Vec<String>,
}

impl Header {
    /// Takes blanks off the names; refuses names that are empty or occur twice, and a header without a
    /// required column. `used` is what separated the names.
    pub(super) fn parse(
        columns: Vec<String>,
        wanted: &Wanted,
        used: Delimiter,
        line: u64,
    ) -> Result<Self, BadInput> {
        let mut trimmed = Vec::new();
        let mut names: Vec<String> = Vec::with_capacity(columns.len());
        for column in columns {
            let name = column.trim();
            if name.len() != column.len() {
                trimmed.push(column.clone());
            }
            names.push(name.to_owned());
        }
        let mut seen = HashSet::new();
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() {
                return BadInput::content(format!(
                    "Column {} of the header has no name; line {line} must name every column.",
                    index + 1
                ));
            }
            if !seen.insert(name) {
                return BadInput::content(format!(
                    "The header on line {line} names the column {} twice; rename one of them.",
                    shown(name)
                ));
            }
        }
        if let Some(missing) = wanted.required.iter().find(|name| !seen.contains(name)) {
            return Err(lacks(missing, &names, used));
        }
        Ok(Self {
            trimmed,
            ..Self::known(names, wanted)
        })
    }

    /// A header that was read before.
    pub(super) fn known(columns: Vec<String>, wanted: &Wanted) -> Self {
        let key = |column: &String| {
            let mut key = String::new();
            push_quoted(&mut key, column);
            key + ":"
        };
        let main = wanted.main.as_ref();
        Self {
            keys: columns.iter().map(key).collect(),
            main: main.and_then(|main| columns.iter().position(|column| column == main)),
            columns,
            trimmed: Vec::new(),
        }
    }

    /// The names, in the file's order.
    pub(super) fn columns(&self) -> &[String] {
        &self.columns
    }

    /// What the client should know of it.
    pub(super) fn notices(&self, used: Delimiter) -> Vec<String> {
        let mut notices = Vec::new();
        if !self.trimmed.is_empty() {
            notices.push(format!(
                "Blanks round names of the header were taken off: {}.",
                list(&self.trimmed)
            ));
        }
        if let [only] = self.columns.as_slice()
            && let Some(found) = sniff::within(only, used)
        {
            notices.push(format!(
                "The file has one column, {}. {}",
                shown(only),
                sniff::advice(found)
            ));
        }
        notices
    }

    /// Replaces `json` with the object of a row; `ends` are the fields' ends within `text`, one a column.
    pub(super) fn write_object(
        &self,
        text: &str,
        ends: &[usize],
        json: &mut String,
    ) -> Result<(), Cow<'static, str>> {
        json.clear();
        let mut begin = 0;
        for (index, (key, end)) in self.keys.iter().zip(ends).enumerate() {
            let cell = &text[begin..*end];
            if self.main == Some(index) && cell.trim().is_empty() {
                return Err(nothing_in(&self.columns[index]));
            }
            json.push(if index == 0 { '{' } else { ',' });
            json.push_str(key);
            push_quoted(json, cell);
            begin = *end;
        }
        json.push('}');
        Ok(())
    }
}

/// Why a row is refused that would show workers nothing.
pub(crate) fn nothing_in(main: &str) -> Cow<'static, str> {
    Cow::Owned(format!(
        "has nothing in {}, the column that workers see first",
        shown(main)
    ))
}

/// Why a header is refused that lacks a column, with a guess at what happened.
fn lacks(missing: &str, names: &[String], used: Delimiter) -> BadInput {
    let guess = match names {
        [only] => sniff::within(only, used).map(sniff::advice),
        _ => None,
    };
    let alike = |name: &&String| name.to_lowercase() == missing.to_lowercase();
    let guess = guess.unwrap_or_else(|| match names.iter().find(alike) {
        Some(name) => format!("Write {} as {}.", shown(name), shown(missing)),
        None => "Add the column, or change the project's labeling.".to_owned(),
    });
    BadInput::Content(format!(
        "The header has no column {}, which the project's labeling needs; it has: {}. {guess}",
        shown(missing),
        list(names)
    ))
}
