//! What is done about workers whose skill is too small: once for each, by the fit that finds it.

use chrono::{DateTime, Utc};
use datacrowd_consensus::{Share, Z_95};
use datacrowd_protocol::{
    WireEnum, ids::ProjectId, labeling::QualificationAction, work::Membership,
};
use serde_json::json;

use super::Skill;
use crate::{
    Labelling, Result,
    crowd::membership::{exclude_lock, set_standing},
    events,
    projects::from_column,
};

/// Whose doing it is in events.
const ACTOR: &str = "consensus";

impl Labelling {
    /// Does what the project says about every worker whose skill is surely too small, unless it was done before; how many
    /// there were.
    ///
    /// # Errors
    /// The database failed; workers before that one are dealt with.
    pub async fn workers_qualify(
        &self,
        project: ProjectId,
        skills: &[Skill],
        now: DateTime<Utc>,
    ) -> Result<u32> {
        let row = sqlx::query!(
            "select qualification_min_skill as \"min_skill!\", qualification_action as \"action!\", qualification_min_gold as min_gold from projects
             where id = $1 and qualification_action is not null",
            project.0
        )
        .fetch_optional(&self.calls)
        .await?;
        let Some(row) = row else { return Ok(0) };
        let action = from_column("qualification", &row.action)?;
        let mut done = 0;
        let enough = |skill: &Skill| {
            row.min_gold
                .is_none_or(|least| i64::from(skill.gold_total) >= i64::from(least))
        };
        for skill in skills
            .iter()
            .filter(|skill| enough(skill) && upper(skill) < row.min_skill)
        {
            done += u32::from(self.disqualify(project, skill, action, now).await?);
        }
        Ok(done)
    }

    async fn disqualify(
        &self,
        project: ProjectId,
        skill: &Skill,
        action: QualificationAction,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let (correct, total) = skill.best();
        let mut tx = self.pool.begin().await?;
        // As whoever blocks by hand: what is under way comes first.
        exclude_lock(&mut tx, project, skill.user).await?;
        let is_new = sqlx::query!(
            "insert into worker_qualifications (project_id, user_id, action, correct, total, created_at, by_gold) values ($1, $2, $3, $4, $5, $6, $7)
             on conflict (project_id, user_id) do nothing",
            project.0,
            skill.user.0,
            action.column(),
            i32::try_from(correct).unwrap_or(i32::MAX),
            i32::try_from(total).unwrap_or(i32::MAX),
            now,
            skill.gold_total > 0
        )
        .execute(&mut *tx)
        .await?
        .rows_affected()
            == 1;
        if is_new {
            let data = json!({"project": project, "action": action.column(), "correct": correct, "total": total, "gold": skill.gold_total > 0});
            let subject = skill.user.to_string();
            events::record(&mut tx, "worker.disqualified", &subject, ACTOR, data).await?;
            if action == QualificationAction::Block {
                set_standing(&mut tx, project, skill.user, Membership::Blocked, ACTOR).await?;
            }
        }
        tx.commit().await?;
        if is_new && action == QualificationAction::Block {
            self.hold_nothing(project, skill.user, now).await?;
        }
        Ok(is_new)
    }
}

/// The upper bound of the skill's 95 % interval; of nothing it is 1.
fn upper(skill: &Skill) -> f64 {
    let (correct, total) = skill.best();
    Share::new(correct, total).map_or(1.0, |share| share.wilson(Z_95).1)
}
