//! CSV: RFC 4180, with cells that a spreadsheet would take for a formula made harmless.

use std::borrow::Cow;

use datacrowd_protocol::export::{AnswerRecord, ExportColumns, RowPer, TaskRecord};
use serde::Serialize;
use serde_json::{Map, Value};

const TASK_COLUMNS: [&str; 3] = ["taskId", "rowNo", "externalId"];
const ANSWER_COLUMNS: [&str; 5] = [
    "workerId",
    "labelingVersion",
    "submittedAt",
    "approvedAt",
    "secondsSpent",
];

/// The columns, and how cells are written.
pub(super) struct Table {
    columns: ExportColumns,
    row_per: RowPer,
    raw_cells: bool,
}

impl Table {
    pub(super) fn new(columns: &ExportColumns, row_per: RowPer, raw_cells: bool) -> Self {
        Self {
            columns: columns.clone(),
            row_per,
            raw_cells,
        }
    }

    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        let mut row = self.row(out);
        for name in TASK_COLUMNS {
            row.cell(name);
        }
        for column in &self.columns.source {
            row.cell(&format!("source.{column}"));
        }
        if self.row_per == RowPer::Task {
            row.cell("answers");
            return row.end();
        }
        for field in &self.columns.answer {
            row.cell(&format!("answer.{field}"));
        }
        for name in ANSWER_COLUMNS {
            row.cell(name);
        }
        row.end();
    }

    pub(super) fn write_answer(&self, task: &TaskRecord, record: &AnswerRecord, out: &mut Vec<u8>) {
        let mut row = self.row(out);
        row.task(task, &self.columns.source);
        let AnswerRecord {
            answer,
            worker_id,
            labeling_version,
            submitted_at,
            approved_at,
            seconds_spent,
        } = record;
        row.values(answer, &self.columns.answer);
        row.cell(worker_id);
        row.cell(&labeling_version.to_string());
        row.cell(&as_text(submitted_at));
        row.cell(&as_text(approved_at));
        row.cell(&as_text(seconds_spent));
        row.end();
    }

    pub(super) fn write_task(&self, task: &TaskRecord, out: &mut Vec<u8>) {
        let mut row = self.row(out);
        row.task(task, &self.columns.source);
        row.cell(&json(&task.answers));
        row.end();
    }

    fn row<'a>(&self, out: &'a mut Vec<u8>) -> Row<'a> {
        Row {
            out,
            raw_cells: self.raw_cells,
            empty: true,
        }
    }
}

/// A row being written.
struct Row<'a> {
    out: &'a mut Vec<u8>,
    raw_cells: bool,
    empty: bool,
}

impl Row<'_> {
    fn task(&mut self, task: &TaskRecord, columns: &[String]) {
        self.cell(&task.task_id.to_string());
        self.cell(&task.row_no.to_string());
        self.cell(task.external_id.as_deref().unwrap_or_default());
        self.values(&task.source, columns);
    }

    fn values(&mut self, object: &Map<String, Value>, columns: &[String]) {
        for column in columns {
            self.cell(&text_of(object.get(column)));
        }
    }

    fn cell(&mut self, text: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        let apostrophe = !self.raw_cells && text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let quoted = text.contains(['"', ',', '\r', '\n']);
        if quoted {
            self.out.push(b'"');
        }
        if apostrophe {
            self.out.push(b'\'');
        }
        if quoted {
            self.out
                .extend_from_slice(text.replace('"', "\"\"").as_bytes());
            self.out.push(b'"');
        } else {
            self.out.extend_from_slice(text.as_bytes());
        }
    }

    fn end(self) {
        self.out.extend_from_slice(b"\r\n");
    }
}

/// A value as a cell: text without quotes, nothing for null, lists and objects as JSON.
fn text_of(value: Option<&Value>) -> Cow<'_, str> {
    match value {
        None | Some(Value::Null) => Cow::Borrowed(""),
        Some(Value::String(text)) => Cow::Borrowed(text),
        Some(other) => Cow::Owned(json(other)),
    }
}

/// The same spelling of times and numbers as in JSONL.
fn as_text(value: &impl Serialize) -> String {
    json(value).trim_matches('"').to_owned()
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records hold only what JSON can say")
}
