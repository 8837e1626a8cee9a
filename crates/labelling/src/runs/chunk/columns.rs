//! The accepted rows of a chunk, as columns that one statement inserts.

use std::iter::repeat_n;

use datacrowd_protocol::raw::RawJson;
use sqlx::PgConnection;

use super::Target;
use crate::Result;

/// The accepted rows of a chunk as columns, for `unnest`, and the batches that they are of.
#[derive(Default)]
pub(super) struct Columns {
    row_no: Vec<i64>,
    payload: Vec<String>,
    queued: Vec<bool>,
    /// The batches, in order, and how many of the rows are of each.
    ordinals: Vec<i32>,
    sizes: Vec<i32>,
}

impl Columns {
    /// Which rows they are.
    pub(super) fn row_numbers(&self) -> &[i64] {
        &self.row_no
    }

    /// Adds a row; batches come in their order.
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
        self.queued.push(queued);
        let ordinal = i32::try_from(ordinal).unwrap_or(i32::MAX);
        match (self.ordinals.last(), self.sizes.last_mut()) {
            (Some(last), Some(size)) if *last == ordinal => *size += 1,
            _ => {
                self.ordinals.push(ordinal);
                self.sizes.push(1);
            }
        }
    }
}

/// Inserts rows and counts them into their batches. Of each 64 ids a task has one at random, so that gold in its place may have
/// another: neither says which is which.
pub(super) async fn insert(
    conn: &mut PgConnection,
    target: &Target,
    columns: &Columns,
) -> Result<i64> {
    if columns.row_no.is_empty() {
        return Ok(0);
    }
    let batches = batches(conn, target, columns).await?;
    let sizes = columns
        .sizes
        .iter()
        .map(|n| usize::try_from(*n).unwrap_or(0));
    let batch_of_row: Vec<i64> = batches
        .into_iter()
        .zip(sizes)
        .flat_map(|(id, size)| repeat_n(id, size))
        .collect();
    // The checkpoint says that none of them is there. The payload is parsed once: the inner select stays one.
    let inserted = sqlx::query!(
        "insert into tasks (id, project_id, dataset_id, batch_id, row_no, payload, external_id, slots, slots_free, queue_pos)
         overriding system value
         select nextval('tasks_id_seq') + floor(random() * 64)::bigint, $1, $2, r.batch_id, r.row_no, r.payload, r.payload->>$6::text, $3, $3, case when r.queued then nextval('task_queue_pos') end
         from (select row_no, payload::jsonb as payload, batch_id, queued
               from unnest($4::bigint[], $5::text[], $7::bigint[], $8::bool[]) as u (row_no, payload, batch_id, queued) offset 0) r",
        target.project.0,
        target.dataset.0,
        i16::try_from(target.slots).unwrap_or(1),
        &columns.row_no,
        &columns.payload,
        target.external_id_column.as_deref() as Option<&str>,
        &batch_of_row,
        &columns.queued
    )
    .execute(conn)
    .await?;
    Ok(i64::try_from(inserted.rows_affected()).unwrap_or(i64::MAX))
}

/// The batches of the rows, which are counted into them, in order.
async fn batches(conn: &mut PgConnection, target: &Target, columns: &Columns) -> Result<Vec<i64>> {
    let batches = sqlx::query_scalar!(
        "with counted as (
             insert into task_batches as b (dataset_id, ordinal, size, open_tasks)
             select $1, u.ordinal, u.size, u.size from unnest($2::int[], $3::int[]) as u (ordinal, size)
             on conflict on constraint task_batches_ordinal
                 do update set size = b.size + excluded.size, open_tasks = b.open_tasks + excluded.open_tasks
             returning b.id, b.ordinal)
         select id from counted order by ordinal",
        target.dataset.0,
        &columns.ordinals,
        &columns.sizes
    )
    .fetch_all(conn)
    .await?;
    Ok(batches)
}
