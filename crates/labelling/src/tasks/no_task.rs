//! Why there is no task for a worker, and when to look again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    work::NoTask,
};
use sqlx::PgConnection;

use crate::{Labelling, Refusal, Result, crowd::membership::kept_out};

/// When a worker without work is told to come back, in seconds.
const LOOK_AGAIN_SECONDS: i64 = 15;

impl Labelling {
    /// Of one project, or of all where this worker may work.
    pub(super) async fn no_task(
        &self,
        user: UserId,
        project: Option<ProjectId>,
        now: DateTime<Utc>,
    ) -> Result<Refusal> {
        let all = sqlx::query_as!(
            Outlook,
            "select count(*) as \"projects!\", coalesce(bool_or(p.state in ('active', 'completed')), false) as \"going!\",
                    coalesce(bool_or(p.state = 'paused'), false) as \"paused!\", min(l.until) filter (where p.state in ('active', 'completed')) as leased_until,
                    coalesce(bool_or(exists (select from datasets d where d.project_id = p.id and d.bound_uid is not null and d.state = 'generating')), false) as \"generating!\",
                    coalesce(bool_or(exists (select from answers a where a.project_id = p.id and a.status = 'in_review')
                        or exists (select from gold_answers a where a.project_id = p.id and a.user_id = $1 and a.status = 'in_review')), false) as \"in_review!\",
                    coalesce(bool_or(p.state in ('active', 'completed')
                        and exists (select from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null)), false) as \"open!\"
             from projects p
             left join project_workers w on w.project_id = p.id and w.user_id = $1
             left join (select project_id, min(expires_at) as until from (
                 select project_id, expires_at from leases
                 union all select project_id, expires_at from gold_draws where user_id = $1 and token is not null) h group by project_id) l on l.project_id = p.id
             where ($2::uuid is null or p.id = $2) and p.bound_uid is not null
               and coalesce(w.standing, case p.audience when 'public' then 'member' else 'stranger' end) = 'member'",
            user.0,
            project.map(|p| p.0)
        )
        .fetch_one(&self.calls)
        .await?;
        if let (Some(project), 0) = (project, all.projects) {
            let mut conn = self.calls.acquire().await?;
            return match has_ended_for(&mut conn, project, user).await? {
                true => Ok(Refusal::NoTaskAvailable {
                    why: NoTask::Ended,
                    retry_after: LOOK_AGAIN_SECONDS,
                    leased_until: None,
                }),
                false => kept_out(&mut conn, project.0, user).await,
            };
        }
        let why = all.why(project);
        let retry_after = match (why, all.leased_until) {
            (NoTask::AllLeased, Some(until)) => {
                (until - now).num_seconds().clamp(1, LOOK_AGAIN_SECONDS)
            }
            _ => LOOK_AGAIN_SECONDS,
        };
        Ok(Refusal::NoTaskAvailable {
            why,
            retry_after,
            leased_until: all.leased_until,
        })
    }
}

/// What there is in the projects where a worker may work.
struct Outlook {
    projects: i64,
    going: bool,
    paused: bool,
    leased_until: Option<DateTime<Utc>>,
    generating: bool,
    in_review: bool,
    open: bool,
}

impl Outlook {
    /// The reason that a worker can do most with.
    fn why(&self, project: Option<ProjectId>) -> NoTask {
        if self.open {
            NoTask::AllSeen
        } else if self.leased_until.is_some() {
            NoTask::AllLeased
        } else if self.generating {
            NoTask::Generating
        } else if self.in_review {
            NoTask::InReview
        } else if self.going || project.is_none() {
            NoTask::Done
        } else if self.paused {
            NoTask::Paused
        } else {
            NoTask::Ended
        }
    }
}

/// Whether a project was deleted in which this worker has taken tasks: to everybody else it is not there.
async fn has_ended_for(conn: &mut PgConnection, project: ProjectId, user: UserId) -> Result<bool> {
    let row = sqlx::query!(
        "select exists (select from projects p join worker_cursors c on c.project_id = p.id and c.user_id = $2
                        where p.id = $1 and p.bound_uid is null) as \"ended!\"",
        project.0,
        user.0
    )
    .fetch_one(conn)
    .await?;
    Ok(row.ended)
}
