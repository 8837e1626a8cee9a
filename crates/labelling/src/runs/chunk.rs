//! Loading: one chunk is one transaction of rows, batches, quota and checkpoint, guarded by the run's epoch.

mod columns;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    chunk::{
        Checkpoint, ChunkHeader, ChunkLoaded, ChunkRow, MAX_REASON_CHARS, RejectedRow,
        SHOWN_REJECTED_ROWS,
    },
    ids::{DatasetId, ProjectId, RunId},
    internal::DatasetState,
    labeling::{GoldColumns, Labeling},
};
use sqlx::PgConnection;

use self::columns::{Columns, insert};
use super::{require_hold, spend};
use crate::{
    Error, Labelling, Refusal, Result, batches,
    datasets::{checkpoint, gold_columns, window_lock},
    gold,
    plans::by_index,
    projects::from_column,
};

/// Rows cut by one runner under one epoch.
#[derive(Debug, Clone)]
pub struct Chunk {
    /// The run that sends it.
    pub run: RunId,
    /// The epoch under which it was cut.
    pub epoch: i64,
    /// The source's header, and the line on which the next record begins.
    pub header: ChunkHeader,
    /// The rows, in the source's order.
    pub rows: Vec<ChunkRow>,
}

/// What rows are loaded into.
struct Target {
    dataset: DatasetId,
    project: ProjectId,
    batch_size: i32,
    tasks_created: i64,
    slots: i32,
    external_id_column: Option<String>,
    /// Where its rows say what is right, and the form that they have to fit; none where they become tasks.
    gold: Option<(GoldColumns, Labeling)>,
}

impl Labelling {
    /// Loads a chunk. Rows before the checkpoint are skipped, so a repeated chunk changes nothing; quota is
    /// spent for inserted rows only, and the chunk stops where it ends.
    ///
    /// # Errors
    /// `fenced`, `tombstoned`, `out_of_order`, `quota_exceeded` (the accepted rows are loaded); or the database failed.
    pub async fn chunk_load(
        &self,
        id: DatasetId,
        chunk: Chunk,
        now: DateTime<Utc>,
    ) -> Result<ChunkLoaded> {
        let mut tx = self.begin().await?;
        // Also for the foreign key of each row, whose plan is made with the first row that a session inserts, and is kept.
        by_index(&mut tx).await?;
        window_lock(&mut tx, id).await?;
        // The dataset before its hold, as whoever fences or deletes it.
        let row = lock(&mut tx, id).await?;
        require_hold(&mut tx, id, chunk.run, chunk.epoch, now).await?;
        let (target, mut at) = row.generating()?;
        let sent = chunk.rows.len();
        let mut fresh = fresh(chunk.rows, &at)?;
        let skipped = i64::try_from(sent - fresh.len()).unwrap_or(i64::MAX);
        let known = target
            .gold
            .as_ref()
            .map(|(columns, labeling)| gold::read_rows(&mut fresh, columns, labeling));
        let wanted = i64::try_from(fresh.iter().filter(|r| r.rejected.is_none()).count())
            .unwrap_or(i64::MAX);
        let granted = match known {
            Some(_) => wanted,
            None => spend(&mut tx, target.project, target.slots, wanted, self.billing).await?,
        };
        let (columns, whole) = advance(&mut at, fresh, &target, granted, &chunk.header);
        let inserted = match &known {
            Some(known) => {
                at.batch_ordinal = 0;
                let of = (target.project, target.dataset);
                gold::insert_rows(&mut tx, of, columns.row_numbers(), known, now).await?
            }
            None => insert(&mut tx, &target, &columns).await?,
        };
        save(&mut tx, id, (inserted, known.is_some()), &at, now).await?;
        if known.is_none() {
            batches::seal_batches(&mut tx, id, Some(target.batch_size)).await?;
        }
        tx.commit().await?;
        if whole {
            Ok(ChunkLoaded {
                inserted,
                skipped,
                checkpoint: at,
            })
        } else {
            Err(Refusal::QuotaExhausted { accepted: granted }.into())
        }
    }
}

/// A dataset, locked, with what its project says of its tasks.
struct Row {
    id: DatasetId,
    project_id: ProjectId,
    batch_size: i32,
    tasks_created: i64,
    checkpoint: serde_json::Value,
    state: DatasetState,
    answers_per_task: i32,
    labeling: serde_json::Value,
    gold: Option<serde_json::Value>,
}

