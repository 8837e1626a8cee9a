//! Turns tasks and answers into the bytes of an export. The same tasks make the same bytes.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    export::{AnswerRecord, ExportFormat, PredictionRecord, RowPer, TaskRecord},
    ids::TaskId,
    raw::RawJson,
    run::ExportOpened,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{
    labels::{Label, Labels},
    parts::PART_BYTES,
    table::Table,
};

/// One line of JSONL with `rowPer: Answer`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerLine<'a> {
    task_id: TaskId,
    row_no: i64,
    external_id: Option<&'a str>,
    source: &'a RawJson,
    #[serde(skip_serializing_if = "Option::is_none")]
    predictions: Option<&'a BTreeMap<String, PredictionRecord>>,
    answer: &'a RawJson,
    worker_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    begun_with: &'a [String],
    labeling_version: i32,
    submitted_at: DateTime<Utc>,
    approved_at: DateTime<Utc>,
    seconds_spent: f64,
}

/// One line of JSONL with `rowPer: Task`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TaskLine<'a> {
    task_id: TaskId,
    row_no: i64,
    external_id: Option<&'a str>,
    source: &'a RawJson,
    #[serde(flatten)]
    label: Option<Label>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predictions: Option<&'a BTreeMap<String, PredictionRecord>>,
    answers: &'a [AnswerRecord],
}

enum Shape {
    Lines,
    Table(Table),
}

/// Collects bytes until they fill a part.
pub(super) struct Encoder {
    shape: Shape,
    row_per: RowPer,
    labels: Option<Labels>,
    buffer: Vec<u8>,
    sha256: Sha256,
    size: u64,
    rows: i64,
}

impl Encoder {
    /// An encoder of what `opened` asks for; CSV begins with its header. `labels` are those of its tasks, if it has any.
    pub(super) fn new(opened: &ExportOpened, labels: Option<Labels>) -> Self {
        let mut encoder = Self {
            shape: match opened.format {
                ExportFormat::Jsonl => Shape::Lines,
                ExportFormat::Csv => Shape::Table(Table::new(opened)),
            },
            row_per: opened.row_per,
            labels,
            buffer: Vec::with_capacity(PART_BYTES),
            sha256: Sha256::new(),
            size: 0,
            rows: 0,
        };
        if let Shape::Table(table) = &encoder.shape {
            table.write_header(&mut encoder.buffer);
        }
        encoder.count_from(0);
        encoder
    }

    /// Appends the records of a page.
    pub(super) fn write(&mut self, tasks: &[TaskRecord]) {
        let begin = self.buffer.len();
        for task in tasks {
            match self.row_per {
                RowPer::Answer => {
                    for answer in &task.answers {
                        self.write_answer(task, answer);
                    }
                }
                RowPer::Task => self.write_task(task),
            }
        }
        self.count_from(begin);
    }

    /// Records so far.
    pub(super) fn rows(&self) -> i64 {
        self.rows
    }

    /// A part, when there is enough for one. All parts but the last are of one size, as some stores demand.
    pub(super) fn full_part(&mut self) -> Option<Bytes> {
        if self.buffer.len() < PART_BYTES {
            return None;
        }
        let rest = self.buffer.split_off(PART_BYTES);
        Some(std::mem::replace(&mut self.buffer, rest).into())
    }

    /// What is left for the last part.
    pub(super) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.buffer).into()
    }

    /// SHA-256 in hexadecimal, and size in bytes, of everything.
    pub(super) fn digest(self) -> (String, i64) {
        let size = i64::try_from(self.size).unwrap_or(i64::MAX);
        (hex::encode(self.sha256.finalize()), size)
    }

    fn count_from(&mut self, begin: usize) {
        let bytes = &self.buffer[begin..];
        self.sha256.update(bytes);
        self.size += bytes.len() as u64;
    }

    fn write_answer(&mut self, task: &TaskRecord, record: &AnswerRecord) {
        self.rows += 1;
        if let Shape::Table(table) = &self.shape {
            return table.write_answer(task, record, &mut self.buffer);
        }
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
        write_line(
            &mut self.buffer,
            &AnswerLine {
                task_id: task.task_id,
                row_no: task.row_no,
                external_id: task.external_id.as_deref(),
                source: &task.source,
                predictions: task.predictions.as_ref(),
                answer,
                worker_id,
                model: model.as_deref(),
                begun_with,
                labeling_version: *labeling_version,
                submitted_at: *submitted_at,
                approved_at: *approved_at,
                seconds_spent: *seconds_spent,
            },
        );
    }

    fn write_task(&mut self, task: &TaskRecord) {
        self.rows += 1;
        let label = self.labels.as_ref().map(|l| l.of_task(task.task_id));
        if let Shape::Table(table) = &self.shape {
            return table.write_task(task, label.as_ref(), &mut self.buffer);
        }
        // The dataset is left out: an export's records are those of its project.
        let TaskRecord {
            task_id,
            dataset_id: _,
            row_no,
            external_id,
            source,
            predictions,
            answers,
        } = task;
        write_line(
            &mut self.buffer,
            &TaskLine {
                task_id: *task_id,
                row_no: *row_no,
                external_id: external_id.as_deref(),
                source,
                label,
                predictions: predictions.as_ref(),
                answers,
            },
        );
    }
}

/// Appends a line of JSON.
pub(super) fn write_line(buffer: &mut Vec<u8>, record: &impl Serialize) {
    serde_json::to_writer(&mut *buffer, record).expect("records hold only what JSON can say");
    buffer.push(b'\n');
}
