//! What operator and REST are told of a project that was upserted.

use datacrowd_protocol::{
    ids::ProjectId,
    internal::{ProjectView, QualityNumbers, TaskCounts},
    labeling::Audience,
};
use sqlx::PgConnection;

use super::{billing, from_column};
use crate::{Labelling, Result};

impl Labelling {
    pub(super) async fn project_view(
        &self,
        conn: &mut PgConnection,
        id: ProjectId,
        adopted: bool,
    ) -> Result<ProjectView> {
        let p = sqlx::query!(
            "select p.state, p.task_quota, p.tasks_used, p.billing_status, p.labeling_version, p.refusal, p.audience, p.quality_agreement, p.quality_confidence,
                    (select count(*) from datasets d where d.project_id = p.id and d.bound_uid is not null) as \"datasets!\",
                    (select coalesce(sum(d.tasks_created), 0)::bigint from datasets d where d.project_id = p.id and d.bound_uid is not null) as \"total!\",
                    (select coalesce(sum(b.approved), 0)::bigint from task_batches b join datasets d on d.id = b.dataset_id where d.project_id = p.id and d.bound_uid is not null) as \"approved!\",
                    (select coalesce(sum(b.rejected), 0)::bigint from task_batches b join datasets d on d.id = b.dataset_id where d.project_id = p.id and d.bound_uid is not null) as \"rejected!\"
             from projects p where p.id = $1",
            id.0
        )
        .fetch_one(&mut *conn)
        .await?;
        // Anybody may still register for a public project, so only a list of members can run out of people.
        let is_listed = from_column::<Audience>("audience", &p.audience)? == Audience::Members;
        let starved = starved(conn, id, is_listed).await?;
        Ok(ProjectView {
            id,
            state: from_column("project state", &p.state)?,
            billing: billing(self.billing, &p.billing_status, p.task_quota, p.tasks_used)?,
            datasets: p.datasets,
            tasks: TaskCounts {
                total: p.total,
                approved: p.approved,
                rejected: p.rejected,
                starved,
            },
            quality: p.quality_confidence.map(|confidence| QualityNumbers {
                agreement: p.quality_agreement,
                confidence,
            }),
            labeling_version: p.labeling_version,
            refusal: p.refusal,
            adopted,
            unfinished: p.approved + p.rejected < p.total,
        })
    }
}

/// Tasks of a project that are told to starve at a time.
const TOLD: i64 = 1000;

/// Tasks that nobody on the list may take, or whose answers nobody on it may review. Each is told when it is first found so.
async fn starved(conn: &mut PgConnection, project: ProjectId, is_listed: bool) -> Result<i64> {
    let row = sqlx::query!(
        "with stuck as (
             select t.id from tasks t
             where $2 and t.project_id = $1 and t.queue_pos is not null and not exists (
                 select from project_workers w where w.project_id = $1 and w.standing = 'member'
                   and not exists (select from answers a where a.task_id = t.id and a.user_id = w.user_id and a.status not in ('withdrawn', 'voided'))
                   and not exists (select from skips s where s.task_id = t.id and s.user_id = w.user_id)
                   and not exists (select from shown_tasks v where v.task_id = t.id and v.user_id = w.user_id))
             union
             select a.task_id from answers a join projects p on p.id = a.project_id
             where $2 and a.project_id = $1 and a.status = 'in_review' and not exists (
                 select from project_workers w where w.project_id = $1 and w.standing = 'member'
                   and not exists (select from answers o where o.task_id = a.task_id and o.user_id = w.user_id)
                   and not exists (select from reviews r where r.answer_id = a.id and r.user_id = w.user_id)
                   and not exists (select from tenant_members m where m.user_id = w.user_id and m.tenant_id = p.tenant_id))),
         fed as (delete from starved_tasks where project_id = $1 and task_id not in (select id from stuck)),
         fresh as (
             insert into starved_tasks (task_id, project_id)
             select s.id, $1 from stuck s where not exists (select from starved_tasks m where m.task_id = s.id)
             order by s.id limit greatest(0, $3 - (select count(*) from starved_tasks where project_id = $1))
             on conflict (task_id) do nothing returning task_id),
         told as (insert into events (kind, subject, actor, data) select 'task.starved', task_id::text, 'platform', '{}' from fresh)
         select count(*) as \"starved!\" from stuck",
        project.0,
        is_listed,
        TOLD
    )
    .fetch_one(conn)
    .await?;
    Ok(row.starved)
}
