//! The first bytes of a source: refused when they are plainly no CSV or JSONL, shown when they are.

use axum::http::StatusCode;
use datacrowd_protocol::source::SourceFormat;
use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult};

/// A record of a source, and the line it begins at.
pub struct Row {
    pub line: usize,
    pub values: Map<String, Value>,
}

/// Refuses what is plainly no CSV or JSONL, and reads a CSV's columns.
pub fn columns(head: &[u8], format: SourceFormat) -> ApiResult<Option<Vec<String>>> {
    let unsupported = |why: &str| {
        Err(ApiError::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            format!("The file {why}; save it as UTF-8 text and send it again."),
        ))
    };
    if head.is_empty() {
        return Err(ApiError::invalid_member("file", "is empty"));
    }
    if head.starts_with(&[0xFF, 0xFE]) || head.starts_with(&[0xFE, 0xFF]) {
        return unsupported("is UTF-16");
    }
    if head.contains(&0) {
        return unsupported("is binary");
    }
    if format == SourceFormat::Jsonl {
        return Ok(None);
    }
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let (mut output, mut ends) = (vec![0; head.len() + 1], vec![0; 4096]);
    let (result, _, _, fields) = csv_core::Reader::new().read_record(head, &mut output, &mut ends);
    if !matches!(
        result,
        csv_core::ReadRecordResult::Record | csv_core::ReadRecordResult::InputEmpty
    ) {
        return Err(ApiError::invalid_member(
            "file",
            "has more than 4096 columns",
        ));
    }
    let mut from = 0;
    let mut columns = Vec::with_capacity(fields);
    for end in &ends[..fields] {
        let Ok(name) = std::str::from_utf8(&output[from..*end]) else {
            return Err(ApiError::invalid_member("file", "line 1 is not UTF-8"));
        };
        if name.is_empty() {
            return Err(ApiError::invalid_member(
                "file",
                "line 1 has a column without a name",
            ));
        }
        if columns.iter().any(|c| c == name) {
            return Err(ApiError::invalid_member(
                "file",
                format!("line 1 names the column \"{name}\" twice"),
            ));
        }
        columns.push(name.to_owned());
        from = *end;
    }
    Ok(Some(columns))
}

/// The first `most` whole records. `whole` says that `head` is the entire source; otherwise its last record may
/// be cut and is left out. Records that the runner would refuse are left out too.
pub fn rows(head: &[u8], format: SourceFormat, most: usize, whole: bool) -> ApiResult<Vec<Row>> {
    match (format, columns(head, format)?) {
        (SourceFormat::Csv, Some(columns)) => Ok(csv_rows(head, &columns, most, whole)),
        _ => Ok(jsonl_rows(head, most, whole)),
    }
}

fn csv_rows(head: &[u8], columns: &[String], most: usize, whole: bool) -> Vec<Row> {
    let mut rest = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let (mut output, mut ends) = (vec![0; rest.len() + 1], vec![0; 4097]);
    let mut reader = csv_core::Reader::new();
    let mut rows = Vec::new();
    let mut is_header = true;
    while rows.len() < most {
        let line = usize::try_from(reader.line()).unwrap_or(usize::MAX);
        let (mut written, mut fields) = (0, 0);
        let complete = loop {
            let (result, read, wrote, ended) =
                reader.read_record(rest, &mut output[written..], &mut ends[fields..]);
            rest = &rest[read..];
            (written, fields) = (written + wrote, fields + ended);
            match result {
                csv_core::ReadRecordResult::Record => break true,
                // The end of the source ends its last record; the end of what was read does not.
                csv_core::ReadRecordResult::InputEmpty if whole => {}
                _ => break false,
            }
        };
        if !complete {
            break;
        }
        if std::mem::take(&mut is_header) || fields != columns.len() {
            continue;
        }
        let mut values = Map::new();
        let mut from = 0;
        for (column, end) in columns.iter().zip(&ends) {
            let text = String::from_utf8_lossy(&output[from..*end]).into_owned();
            values.insert(column.clone(), Value::String(text));
            from = *end;
        }
        rows.push(Row { line, values });
    }
    rows
}

fn jsonl_rows(head: &[u8], most: usize, whole: bool) -> Vec<Row> {
    let head = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head);
    let end = if whole {
        head.len()
    } else {
        head.iter().rposition(|b| *b == b'\n').unwrap_or(0)
    };
    head[..end]
        .split(|b| *b == b'\n')
        .enumerate()
        .filter_map(|(at, line)| {
            Some(Row {
                line: at + 1,
                values: serde_json::from_slice(line).ok()?,
            })
        })
        .take(most)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, format: SourceFormat, whole: bool) -> Vec<(usize, Value)> {
        rows(text.as_bytes(), format, 10, whole)
            .unwrap()
            .into_iter()
            .map(|r| (r.line, Value::Object(r.values)))
            .collect()
    }

    #[test]
    fn csv_records_begin_at_their_lines_and_a_cut_one_is_left_out() {
        let text = "id,text\n1,\"two\nlines\"\n2,plain\n3,cu";
        let two = vec![
            (2, serde_json::json!({"id": "1", "text": "two\nlines"})),
            (4, serde_json::json!({"id": "2", "text": "plain"})),
        ];
        assert_eq!(read(text, SourceFormat::Csv, false), two);
        let whole = read(text, SourceFormat::Csv, true);
        assert_eq!(whole[..2], two);
        assert_eq!(whole[2], (5, serde_json::json!({"id": "3", "text": "cu"})));
    }

    #[test]
    fn json_lines_keep_their_types() {
        let text = "{\"a\":1}\n\nnot json\n{\"a\":[true]}\n{\"a\":2";
        let two = vec![
            (1, serde_json::json!({"a": 1})),
            (4, serde_json::json!({"a": [true]})),
        ];
        assert_eq!(read(text, SourceFormat::Jsonl, false), two);
    }
}
