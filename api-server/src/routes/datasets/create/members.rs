//! What a form says beside its file.

use std::collections::BTreeMap;

use datacrowd_protocol::{WireEnum, labeling::Purpose};

use crate::{
    error::{ApiError, ApiResult, Code},
    source_head::Written,
    words,
};

/// The members of an upload that came so far.
#[derive(Debug, Default)]
pub struct Members {
    /// How the file is written.
    pub written: Written,
    /// Tasks per batch.
    pub batch_size: Option<i64>,
    /// Rows that may be refused.
    pub max_invalid_rows: Option<i64>,
    /// What its rows become.
    pub rows: RowsBecome,
}

/// What the rows of a file become.
#[derive(Debug, Default)]
pub struct RowsBecome {
    /// Tasks, or gold.
    pub purpose: Option<Purpose>,
    /// The column with the right answer of each field.
    pub gold_columns: BTreeMap<String, String>,
    /// The column that says why.
    pub explain_column: Option<String>,
}

impl Members {
    /// One more.
    pub fn take(&mut self, name: &str, text: &str) -> ApiResult<()> {
        match name {
            "delimiter" => self.written.delimiter = Some(named(name, text)?),
            "encoding" => self.written.encoding = Some(named(name, text)?),
            "multiline" => {
                let given = text.parse::<bool>();
                self.written.multiline = Some(
                    given.map_err(|_| ApiError::invalid_member(name, "must be true or false"))?,
                );
            }
            "batchSize" => self.batch_size = Some(number(name, text)?),
            "maxInvalidRows" => self.max_invalid_rows = Some(number(name, text)?),
            "purpose" => self.rows.purpose = Some(named(name, text)?),
            "goldColumns" => {
                let given = serde_json::from_str(text);
                self.rows.gold_columns = given.map_err(|_| {
                    let why = "must be an object with a column for each field, like {\"rating\": \"expected\"}";
                    ApiError::invalid_member(name, why)
                })?;
            }
            "explainColumn" => self.rows.explain_column = Some(text.to_owned()),
            other => return Err(unknown(other)),
        }
        Ok(())
    }
}

/// A part of the form that has no meaning.
pub fn unknown(name: &str) -> ApiError {
    let why = "is not known here, or was sent twice; remove it".to_owned();
    ApiError::invalid(Code::UnknownField, [(name.to_owned(), why)].into())
}

/// One of several names.
fn named<T: WireEnum>(member: &str, text: &str) -> ApiResult<T> {
    T::from_upper(text).ok_or_else(|| {
        let known: Vec<_> = T::ALL.iter().map(|known| known.upper()).collect();
        ApiError::invalid_member(member, format!("must be one of {}", known.join(", ")))
    })
}

fn number(member: &str, text: &str) -> ApiResult<i64> {
    text.parse::<i64>()
        .map_err(|error| words::of_query(member, &error.to_string()))
}
