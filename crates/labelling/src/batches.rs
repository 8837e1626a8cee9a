//! Batches: sealed when they are full or their run is complete, and with them a dataset that is loaded.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::DatasetId;
use sqlx::PgConnection;

use crate::{Result, events};

/// Batches that are full, or whose run is complete, join the queue; tasks that nobody pays for wait until
/// somebody does.
pub(crate) async fn seal_batches(
    conn: &mut PgConnection,
    dataset: DatasetId,
    batch_size: Option<i32>,
) -> Result<()> {
    // A batch whose tasks are all done before it is sealed cannot exist: unsealed tasks are not in the queue. They are looked up by
    // their batch, then by their ids, and joined with nothing: by a plan for a table that was empty, a join reads all tasks.
    sqlx::query!(
        "with sealed as (
             update task_batches set sealed = true, status = 'ready'
             where dataset_id = $1 and not sealed and ($2::int is null or size >= $2) and size > 0 returning id),
         queued as (
             update tasks set queue_pos = nextval('task_queue_pos') where id = any(array(
                 select id from tasks
                 where batch_id = any(array(select id from sealed)) and queue_pos is null and slots_free > 0 and charged)))
         update datasets set open_batches = open_batches + (select count(*) from sealed)::int where id = $1",
        dataset.0,
        batch_size
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Every row is a task: the last batch is sealed and the dataset is READY.
pub(crate) async fn dataset_loaded(
    conn: &mut PgConnection,
    dataset: DatasetId,
    rows: i64,
    now: DateTime<Utc>,
) -> Result<()> {
    seal_batches(conn, dataset, None).await?;
    sqlx::query!("update datasets set state = 'ready', total_items = $2, completed_at = $3, updated_at = $3 where id = $1", dataset.0, rows, now)
        .execute(&mut *conn)
        .await?;
    events::record(
        conn,
        "dataset.ready",
        &dataset.to_string(),
        "runner",
        serde_json::json!({"rows": rows}),
    )
    .await?;
    sqlx::query!("select dataset_settle_v1($1, $2)", dataset.0, now)
        .fetch_one(conn)
        .await?;
    Ok(())
}