impl Row {
    /// Where its rows go, and from where on; `fenced` unless it is being generated.
    fn generating(self) -> Result<(Target, Checkpoint)> {
        if self.state != DatasetState::Generating {
            return Err(Refusal::Fenced.into());
        }
        let at = checkpoint(self.checkpoint)?;
        let labeling: Labeling = serde_json::from_value(self.labeling)
            .map_err(|_| Error::Corrupt { what: "labeling" })?;
        let gold = gold_columns(self.gold)?;
        let target = Target {
            dataset: self.id,
            project: self.project_id,
            batch_size: self.batch_size,
            tasks_created: self.tasks_created,
            slots: self.answers_per_task,
            external_id_column: labeling.external_id_column.clone(),
            gold: gold.map(|columns| (columns, labeling)),
        };
        Ok((target, at))
    }
}

async fn lock(conn: &mut PgConnection, id: DatasetId) -> Result<Row> {
    let d = sqlx::query!(
        "select d.project_id, d.batch_size, d.tasks_created, d.checkpoint, d.state, d.gold, p.answers_per_task, l.labeling
             from datasets d join projects p on p.id = d.project_id
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where d.id = $1 for update of d",
        id.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::Tombstoned)?;
    Ok(Row {
        id,
        project_id: ProjectId(d.project_id),
        batch_size: d.batch_size,
        tasks_created: d.tasks_created,
        checkpoint: d.checkpoint,
        state: from_column("dataset state", &d.state)?,
        answers_per_task: d.answers_per_task,
        labeling: d.labeling,
        gold: d.gold,
    })
}

/// The rows behind the checkpoint, which they must continue.
fn fresh(rows: Vec<ChunkRow>, at: &Checkpoint) -> Result<Vec<ChunkRow>> {
    let fresh: Vec<_> = rows
        .into_iter()
        .filter(|r| r.row_no >= at.next_row)
        .collect();
    match fresh.first() {
        Some(first) if first.row_no != at.next_row || first.end_offset < at.offset => {
            let expected = at.next_row;
            Err(Refusal::OutOfOrder { expected }.into())
        }
        _ => Ok(fresh),
    }
}

/// Stores where the dataset stands, with the rows it counts.
async fn save(
    conn: &mut PgConnection,
    id: DatasetId,
    (inserted, is_gold): (i64, bool),
    at: &Checkpoint,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query!(
        "update datasets set tasks_created = tasks_created + case when $7 then 0 else $2::bigint end, gold_items = gold_items + case when $7 then $2::bigint else 0 end, rows_rejected = $3, batches = $4, checkpoint = $5, updated_at = $6 where id = $1",
        id.0,
        inserted,
        at.rejected,
        at.batch_ordinal,
        serde_json::to_value(at).map_err(|_| Error::Corrupt { what: "checkpoint" })?,
        now,
        is_gold
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Moves the checkpoint over the rows that quota allows. False when it stopped before the chunk's end.
fn advance(
    at: &mut Checkpoint,
    rows: Vec<ChunkRow>,
    target: &Target,
    granted: i64,
    header: &ChunkHeader,
) -> (Columns, bool) {
    let mut columns = Columns::default();
    let mut loaded = target.tasks_created;
    let batch_size = i64::from(target.batch_size);
    let full_batches = (target.tasks_created + granted) / batch_size;
    let mut whole = true;
    for row in rows {
        let next_line = row.next_line();
        match row.rejected {
            Some(reason) => refuse(at, row.line, &reason),
            None if loaded - target.tasks_created == granted => {
                whole = false;
                break;
            }
            None => {
                let ordinal = loaded / batch_size;
                columns.push(row.row_no, row.payload, ordinal, ordinal < full_batches);
                loaded += 1;
            }
        }
        at.blank = at.blank.saturating_add(row.blank_before.max(0));
        at.next_row = row.row_no + 1;
        at.offset = row.end_offset;
        at.next_line = next_line.unwrap_or(at.next_line);
        at.after = row.key.or(at.after.take());
    }
    if whole {
        at.next_line = header.next_line;
    }
    at.batch_ordinal = i32::try_from((loaded + batch_size - 1) / batch_size).unwrap_or(i32::MAX);
    learn(at, header);
    (columns, whole)
}

/// Counts a refused row, and shows it while it is one of the first.
fn refuse(at: &mut Checkpoint, line: Option<i64>, reason: &str) {
    at.rejected += 1;
    if at.rejected_rows.len() < SHOWN_REJECTED_ROWS {
        at.rejected_rows.push(RejectedRow {
            line: line.unwrap_or(0),
            reason: reason.chars().take(MAX_REASON_CHARS).collect(),
        });
    }
}

/// Takes over what the chunk says of its source; what it leaves out stays.
fn learn(at: &mut Checkpoint, header: &ChunkHeader) {
    if header.header.is_some() {
        at.header.clone_from(&header.header);
    }
    at.dialect = header.dialect.or(at.dialect);
    if !header.columns.is_empty() {
        at.columns.clone_from(&header.columns);
    }
    if !header.notices.is_empty() {
        at.notices.clone_from(&header.notices);
    }
}
