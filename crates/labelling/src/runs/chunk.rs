//! Loading: one chunk is one transaction of rows, batches, quota and checkpoint, guarded by the run's epoch.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    chunk::{
        Checkpoint, ChunkHeader, ChunkLoaded, ChunkRow, MAX_REASON_CHARS, RejectedRow,
        SHOWN_REJECTED_ROWS,
    },
    ids::{DatasetId, RunId},
    labeling::Labeling,
};
use uuid::Uuid;

use super::require_hold;
use crate::{
    BillingMode, Error, Labelling, Refusal, Result, batches,
    datasets::{checkpoint, window_lock},
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

/// The accepted rows of a chunk as columns, for `unnest`.
#[derive(Default)]
struct Columns {
    row_no: Vec<i64>,
    payload: Vec<String>,
    ordinal: Vec<i32>,
    queued: Vec<bool>,
}

struct Target {
    project: Uuid,
    batch_size: i32,
    tasks_created: i64,
    slots: i32,
    external_id_column: Option<String>,
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
        let mut tx = self.pool.begin().await?;
        window_lock(&mut tx, id.0).await?;
        // The dataset before its hold, as whoever fences or deletes it.
        let d = sqlx::query!(
            "select d.project_id, d.batch_size, d.tasks_created, d.checkpoint, d.state, p.answers_per_task, l.labeling
             from datasets d join projects p on p.id = d.project_id
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where d.id = $1 for update of d",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        require_hold(&mut tx, id.0, chunk.run, chunk.epoch, now).await?;
        if d.state != "generating" {
            return Err(Refusal::Fenced.into());
        }
        let mut at = checkpoint(d.checkpoint)?;
        let labeling: Labeling =
            serde_json::from_value(d.labeling).map_err(|_| Error::Corrupt { what: "labeling" })?;
        let target = Target {
            project: d.project_id,
            batch_size: d.batch_size,
            tasks_created: d.tasks_created,
            slots: d.answers_per_task,
            external_id_column: labeling.external_id_column,
        };
        let sent = chunk.rows.len();
        let fresh: Vec<_> = chunk
            .rows
            .into_iter()
            .filter(|r| r.row_no >= at.next_row)
            .collect();
        if let Some(first) = fresh.first()
            && (first.row_no != at.next_row || first.end_offset < at.offset)
        {
            return Err(Refusal::OutOfOrder {
                expected: at.next_row,
            }
            .into());
        }
        let skipped = i64::try_from(sent - fresh.len()).unwrap_or(i64::MAX);
        let wanted = i64::try_from(fresh.iter().filter(|r| r.rejected.is_none()).count())
            .unwrap_or(i64::MAX);
        let granted = spend(&mut tx, target.project, target.slots, wanted, self.billing).await?;
        let (columns, whole) = advance(&mut at, fresh, &target, granted, &chunk.header);
        let inserted = insert(&mut tx, id.0, &target, &columns).await?;
        sqlx::query!(
            "update datasets set tasks_created = tasks_created + $2, rows_rejected = $3, batches = $4, checkpoint = $5, updated_at = $6 where id = $1",
            id.0,
            inserted,
            at.rejected,
            at.batch_ordinal,
            serde_json::to_value(&at).map_err(|_| Error::Corrupt { what: "checkpoint" })?,
            now
        )
        .execute(&mut *tx)
        .await?;
        batches::seal_batches(&mut tx, id, Some(target.batch_size)).await?;
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

/// Takes quota for as many whole tasks as it allows, in one statement, and says for how many. Where nothing is gated
/// nothing is counted: it would be a debt on the day that gating begins.
pub(crate) async fn spend(
    conn: &mut sqlx::PgConnection,
    project: Uuid,
    slots: i32,
    wanted: i64,
    billing: BillingMode,
) -> Result<i64> {
    let gated = billing.gates();
    let row = sqlx::query!(
        "with room as (
             select id, case when $4 then least($2, greatest(task_quota - tasks_used, 0) / $3) else $2 end as tasks from projects where id = $1 for update)
         update projects p set tasks_used = p.tasks_used + case when $4 then room.tasks * $3 else 0 end from room where p.id = room.id returning room.tasks as \"tasks!\"",
        project,
        wanted,
        i64::from(slots),
        gated
    )
    .fetch_one(conn)
    .await?;
    Ok(row.tasks)
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
        if let Some(reason) = row.rejected {
            at.rejected += 1;
            if at.rejected_rows.len() < SHOWN_REJECTED_ROWS {
                at.rejected_rows.push(RejectedRow {
                    line: row.line.unwrap_or(0),
                    reason: reason.chars().take(MAX_REASON_CHARS).collect(),
                });
            }
        } else {
            if loaded - target.tasks_created == granted {
                whole = false;
                break;
            }
            let ordinal = loaded / batch_size;
            columns.row_no.push(row.row_no);
            let payload = row
                .payload
                .map_or_else(|| "{}".to_owned(), |p| p.get().to_owned());
            columns.payload.push(payload);
            columns
                .ordinal
                .push(i32::try_from(ordinal).unwrap_or(i32::MAX));
            columns.queued.push(ordinal < full_batches);
            loaded += 1;
        }
        at.blank = at.blank.saturating_add(row.blank_before.max(0));
        at.next_row = row.row_no + 1;
        at.offset = row.end_offset;
        at.next_line = next_line.unwrap_or(at.next_line);
    }
    if whole {
        at.next_line = header.next_line;
    }
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
    at.batch_ordinal = i32::try_from((loaded + batch_size - 1) / batch_size).unwrap_or(i32::MAX);
    (columns, whole)
}

/// Inserts rows and counts them into their batches. A row that is there already is left alone.
async fn insert(
    conn: &mut sqlx::PgConnection,
    dataset: Uuid,
    target: &Target,
    columns: &Columns,
) -> Result<i64> {
    if columns.row_no.is_empty() {
        return Ok(0);
    }
    sqlx::query!(
        "insert into task_batches (dataset_id, ordinal) select distinct $1::uuid, o from unnest($2::int[]) o
         on conflict on constraint task_batches_ordinal do nothing",
        dataset,
        &columns.ordinal
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "with inserted as (
             insert into tasks (project_id, dataset_id, batch_id, row_no, payload, external_id, slots, slots_free, queue_pos)
             select $1, $2, b.id, r.row_no, r.payload, r.payload->>$6::text, $3, $3, case when r.queued then nextval('task_queue_pos') end
             from (select row_no, payload::jsonb as payload, ordinal, queued, nth
                   from unnest($4::bigint[], $5::text[], $7::int[], $8::bool[]) with ordinality as u (row_no, payload, ordinal, queued, nth)) r
             join task_batches b on b.dataset_id = $2 and b.ordinal = r.ordinal
             order by r.nth
             on conflict on constraint tasks_row do nothing
             returning batch_id),
         counted as (select batch_id, count(*)::int as n from inserted group by batch_id),
         sized as (
             update task_batches b set size = size + c.n, open_tasks = open_tasks + c.n from counted c where b.id = c.batch_id returning c.n)
         select coalesce(sum(n), 0)::bigint as \"n!\" from sized",
        target.project,
        dataset,
        i16::try_from(target.slots).unwrap_or(1),
        &columns.row_no,
        &columns.payload,
        target.external_id_column.as_deref() as Option<&str>,
        &columns.ordinal,
        &columns.queued
    )
    .fetch_one(conn)
    .await?;
    Ok(row.n)
}
