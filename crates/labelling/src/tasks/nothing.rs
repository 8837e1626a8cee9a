//! Why there is no task for a worker, and when to look again.

use datacrowd_protocol::ids::ProjectId;
use sqlx::PgConnection;

use crate::{Labelling, Refusal, Result};

/// When a worker without work is told to come back, in seconds.
const LOOK_AGAIN_SECONDS: i64 = 15;

impl Labelling {
    /// Why there is nothing, and when to look again.
    pub(super) async fn nothing(
        &self,
        conn: &mut PgConnection,
        project: Option<ProjectId>,
    ) -> Result<Refusal> {
        let Some(project) = project else {
            return Ok(Refusal::NoTaskAvailable {
                reason: "No project has a task for you now; come back later.",
                retry_after: LOOK_AGAIN_SECONDS,
                leased_until: None,
            });
        };
        let row = sqlx::query!(
            "select p.state, p.bound_uid is not null as \"bound!\", (select min(expires_at) from leases l where l.project_id = p.id) as leased_until,
                    exists (select from datasets d where d.project_id = p.id and d.state = 'generating') as \"generating!\",
                    exists (select from tasks t where t.project_id = p.id and t.lane = 0 and t.queue_pos is not null) as \"open!\"
             from projects p where p.id = $1",
            project.0
        )
        .fetch_optional(conn)
        .await?;
        let Some(row) = row.filter(|r| r.bound) else {
            return Ok(Refusal::NotFound);
        };
        let reason = match (
            row.state.as_str(),
            row.open,
            row.leased_until,
            row.generating,
        ) {
            ("paused", ..) => "The project is paused; come back when its owner resumes it.",
            ("closed" | "deleting", ..) => "The project has ended; choose another one.",
            (_, true, ..) => {
                "You have seen every open task of this project; choose another one, or come back later."
            }
            (_, _, Some(_), _) => {
                "Every open task is with another worker; come back when a lease has ended."
            }
            (_, _, _, true) => "Tasks are still being generated; come back in a moment.",
            _ => "Every task of this project is done; choose another one.",
        };
        Ok(Refusal::NoTaskAvailable {
            reason,
            retry_after: LOOK_AGAIN_SECONDS,
            leased_until: row.leased_until,
        })
    }
}
