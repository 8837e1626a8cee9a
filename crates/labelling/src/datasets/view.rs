//! What operator and REST are told of a dataset that was upserted.

use datacrowd_protocol::{
    ids::DatasetId,
    internal::{DatasetView, ProjectState},
    run::SourceFound,
};
use sqlx::PgConnection;

use super::checkpoint;
use crate::{
    Labelling, Result,
    projects::{billing, from_column},
    runs::latest_run,
};

/// Most tasks of an adopted dataset that are counted to see whether quota covers them.
const WAITING_ROWS: i64 = 100_000;

impl Labelling {
    /// What operator and REST are told of a dataset.
    pub(super) async fn dataset_view(
        &self,
        conn: &mut PgConnection,
        id: DatasetId,
        adopted: bool,
    ) -> Result<DatasetView> {
        let d = sqlx::query!(
            "select d.state, d.total_items, d.tasks_created, d.gold_items, d.batches, d.open_batches, d.checkpoint, d.source_etag, d.source_size, d.sha256, d.started_at,
                d.completed_at,
                case when d.inbox is not null then (select count(*) from inbox_models_v2(d.project_id)) end as warm_models,
                p.state as project_state, p.billing_status, p.task_quota, p.tasks_used, p.answers_per_task,
                (select count(*) from (
                     select from tasks t where t.dataset_id = d.id and t.row_no >= d.recharge_from and not t.charged
                     limit least(greatest(p.task_quota - p.tasks_used, 0) / p.answers_per_task + 1, $2)) waiting) as \"waiting!\"
         from datasets d join projects p on p.id = d.project_id where d.id = $1",
            id.0,
            WAITING_ROWS
        )
        .fetch_one(&mut *conn)
        .await?;
        let checkpoint = checkpoint(d.checkpoint)?;
        let project_state = from_column("project state", &d.project_state)?;
        Ok(DatasetView {
            id,
            state: from_column("dataset state", &d.state)?,
            project_state,
            billing: billing(self.billing, &d.billing_status, d.task_quota, d.tasks_used)?,
            total_rows: d.total_items,
            tasks_created: d.tasks_created,
            gold_items: d.gold_items,
            rows_rejected: checkpoint.rejected,
            rejected_rows: checkpoint.rejected_rows,
            rows_blank: checkpoint.blank,
            dialect: checkpoint.dialect,
            notices: checkpoint.notices,
            batches: d.batches,
            source: d
                .source_etag
                .zip(d.source_size)
                .map(|(etag, size_bytes)| SourceFound { etag, size_bytes }),
            replaceable: checkpoint.next_row <= 1 && d.sha256.is_none(),
            run: latest_run(
                conn,
                id,
                d.tasks_created + d.gold_items + checkpoint.rejected,
            )
            .await?,
            started_at: d.started_at,
            completed_at: d.completed_at,
            adopted,
            unfinished: d.open_batches > 0,
            // In a closed project nothing joins the queue any more, whatever is bought.
            unpaid: project_state != ProjectState::Closed
                && self.billing.gates()
                && d.waiting > (d.task_quota - d.tasks_used).max(0) / i64::from(d.answers_per_task),
            warm_models: d.warm_models,
        })
    }
}
