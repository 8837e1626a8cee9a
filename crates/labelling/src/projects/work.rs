//! Projects as their workers see them.

use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    labeling::Labeling,
};

use crate::{Error, Labelling, Result, crowd::membership::kept_out};

/// What a worker sees of a project they may work on.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the resource documents its fields")]
pub struct WorkProject {
    pub id: ProjectId,
    pub display_name: String,
    pub description: String,
    pub labeling_version: i32,
    pub labeling: Labeling,
    pub my_answers: i64,
    /// Tasks that are neither approved nor rejected.
    pub open_tasks: i64,
    /// Tasks that are.
    pub done_tasks: i64,
}

impl Labelling {
    /// A project that this worker may work on.
    ///
    /// # Errors
    /// `not_found`, `blocked`; or the database failed.
    pub async fn work_project(&self, user: UserId, id: ProjectId) -> Result<WorkProject> {
        if let Some(project) = self.work_projects(user, Some(id)).await?.pop() {
            return Ok(project);
        }
        let mut conn = self.pool.acquire().await?;
        Err(kept_out(&mut conn, id.0, user).await?.into())
    }

    /// Projects that this worker may work on.
    ///
    /// # Errors
    /// The database failed.
    pub async fn work_projects(
        &self,
        user: UserId,
        only: Option<ProjectId>,
    ) -> Result<Vec<WorkProject>> {
        let rows = sqlx::query!(
            "select p.id, p.display_name, p.description, p.labeling_version, l.labeling,
                    (select count(*) from answers a where a.project_id = p.id and a.user_id = $1)
                        + (select count(*) from gold_answers a where a.project_id = p.id and a.user_id = $1) as \"my_answers!\",
                    b.open as \"open_tasks!\", b.done as \"done_tasks!\"
             from projects p
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             left join project_workers w on w.project_id = p.id and w.user_id = $1
             cross join lateral (
                 select coalesce(sum(b.open_tasks), 0) as open, coalesce(sum(b.approved + b.rejected), 0) as done
                 from datasets d join task_batches b on b.dataset_id = d.id where d.project_id = p.id and d.bound_uid is not null and (d.inbox is null or b.sealed)) b
             where p.state = 'active' and p.bound_uid is not null and ($2::uuid is null or p.id = $2)
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'
             order by p.id limit 500",
            user.0,
            only.map(|p| p.0)
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter()
            .map(|p| {
                Ok(WorkProject {
                    id: ProjectId(p.id),
                    display_name: p.display_name,
                    description: p.description,
                    labeling_version: p.labeling_version,
                    labeling: serde_json::from_value(p.labeling)
                        .map_err(|_| Error::Corrupt { what: "labeling" })?,
                    my_answers: p.my_answers,
                    open_tasks: p.open_tasks,
                    done_tasks: p.done_tasks,
                })
            })
            .collect()
    }
}
