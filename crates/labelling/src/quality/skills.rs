//! How often each worker is right: all answers of a project held against the labels that its method makes of them. By these
//! numbers a task's label is sure enough, or not (`task_confidence_v1`).

use chrono::{DateTime, Utc};
use datacrowd_consensus::{Collector, InvalidLabels, Labelled, Method};
use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    raw::RawJson,
};
use futures::TryStreamExt as _;
use sqlx::types::Json;
use uuid::Uuid;

use crate::{Error, Labelling, Result};

/// The answers of a project whose tasks may grow, and what its owner decided of them.
#[derive(Debug)]
pub struct SkillSample {
    given: Collector<i64, Uuid, String>,
    decided: Vec<(i64, String)>,
    method: Method,
}

/// How often a worker was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skill {
    /// The worker.
    pub user: UserId,
    /// Answers that equal their task's label.
    pub correct: u32,
    /// Answers that others' stand beside, or a decision.
    pub total: u32,
}

impl SkillSample {
    /// Fits the labels and holds every worker's answers against them. Takes a core for seconds where there are millions.
    ///
    /// # Errors
    /// What is stored cannot be.
    pub fn fit(self) -> Result<Vec<Skill>> {
        let corrupt = |_: InvalidLabels| Error::Corrupt { what: "answer" };
        let fitted = Labelled::fit(self.given, self.decided, self.method).map_err(corrupt)?;
        let workers = fitted.answers().workers().iter();
        Ok(workers
            .zip(fitted.tallies())
            .map(|(user, tally)| Skill {
                user: UserId(*user),
                correct: tally.right.correct(),
                total: tally.right.total(),
            })
            .collect())
    }
}

impl Labelling {
    /// Projects in which work goes on, and tasks may grow or workers have to be good.
    ///
    /// # Errors
    /// The database failed.
    pub async fn fitted_projects(&self) -> Result<Vec<ProjectId>> {
        let ids = sqlx::query_scalar!(
            "select id from projects where (answers_most is not null or qualification_action is not null) and bound_uid is not null and state in ('active', 'paused', 'completed') order by id"
        )
        .fetch_all(&self.calls)
        .await?;
        Ok(ids.into_iter().map(ProjectId).collect())
    }

    /// Everything that the skills of a project's workers are fitted to: its answers that wait or are approved, and its
    /// decisions.
    ///
    /// # Errors
    /// `not_found`, `no_consensus`; or the database failed.
    pub async fn skill_sample(&self, project: ProjectId) -> Result<SkillSample> {
        let (_, _, consensus) = self.project_consensus(None, project).await?;
        let corrupt = |_| Error::Corrupt { what: "answer" };
        let mut given = Collector::default();
        let mut answers = sqlx::query!(
            "select task_id, user_id, answer->$2::text as \"label!: Json<RawJson>\" from answers
             where project_id = $1 and status in ('in_review', 'approved') and jsonb_typeof(answer->$2::text) <> 'null'",
            project.0,
            consensus.field
        )
        .fetch(&self.calls);
        while let Some(answer) = answers.try_next().await? {
            let label = answer.label.0.compact().get().to_owned();
            given
                .push(answer.task_id, answer.user_id, label)
                .map_err(corrupt)?;
        }
        drop(answers);
        let decided = sqlx::query!(
            "select d.task_id, d.value as \"value!: Json<RawJson>\" from decisions d
             where d.project_id = $1 and d.field = $2 and d.value is not null
               and not exists (select from decisions l where l.task_id = d.task_id and l.field = $2 and l.seq > d.seq)",
            project.0,
            consensus.field
        )
        .fetch_all(&self.calls)
        .await?;
        Ok(SkillSample {
            given,
            decided: decided
                .into_iter()
                .map(|row| (row.task_id, row.value.0.compact().get().to_owned()))
                .collect(),
            method: consensus.method().into(),
        })
    }

    /// Puts these skills in the place of those of the last fit: tasks that end from now on go by them.
    ///
    /// # Errors
    /// The database failed.
    pub async fn skills_put(
        &self,
        project: ProjectId,
        skills: &[Skill],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let users: Vec<_> = skills.iter().map(|skill| skill.user.0).collect();
        let correct: Vec<_> = skills.iter().map(|skill| count(skill.correct)).collect();
        let total: Vec<_> = skills.iter().map(|skill| count(skill.total)).collect();
        sqlx::query!(
            "with gone as (delete from worker_skills where project_id = $1 and user_id <> all($2))
             insert into worker_skills (project_id, user_id, correct, total, fitted_at)
             select $1, s.user_id, s.correct, s.total, $5 from unnest($2::uuid[], $3::int[], $4::int[]) s (user_id, correct, total)
             on conflict (project_id, user_id) do update set correct = excluded.correct, total = excluded.total, fitted_at = excluded.fitted_at",
            project.0,
            &users,
            &correct,
            &total,
            now
        )
        .execute(&self.calls)
        .await?;
        Ok(())
    }
}
