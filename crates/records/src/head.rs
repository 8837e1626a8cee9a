//! The first bytes of a source: what an upload and a preview look at, read as a run will read them.

use datacrowd_protocol::source::Dialect;

use crate::{
    record::BadInput,
    stream::{Begin, Options, Records},
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
    /// Rows that a run would refuse, among those that were read.
    pub refused: u64,
    /// What the client should know.
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

/// Reads at most `most` rows off the first bytes of a source. `whole` says that they are all of it;
/// otherwise the last record may be cut and is left out.
///
/// # Errors
/// The file is not what `options` say of it; or it is whole and has a header and no row.
pub fn head(bytes: &[u8], options: &Options, most: usize, whole: bool) -> Result<Head, BadInput> {
    let mut records = Records::new(options, Begin::START)?;
    let mut rest = bytes;
    let mut rows = Vec::new();
    let mut refused = 0;
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
            Err(_) => refused += 1,
        }
    }
    if whole && rows.is_empty() && refused == 0 {
        return BadInput::content(no_rows());
    }
    Ok(Head {
        header: records.header().map(<[String]>::to_vec),
        dialect: records.dialect(),
        rows,
        refused,
        notices: records.notices().to_vec(),
    })
}

/// What is said of a file that has nothing but its header.
pub(crate) fn no_rows() -> &'static str {
    "The file has a header and no row; add rows below it."
}
