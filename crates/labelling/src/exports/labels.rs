//! What workers said, for whoever makes one label of it: all approved answers of a project at the watermark.

use datacrowd_protocol::{
    export::{GivenLabel, LabelPage},
    ids::{ExportId, TaskId},
    raw::RawJson,
};
use sqlx::types::Json;

use crate::{Labelling, Refusal, Result, crowd::pseudonyms};

/// Most labels per page.
const PAGE_LABELS: i64 = 10_000;

impl Labelling {
    /// A page of labels after the approval `after`, in the order of approvals. Answers without the field are left out.
    ///
    /// # Errors
    /// `not_found`, also for an export without consensus; or the database failed.
    pub async fn export_labels(&self, id: ExportId, after: i64) -> Result<LabelPage> {
        let export = self.export_range(id).await?;
        let consensus = export.consensus.ok_or(Refusal::NotFound)?;
        let rows = sqlx::query!(
            "select ev.seq, ev.task_id, a.user_id, a.answer->$2::text as \"label: Json<RawJson>\"
             from approval_events ev join answers a on a.id = ev.answer_id
             where ev.project_id = $1 and ev.seq > $3 and ev.seq <= $4 and ev.kind = 'approved'
               and not exists (select from approval_events r where r.answer_id = ev.answer_id and r.seq > ev.seq and r.seq <= $4 and r.kind = 'revoked')
             order by ev.seq limit $5",
            export.project.0,
            consensus.field,
            after,
            export.watermark,
            PAGE_LABELS
        )
        .fetch_all(&self.calls)
        .await?;
        let is_full = i64::try_from(rows.len()) == Ok(PAGE_LABELS);
        let next_cursor = rows
            .last()
            .filter(|_| is_full)
            .map(|row| row.seq.to_string());
        let users: Vec<_> = rows.iter().map(|row| row.user_id).collect();
        let mut conn = self.pool.acquire().await?;
        let names = pseudonyms(&mut conn, export.tenant.0, &users).await?;
        let items = rows
            .into_iter()
            .filter_map(|row| {
                Some(GivenLabel {
                    task_id: TaskId(row.task_id),
                    worker_id: names.get(&row.user_id).cloned()?,
                    label: row.label?.0,
                })
            })
            .collect();
        Ok(LabelPage { items, next_cursor })
    }
}
