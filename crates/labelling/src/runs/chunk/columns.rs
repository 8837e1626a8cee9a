//! The accepted rows of a chunk, as columns that one statement inserts.

use datacrowd_protocol::raw::RawJson;
use sqlx::PgConnection;

use super::Target;
use crate::Result;

/// The accepted rows of a chunk as columns, for `unnest`.
#[derive(Default)]
pub(super) struct Columns {
    row_no: Vec<i64>,
    payload: Vec<String>,
    ordinal: Vec<i32>,
    queued: Vec<bool>,
}

impl Columns {
    /// Which rows they are.
    pub(super) fn row_numbers(&self) -> &[i64] {
        &self.row_no
    }

    pub(super) fn push(
        &mut self,
        row_no: i64,
        payload: Option<RawJson>,
        ordinal: i64,
        queued: bool,
    ) {
        self.row_no.push(row_no);
        let payload = payload.map_or_else(|| "{}".to_owned(), |p| p.get().to_owned());
        self.payload.push(payload);
        self.ordinal
            .push(i32::try_from(ordinal).unwrap_or(i32::MAX));
        self.queued.push(queued);
    }
}

/// Inserts rows and counts them into their batches. Of each 64 ids a task has one at random, so that gold in its place may have
/// another: neither says which is which. A row that is there already is left alone.
pub(super) async fn insert(
    conn: &mut PgConnection,
    target: &Target,
    columns: &Columns,
) -> Result<i64> {
    if columns.row_no.is_empty() {
        return Ok(0);
    }
    sqlx::query!(
        "insert into task_batches (dataset_id, ordinal) select distinct $1::uuid, o from unnest($2::int[]) o
         on conflict on constraint task_batches_ordinal do nothing",
        target.dataset.0,
        &columns.ordinal
    )
    .execute(&mut *conn)
    .await?;
    let row = sqlx::query!(
        "with inserted as (
             insert into tasks (id, project_id, dataset_id, batch_id, row_no, payload, external_id, slots, slots_free, queue_pos)
             overriding system value
             select nextval('tasks_id_seq') + floor(random() * 64)::bigint, $1, $2, b.id, r.row_no, r.payload, r.payload->>$6::text, $3, $3, case when r.queued then nextval('task_queue_pos') end
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
        target.project.0,
        target.dataset.0,
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
