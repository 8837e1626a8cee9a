//! The first bytes of a source: what an upload and a preview look at, read as a run will read them.

use datacrowd_protocol::source::Dialect;

use crate::{
    record::BadInput,
    stream::{Begin, Options, Records},
    unpack,
};

/// What the first bytes tell.
#[derive(Debug, Clone)]
pub struct Head {
    /// A CSV's header.
    pub header: Option<Vec<String>>,
    /// How the source is read.
    pub dialect: Dialect,
    /// The first rows that a run would load, each as one JSON object.
    pub rows: Vec<Row>,
    /// What the client should know, rows that a run would refuse among it.
    pub notices: Vec<String>,
}

/// A row that a run would load.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Line on which it begins, from 1.
    pub line: u64,
    /// The row as one JSON object.
    pub payload: String,
}

/// Rows that a run would refuse, among those that were read.
struct Refused {
    count: usize,
    /// Line on which the first of them begins, and why that one is refused.
    line: u64,
    reason: String,
}

impl Refused {
    /// The first row's reason, which says what the file was taken for.
    fn first(&self) -> String {
        format!("the first: line {} {}", self.line, self.reason)
    }
}

/// Reads at most `most` rows off the first bytes of a source, compressed ones included. `whole` says that they are all of it;
/// otherwise the last record may be cut and is left out.
///
/// # Errors
/// The file is not what `options` say of it; or it is whole and no row of it could be used.
pub fn head(bytes: &[u8], options: &Options, most: usize, whole: bool) -> Result<Head, BadInput> {
    let (bytes, whole) = unpack::head(bytes, whole)?;
    let mut records = Records::new(options, Begin::START)?;
    let mut rest = &bytes[..];
    let mut rows = Vec::new();
    let mut refused: Option<Refused> = None;
    while rows.len() < most {
        let record = match records.next(&mut rest)? {
            Some(record) => record,
            None if !whole => break,
            None => match records.finish()? {
                Some(record) => record,
                None => break,
            },
        };
        match record.payload {
            Ok(payload) => rows.push(Row {
                line: record.line,
                payload: payload.to_owned(),
            }),
            Err(reason) => match &mut refused {
                Some(refused) => refused.count += 1,
                None => {
                    refused = Some(Refused {
                        count: 1,
                        line: record.line,
                        reason: reason.into_owned(),
                    });
                }
            },
        }
    }
    if whole && rows.is_empty() {
        return BadInput::content(unusable(refused.as_ref()));
    }
    let mut notices = records.notices().to_vec();
    notices.extend(refused.map(|refused| {
        let (count, all) = (refused.count, refused.count + rows.len());
        let first = refused.first();
        format!("{count} of the first {all} rows would be refused; {first}.")
    }));
    Ok(Head {
        header: records.header().map(<[String]>::to_vec),
        dialect: records.dialect(),
        rows,
        notices,
    })
}

/// What is said of a whole file that gives no row.
fn unusable(refused: Option<&Refused>) -> String {
    let Some(refused) = refused else {
        return "The file has a header and no row; add rows below it.".to_owned();
    };
    format!(
        "No row could be used, {count} of {count} would be refused; {}. Correct the file, or say how it is written.",
        refused.first(),
        count = refused.count
    )
}
