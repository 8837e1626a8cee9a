//! What is done about workers whose skill is too small, and who is told that theirs suffices: once for each, by the fit that finds it.

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
            "select qualification_min_skill as \"min_skill!\", qualification_action as \"action!\", qualification_min_gold as min_gold,
                    least(gold_onboarding, (select count(*) from gold_items where project_id = $1 and retired_at is null)) as onboarding
             from projects where id = $1 and qualification_action is not null",
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
        // A model has no account to be warned or told, and its owner switches it off.
        let models = sqlx::query_scalar!(
            "select model_id from model_workers where project_id = $1",
            project.0
        )
        .fetch_all(&self.calls)
        .await?;
        let people = skills.iter().filter(|s| !models.contains(&s.user.0));
        let enough: Vec<_> = people.filter(|skill| enough(skill)).collect();
        for skill in &enough {
            if skill.evidence().is_surely_below(row.min_skill) {
                done += u32::from(self.disqualify(project, skill, action, now).await?);
            }
        }
        let onboarding = row.onboarding.unwrap_or(0);
        let passed = enough
            .into_iter()
            .filter(|skill| has_passed(skill, onboarding, row.min_skill));
        self.qualify(project, &passed.collect::<Vec<_>>(), now)
            .await?;
        Ok(done)
    }

    /// Records who has passed and was not told so before. Whom the project has done something about is not told.
    async fn qualify(
        &self,
        project: ProjectId,
        passed: &[&Skill],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let users: Vec<_> = passed.iter().map(|skill| skill.user.0).collect();
        let correct: Vec<_> = passed.iter().map(|skill| count(skill.best().0)).collect();
        let total: Vec<_> = passed.iter().map(|skill| count(skill.best().1)).collect();
        sqlx::query!(
            "with passed as (
                 insert into worker_passes (project_id, user_id, correct, total, created_at)
                 select $1::uuid, s.user_id, s.correct, s.total, $5 from unnest($2::uuid[], $3::int[], $4::int[]) s (user_id, correct, total)
                 where not exists (select from project_workers w where w.project_id = $1 and w.user_id = s.user_id and w.standing = 'blocked')
                   and not exists (select from worker_qualifications q where q.project_id = $1 and q.user_id = s.user_id and not q.lifted)
                 on conflict (project_id, user_id) do nothing returning user_id, correct, total)
             insert into events (kind, subject, actor, data)
             select 'worker.qualified', user_id::text, $6, jsonb_build_object('project', $1::uuid, 'correct', correct, 'total', total) from passed",
            project.0,
            &users,
            &correct,
            &total,
            now,
            ACTOR
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }

    async fn disqualify(
        &self,
        project: ProjectId,
        skill: &Skill,
        action: QualificationAction,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let evidence = skill.evidence();
        let (correct, total) = (evidence.correct(), evidence.total());
        let mut tx = self.begin().await?;
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
                // Two events of one act: the worker is told of the first.
                let (standing, why) = (Membership::Blocked, json!({"disqualified": true}));
                set_standing(&mut tx, project, skill.user, standing, ACTOR, why).await?;
            }
        }
        tx.commit().await?;
        if is_new && action == QualificationAction::Block {
            self.hold_nothing(project, skill.user, now).await?;
        }
        Ok(is_new)
    }
}

/// Whether a worker is good enough: by the gold that newcomers are given, once all of it is answered; where there is none, as soon as
/// their skill is surely no smaller than what is asked.
fn has_passed(skill: &Skill, onboarding: i64, min_skill: f64) -> bool {
    let (correct, total) = skill.best();
    let Ok(share) = Share::new(correct, total) else {
        return false;
    };
    match onboarding {
        0 => share.wilson(Z_95).0 >= min_skill,
        all => {
            i64::from(skill.gold_total) >= all && f64::from(correct) >= min_skill * f64::from(total)
        }
    }
}

#[cfg(test)]
mod tests {
    use datacrowd_protocol::ids::UserId;

    use super::*;

    fn skill(right: (u32, u32), gold: (u32, u32)) -> Skill {
        Skill {
            user: UserId(uuid::Uuid::nil()),
            correct: right.0,
            total: right.1,
            gold_correct: gold.0,
            gold_total: gold.1,
            beside: Share::new(right.0, right.1).unwrap(),
        }
    }

    #[test]
    fn who_is_new_passes_with_the_last_of_their_gold_and_others_when_it_is_sure() {
        let gold = |correct, total| has_passed(&skill((0, 9), (correct, total)), 5, 0.8);
        assert_eq!(
            [gold(4, 4), gold(3, 5), gold(4, 5), gold(5, 6)],
            [false, false, true, true]
        );
        let others = |correct, total| has_passed(&skill((correct, total), (0, 0)), 0, 0.8);
        assert_eq!(
            [others(0, 0), others(5, 5), others(16, 20), others(20, 20)],
            [false, false, false, true]
        );
    }

    #[test]
    fn few_wrong_answers_are_no_evidence_against_anybody_and_gold_comes_before_others() {
        let below = |right, gold| skill(right, gold).evidence().is_surely_below(0.5);
        // The interval of one look is below one half after five.
        assert_eq!(
            [5, 10, 11].map(|n| below((0, n), (0, 0))),
            [false, false, true]
        );
        assert_eq!(
            [5, 10, 11].map(|n| below((0, 0), (0, n))),
            [false, false, true]
        );
        assert!(!below((0, 50), (3, 4)) && below((50, 50), (0, 11)));
    }
}
