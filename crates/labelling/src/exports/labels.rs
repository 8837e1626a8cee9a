//! What workers said, for whoever makes one label of it, and what the owner said instead: all approved answers and all
//! decisions of a project at the watermark.

use datacrowd_protocol::{
    export::{DecidedLabel, GivenLabel, LabelPage},
    ids::{ExportId, TaskId},
    raw::RawJson,
};
use sqlx::types::Json;

use crate::{Labelling, Refusal, Result, crowd::pseudonyms, plans::in_order};

/// Most labels and decisions per page.
const PAGE_LABELS: i64 = 10_000;

impl Labelling {
    /// A page of labels and decisions after the number `after`, in the order of their numbers. Answers without the field
    /// are left out, and so are decisions that were replaced or taken back by the watermark.
    ///
    /// # Errors
    /// `not_found`, also for an export without consensus; or the database failed.
    pub async fn export_labels(&self, id: ExportId, after: i64) -> Result<LabelPage> {
        let export = self.export_range(id).await?;
        let consensus = export.consensus.ok_or(Refusal::NotFound)?;
        let mut tx = self.begin().await?;
        in_order(&mut tx).await?;
        let rows = sqlx::query!(
            "select seq as \"seq!\", task_id as \"task_id!\", user_id, label as \"label: Json<RawJson>\" from (
                 (select ev.seq, ev.task_id, a.user_id, a.answer->$2::text as label
                  from approval_events ev join answers a on a.id = ev.answer_id
                  where ev.project_id = $1 and ev.seq > $3 and ev.seq <= $4 and ev.kind = 'approved'
                    and not exists (select from approval_events r where r.answer_id = ev.answer_id and r.seq > ev.seq and r.seq <= $4 and r.kind = 'revoked')
                  order by ev.seq limit $5)
                 union all
                 (select d.seq, d.task_id, null, d.value from decisions d
                  where d.project_id = $1 and d.seq > $3 and d.seq <= $4 and d.field = $2 and d.value is not null
                    and not exists (select from decisions l where l.task_id = d.task_id and l.field = $2 and l.seq > d.seq and l.seq <= $4)
                  order by d.seq limit $5)) said
             order by seq limit $5",
            export.project.0,
            consensus.field,
            after,
            export.watermark,
            PAGE_LABELS
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        let is_full = i64::try_from(rows.len()) == Ok(PAGE_LABELS);
        let next_cursor = rows
            .last()
            .filter(|_| is_full)
            .map(|row| row.seq.to_string());
        let users: Vec<_> = rows.iter().filter_map(|row| row.user_id).collect();
        let mut conn = self.pool.acquire().await?;
        let names = pseudonyms(&mut conn, export.tenant.0, &users).await?;
        let (mut items, mut decisions) = (Vec::new(), Vec::new());
        for row in rows {
            let (task_id, Some(Json(label))) = (TaskId(row.task_id), row.label) else {
                continue;
            };
            match row.user_id.map(|user| names.get(&user)) {
                None => decisions.push(DecidedLabel { task_id, label }),
                Some(Some(name)) => items.push(GivenLabel {
                    task_id,
                    worker_id: name.clone(),
                    label,
                }),
                Some(None) => {}
            }
        }
        Ok(LabelPage {
            items,
            decisions,
            next_cursor,
        })
    }
}
