//! CSV: RFC 4180, with cells that a spreadsheet would take for a formula made harmless.

use std::borrow::Cow;

use datacrowd_protocol::{
    decimal::Decimal,
    export::{AnswerRecord, ExportColumns, RowPer, TaskRecord},
    raw::RawJson,
    run::ExportOpened,
};
use datacrowd_records::json;
use serde::Serialize;

use super::labels::Label;

const TASK_COLUMNS: [&str; 3] = ["taskId", "rowNo", "externalId"];
const LABEL_COLUMNS: [&str; 4] = ["label", "confidence", "method", "agreement"];
const ANSWER_COLUMNS: [&str; 5] = [
    "workerId",
    "labelingVersion",
    "submittedAt",
    "approvedAt",
    "secondsSpent",
];

/// After those of an answer, where the records hold what models say.
const MACHINE_COLUMNS: [&str; 2] = ["model", "begunWith"];

/// The columns, and how cells are written.
pub(super) struct Table {
    columns: ExportColumns,
    row_per: RowPer,
    labelled: bool,
    raw_cells: bool,
    bom: bool,
}

impl Table {
    pub(super) fn new(opened: &ExportOpened) -> Self {
        Self {
            columns: opened.columns.clone(),
            row_per: opened.row_per,
            labelled: opened.consensus.is_some(),
            raw_cells: opened.raw_cells,
            bom: opened.bom,
        }
    }

    pub(super) fn write_header(&self, out: &mut Vec<u8>) {
        if self.bom {
            out.extend_from_slice(b"\xef\xbb\xbf");
        }
        let mut row = self.row(out);
        for name in TASK_COLUMNS {
            row.cell(name);
        }
        for column in &self.columns.source {
            row.cell(&format!("source.{column}"));
        }
        for model in &self.columns.predictions {
            row.cell(&format!("prediction.{model}"));
            row.cell(&format!("prediction.{model}.probability"));
        }
        if self.row_per == RowPer::Task {
            for name in LABEL_COLUMNS.iter().filter(|_| self.labelled) {
                row.cell(name);
            }
            row.cell("answers");
            return row.end();
        }
        for field in &self.columns.answer {
            row.cell(&format!("answer.{field}"));
        }
        for name in ANSWER_COLUMNS {
            row.cell(name);
        }
        for name in MACHINE_COLUMNS.iter().filter(|_| self.has_predictions()) {
            row.cell(name);
        }
        row.end();
    }

    pub(super) fn write_answer(&self, task: &TaskRecord, record: &AnswerRecord, out: &mut Vec<u8>) {
        let mut row = self.row(out);
        row.task(task, &self.columns);
        let AnswerRecord {
            answer,
            worker_id,
            model,
            begun_with,
            labeling_version,
            submitted_at,
            approved_at,
            seconds_spent,
        } = record;
        row.answer(answer, &self.columns);
        row.cell(worker_id);
        row.cell(&labeling_version.to_string());
        row.cell(&as_text(submitted_at));
        row.cell(&as_text(approved_at));
        row.cell(&as_text(seconds_spent));
        if self.has_predictions() {
            row.cell(model.as_deref().unwrap_or_default());
            // Names have no comma.
            row.cell(&begun_with.join(","));
        }
        row.end();
    }

    pub(super) fn write_task(&self, task: &TaskRecord, label: Option<&Label>, out: &mut Vec<u8>) {
        let mut row = self.row(out);
        row.task(task, &self.columns);
        if let Some(label) = label {
            row.label(label);
        }
        row.cell(&as_json(&task.answers));
        row.end();
    }

    fn has_predictions(&self) -> bool {
        !self.columns.predictions.is_empty()
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
    fn task(&mut self, task: &TaskRecord, columns: &ExportColumns) {
        self.cell(&task.task_id.to_string());
        self.cell(&task.row_no.to_string());
        self.cell(task.external_id.as_deref().unwrap_or_default());
        self.values(&task.source, &columns.source);
        for model in &columns.predictions {
            let said = task.predictions.as_ref().and_then(|p| p.get(model));
            self.cell(&text_of(said.map(|said| said.label.get())));
            let probability = said.and_then(|said| said.probability);
            self.cell(&probability.map(|p| as_text(&p)).unwrap_or_default());
        }
    }

    fn label(&mut self, found: &Label) {
        let Label {
            label,
            confidence,
            method,
            agreement,
        } = found;
        self.cell(&text_of(label.as_ref().map(RawJson::get)));
        self.cell(&confidence.map(|share| as_text(&share)).unwrap_or_default());
        self.cell(method);
        self.cell(&agreement.map(|share| as_text(&share)).unwrap_or_default());
    }

    fn values(&mut self, object: &RawJson, columns: &[String]) {
        let members = json::members(object.get());
        for column in columns {
            self.cell(&text_of(value_of(&members, column)));
        }
    }

    /// What was chosen comes in the form's order, in whatever order it was ticked.
    fn answer(&mut self, object: &RawJson, columns: &ExportColumns) {
        let members = json::members(object.get());
        for column in &columns.answer {
            let value = value_of(&members, column);
            match (value, columns.options.get(column)) {
                (Some(list), Some(options)) if list.starts_with('[') => {
                    self.cell(&in_order(list, options));
                }
                _ => self.cell(&text_of(value)),
            }
        }
    }

    fn cell(&mut self, text: &str) {
        if !std::mem::take(&mut self.empty) {
            self.out.push(b',');
        }
        let apostrophe = !self.raw_cells && is_like_a_formula(text);
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

/// Whether a spreadsheet would compute a cell instead of showing it. A plain number is only that.
fn is_like_a_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    // Some programs trim a cell before they look at its first character, and read full-width signs as signs.
    let signs = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    trimmed.starts_with(signs) && Decimal::parse(text).is_err()
}

fn value_of<'a>(members: &[(String, &'a str)], column: &str) -> Option<&'a str> {
    let found = members.iter().find(|(name, _)| name == column);
    found.map(|(_, value)| *value)
}

/// A value as a cell: text without quotes, nothing for null, numbers, lists and objects as JSON.
fn text_of(value: Option<&str>) -> Cow<'_, str> {
    match value {
        None | Some("null") => Cow::Borrowed(""),
        Some(json) => json::string(json).unwrap_or(Cow::Borrowed(json)),
    }
}

/// A list of options, in the order in which the form names them; what the form no longer names comes last.
fn in_order(list: &str, options: &[String]) -> String {
    let Ok(mut chosen) = serde_json::from_str::<Vec<String>>(list) else {
        return list.to_owned();
    };
    let place = |text: &String| options.iter().position(|option| option == text);
    chosen.sort_by_key(|text| place(text).unwrap_or(usize::MAX));
    as_json(&chosen)
}

/// The same spelling of times and numbers as in JSONL.
fn as_text(value: &impl Serialize) -> String {
    as_json(value).trim_matches('"').to_owned()
}

fn as_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("records hold only what JSON can say")
}

#[cfg(test)]
mod tests {
    use super::is_like_a_formula;

    #[test]
    fn numbers_are_no_formulas_and_disguised_formulas_are() {
        for plain in ["", "-5", "-0.5", "-4", "-1.5e-7", "12", "a=1", " a", "-0"] {
            assert!(!is_like_a_formula(plain), "{plain:?}");
        }
        for formula in [
            "=1", "+1", "-a", "-5-3", "@x", "\tx", "\rx", "\nx", " =1", "\u{a0}=1", "＝1", "＋1",
            "－1", "＠x", "--1", "-", " -5",
        ] {
            assert!(is_like_a_formula(formula), "{formula:?}");
        }
    }
}
