//! Rows of a gold dataset become gold items, as rows of another become tasks: in the same chunk, under the same checkpoint.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    chunk::ChunkRow,
    ids::{DatasetId, ProjectId},
    labeling::{GoldColumns, Labeling},
};
use sqlx::PgConnection;

use super::known::{Known, read_row};
use crate::Result;

/// Reads what is right in each accepted row, in their order; a row that does not say it is refused with its reason.
pub(crate) fn read_rows(
    rows: &mut [ChunkRow],
    columns: &GoldColumns,
    labeling: &Labeling,
) -> Vec<Known> {
    let mut known = Vec::with_capacity(rows.len());
    for row in rows {
        let Some(payload) = &row.payload else {
            continue;
        };
        match read_row(payload, columns, labeling) {
            Ok(read) => known.push(read),
            Err(why) => {
                row.payload = None;
                row.rejected = Some(why);
            }
        }
    }
    known
}

/// Inserts rows, which are numbered as they are known. One that is there already is left alone.
pub(crate) async fn insert_rows(
    conn: &mut PgConnection,
    (project, dataset): (ProjectId, DatasetId),
    numbers: &[i64],
    known: &[Known],
    now: DateTime<Utc>,
) -> Result<i64> {
    let payloads: Vec<_> = known.iter().map(|k| k.payload.get().to_owned()).collect();
    let expected: Vec<_> = known.iter().map(|k| k.expected.get().to_owned()).collect();
    let explained: Vec<_> = known.iter().map(|k| k.explanation.clone()).collect();
    let inserted = sqlx::query!(
        "insert into gold_items (project_id, dataset_id, row_no, payload, expected, explanation, created_at)
         select $1, $2, r.row_no, r.payload::jsonb, r.expected::jsonb, r.explanation, $3
         from unnest($4::bigint[], $5::text[], $6::text[], $7::text[]) with ordinality as r (row_no, payload, expected, explanation, nth)
         order by r.nth
         on conflict on constraint gold_items_row do nothing",
        project.0,
        dataset.0,
        now,
        numbers,
        &payloads,
        &expected,
        &explained as &[Option<String>]
    )
    .execute(conn)
    .await?;
    Ok(i64::try_from(inserted.rows_affected()).unwrap_or(i64::MAX))
}
