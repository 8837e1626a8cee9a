//! How often each worker is right, as the last fit found it. By these numbers a task's label is sure enough, or not
//! (`task_confidence_v1`).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use datacrowd_consensus::Share;
use datacrowd_protocol::ids::{ProjectId, UserId};

use crate::{Labelling, Result};

/// How often a worker was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skill {
    /// The worker.
    pub user: UserId,
    /// Answers that equal their task's label.
    pub correct: u32,
    /// Answers that others' stand beside, or a decision.
    pub total: u32,
    /// Answers to gold that were right.
    pub gold_correct: u32,
    /// Answers to gold.
    pub gold_total: u32,
    /// Answers that equal, and all that were held against, a label that is known or sure without them; nothing where the project asks
    /// nobody to be good.
    pub beside: Share,
}

impl Skill {
    /// How often they were right, and of how many answers: on gold where there is some, else beside others.
    #[must_use]
    pub fn best(&self) -> (u32, u32) {
        match self.gold_total {
            0 => (self.correct, self.total),
            total => (self.gold_correct, total),
        }
    }

    /// What may be held against them: gold where there is some, else what others alone say.
    #[must_use]
    pub fn evidence(&self) -> Share {
        match self.gold_total {
            0 => self.beside,
            total => Share::new(self.gold_correct, total).unwrap_or_default(),
        }
    }
}

/// What a fit tells of a project.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fitted {
    /// Of workers beside others; what gold says of them is not in it.
    pub skills: Vec<Skill>,
    /// Share of pairs of answers to a task that are equal.
    pub agreement: Option<f64>,
    /// Mean confidence of labels.
    pub confidence: Option<f64>,
}

impl Labelling {
    /// Projects in which work goes on, and answers make one label or gold is mixed in.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fitted_projects(&self) -> Result<Vec<ProjectId>> {
        let ids = sqlx::query_scalar!(
            "select id from projects where (answers_most is not null or qualification_action is not null or gold_every is not null or exists (
                 select from labeling_versions l where l.project_id = projects.id and l.version = projects.labeling_version and l.labeling ? 'consensus')) and bound_uid is not null and state in ('active', 'paused', 'completed') order by id"
        )
        .fetch_all(&self.calls)
        .await?;
        Ok(ids.into_iter().map(ProjectId).collect())
    }

    /// Puts what was fitted, and what gold says now, in the place of the last fit: tasks that end from now on go by it. Skills of
    /// everybody of whom something is known.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fit_put(
        &self,
        project: ProjectId,
        fitted: &Fitted,
        now: DateTime<Utc>,
    ) -> Result<Vec<Skill>> {
        let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let skills = &fitted.skills;
        let users: Vec<_> = skills.iter().map(|skill| skill.user.0).collect();
        let correct: Vec<_> = skills.iter().map(|skill| count(skill.correct)).collect();
        let total: Vec<_> = skills.iter().map(|skill| count(skill.total)).collect();
        let rows = sqlx::query!(
            "with gold as (
                 select a.user_id, count(*) filter (where a.correct)::int as correct, count(*)::int as total
                 from gold_answers a join gold_draws g on g.id = a.draw_id join gold_items i on i.id = g.item_id and i.retired_at is null
                 where a.project_id = $1 and a.status in ('in_review', 'approved') group by a.user_id),
             said as (
                 select coalesce(s.user_id, g.user_id) as user_id, coalesce(s.correct, 0) as correct, coalesce(s.total, 0) as total,
                        coalesce(g.correct, 0) as gold_correct, coalesce(g.total, 0) as gold_total
                 from unnest($2::uuid[], $3::int[], $4::int[]) s (user_id, correct, total) full join gold g on g.user_id = s.user_id),
             begun as (insert into fits (project_id, fitted_at) values ($1, $5)
                       on conflict (project_id) do update set fitted_at = excluded.fitted_at, made_of = null),
             gone as (delete from worker_skills where project_id = $1 and user_id not in (select user_id from said)),
             told as (update projects set quality_agreement = $6, quality_confidence = $7 where id = $1
                      and (quality_agreement, quality_confidence) is distinct from ($6, $7))
             insert into worker_skills (project_id, user_id, correct, total, gold_correct, gold_total, fitted_at)
             select $1, s.user_id, s.correct, s.total, s.gold_correct, s.gold_total, $5 from said s
             on conflict (project_id, user_id) do update set correct = excluded.correct, total = excluded.total,
                 gold_correct = excluded.gold_correct, gold_total = excluded.gold_total, fitted_at = excluded.fitted_at
             returning user_id, correct, total, gold_correct, gold_total",
            project.0,
            &users,
            &correct,
            &total,
            now,
            fitted.agreement,
            fitted.confidence
        )
        .fetch_all(&self.calls)
        .await?;
        let known = |n: i32| u32::try_from(n).unwrap_or(0);
        let beside: HashMap<_, _> = skills.iter().map(|s| (s.user.0, s.beside)).collect();
        Ok(rows
            .into_iter()
            .map(|r| Skill {
                user: UserId(r.user_id),
                correct: known(r.correct),
                total: known(r.total),
                gold_correct: known(r.gold_correct),
                gold_total: known(r.gold_total),
                beside: beside.get(&r.user_id).copied().unwrap_or_default(),
            })
            .collect())
    }
}
