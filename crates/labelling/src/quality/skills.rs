//! How often each worker is right: all answers of a project held against the labels that its method makes of them. By these
//! numbers a task's label is sure enough, or not (`task_confidence_v1`).

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use datacrowd_consensus::{Collector, InvalidLabels, Labelled, Method, Share};
use datacrowd_protocol::{
    ids::{ProjectId, UserId},
    labeling::Field,
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
    /// How many options the field has.
    options: usize,
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
    /// Answers to gold that were right.
    pub gold_correct: u32,
    /// Answers to gold.
    pub gold_total: u32,
    /// Answers that equal, and all that were held against, a label that is known or sure without them.
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

impl SkillSample {
    /// Fits the labels and holds every worker's answers against them. Takes a core for seconds where there are millions.
    ///
    /// # Errors
    /// What is stored cannot be.
    pub fn fit(self) -> Result<Fitted> {
        let corrupt = || Error::Corrupt { what: "answer" };
        let fitted = Labelled::fit(self.given, self.decided, self.method)
            .map_err(|_: InvalidLabels| corrupt())?;
        let beside = fitted.beside_others(self.options).map_err(|_| corrupt())?;
        let workers = fitted.answers().workers().iter();
        let tallies = fitted.tallies();
        let (equal, pairs) = tallies.iter().fold((0, 0), |(equal, pairs), tally| {
            let (correct, total) = (tally.pairs.correct(), tally.pairs.total());
            (equal + u64::from(correct), pairs + u64::from(total))
        });
        let (mut sure, mut tasks) = (0.0, 0_u64);
        for (task, _) in fitted.votes().by_task() {
            let (_, is_decided) = fitted.of(task);
            sure += if is_decided {
                1.0
            } else {
                fitted.confidence(task)
            };
            tasks += 1;
        }
        Ok(Fitted {
            skills: workers
                .zip(tallies.iter().zip(beside))
                .map(|(user, (tally, beside))| Skill {
                    user: UserId(*user),
                    correct: tally.right.correct(),
                    total: tally.right.total(),
                    gold_correct: 0,
                    gold_total: 0,
                    beside,
                })
                .collect(),
            agreement: share(equal, pairs),
            confidence: (tasks > 0).then(|| mean(sure, tasks)),
        })
    }
}

fn share(part: u64, of: u64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of answers are below 2⁵²"
    )]
    (of > 0).then(|| mean(part as f64, of))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of answers are below 2⁵²"
)]
fn mean(sum: f64, of: u64) -> f64 {
    sum / of as f64
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

    /// Everything that the skills of a project's workers are fitted to: its answers that wait or are approved, and its
    /// decisions. None where it makes no label of its answers.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn skill_sample(&self, project: ProjectId) -> Result<Option<SkillSample>> {
        let labeling = self.project_labeling(None, project, None).await?;
        let Some(consensus) = labeling.consensus else {
            return Ok(None);
        };
        let corrupt = |_| Error::Corrupt { what: "answer" };
        let options = labeling.fields.iter().find(|f| f.name == consensus.field);
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
        Ok(Some(SkillSample {
            given,
            decided: decided
                .into_iter()
                .map(|row| (row.task_id, row.value.0.compact().get().to_owned()))
                .collect(),
            method: consensus.method().into(),
            options: options.map_or(0, Field::choices),
        }))
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
