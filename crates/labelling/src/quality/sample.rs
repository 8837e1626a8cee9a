//! What quality is measured of: the latest approved answers, so many and no more.
//!
//! A request fits no unbounded data. The latest 10,000 approvals are read by their index, whole tasks but for the oldest, and
//! measured outside of the database: they show the crowd as it is now, and put an agreement within a few hundredths. The
//! answer says how many answers it is of. Labels of everything are in exports, whose Job has its own memory.

use std::collections::HashMap;

use datacrowd_consensus::Share;
use datacrowd_protocol::{
    ids::{ProjectId, TaskId, TenantId},
    labeling::{ConsensusMethod, FieldType, Labeling},
    raw::RawJson,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::hardest::decisions;
use crate::{Labelling, Result, crowd::pseudonyms, projects::find};

/// Most answers that are measured.
pub const SAMPLE_ANSWERS: i64 = 10_000;
/// Most fields that are measured.
const FIELDS: usize = 10;

/// The latest approved answers of a project, and what its owner decided of their tasks.
#[derive(Debug, Clone)]
pub struct QualitySample {
    /// Fields of one choice, or of true or false: the one with a consensus first, ten at most.
    pub(super) fields: Vec<SampledField>,
    pub(super) answers: Vec<SampledAnswer>,
    /// Whether the project may have more approved answers than these.
    pub(super) is_cut: bool,
    /// Tasks that ended without the answer that they wanted: there was no quota for it.
    pub(super) below_confidence: i64,
    /// Answers to gold by worker, of all that there are.
    pub(super) gold: HashMap<String, Share>,
}

/// A field whose answers are compared.
#[derive(Debug, Clone)]
pub(super) struct SampledField {
    pub(super) name: String,
    /// How many values an answer may have.
    pub(super) options: usize,
    /// How its answers become one; a majority vote for fields without a consensus.
    pub(super) method: ConsensusMethod,
    /// Whether it is the field with the project's consensus.
    pub(super) is_decided: bool,
    /// What the owner said, as JSON.
    pub(super) decisions: HashMap<TaskId, String>,
}

/// One approved answer.
#[derive(Debug, Clone)]
pub(super) struct SampledAnswer {
    pub(super) task: TaskId,
    pub(super) worker: String,
    /// By the name of the field, as JSON.
    pub(super) values: HashMap<String, RawJson>,
    pub(super) seconds: f64,
}

impl SampledAnswer {
    /// What it says in a field, as compact JSON.
    pub(super) fn label(&self, field: &SampledField) -> Option<String> {
        let value = self.values.get(&field.name)?;
        Some(value.clone().compact().get().to_owned())
    }
}

impl Labelling {
    /// The latest approved answers of a project.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn quality_sample(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
    ) -> Result<QualitySample> {
        let mut conn = self.pool.acquire().await?;
        let tenant = find(&mut conn, tenant, project).await?.tenant;
        let labeling = self.project_labeling(Some(tenant), project, None).await?;
        let mut fields = fields(&labeling);
        let names: Vec<_> = fields.iter().map(|field| field.name.clone()).collect();
        let answers = approved(&mut conn, tenant, project, &names).await?;
        if let Some(field) = fields.iter_mut().find(|field| field.is_decided) {
            let tasks: Vec<_> = answers.iter().map(|answer| answer.task.0).collect();
            let decided = decisions(&mut conn, &field.name, &tasks).await?;
            field.decisions = decided
                .into_iter()
                .map(|(task, decision)| (TaskId(task), decision.value.get().to_owned()))
                .collect();
        }
        let below_confidence = sqlx::query_scalar!(
            "select count(*) as \"count!\" from tasks where project_id = $1 and below_confidence",
            project.0
        )
        .fetch_one(&mut *conn)
        .await?;
        let gold = gold(&mut conn, tenant, project).await?;
        Ok(QualitySample {
            fields,
            gold,
            below_confidence,
            is_cut: i64::try_from(answers.len()).unwrap_or(i64::MAX) == SAMPLE_ANSWERS,
            answers,
        })
    }
}

/// How often each worker was right on gold.
async fn gold(
    conn: &mut PgConnection,
    tenant: TenantId,
    project: ProjectId,
) -> Result<HashMap<String, Share>> {
    let rows = sqlx::query!(
        "select a.user_id, count(*) filter (where a.correct) as \"right!\", count(*) as \"answers!\"
         from gold_answers a join gold_draws g on g.id = a.draw_id join gold_items i on i.id = g.item_id and i.retired_at is null
         where a.project_id = $1 and a.status in ('in_review', 'approved') group by a.user_id",
        project.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let users: Vec<Uuid> = rows.iter().map(|row| row.user_id).collect();
    let mut names = pseudonyms(conn, tenant.0, &users).await?;
    let count = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let share = Share::new(count(row.right), count(row.answers)).ok()?;
            Some((names.remove(&row.user_id)?, share))
        })
        .collect())
}

fn fields(labeling: &Labeling) -> Vec<SampledField> {
    let consensus = labeling.consensus.as_ref();
    let mut fields: Vec<_> = labeling
        .fields
        .iter()
        .filter(|field| matches!(field.kind, FieldType::SingleChoice | FieldType::Boolean))
        .map(|field| {
            let own = consensus.filter(|consensus| consensus.field == field.name);
            SampledField {
                name: field.name.clone(),
                options: field.choices(),
                method: own.map_or(ConsensusMethod::MajorityVote, |own| own.method()),
                is_decided: own.is_some(),
                decisions: HashMap::new(),
            }
        })
        .collect();
    fields.sort_by_key(|field| !field.is_decided);
    fields.truncate(FIELDS);
    fields
}

async fn approved(
    conn: &mut PgConnection,
    tenant: TenantId,
    project: ProjectId,
    fields: &[String],
) -> Result<Vec<SampledAnswer>> {
    // One by one by their index: the planner knows no limit that it is not told, and would read all answers there are.
    let rows = sqlx::query!(
        "select ev.task_id as \"task_id!\", a.user_id as \"user_id!\", a.seconds as \"seconds!\", a.answers as \"answers: Json<HashMap<String, RawJson>>\"
         from (select ev.task_id, ev.answer_id from approval_events ev
               where ev.project_id = $1 and ev.kind = 'approved' and not exists (select from approval_events r where r.revokes = ev.seq)
               order by ev.seq desc limit $3) ev
         cross join lateral (
             select o.user_id, coalesce(o.active_millis / 1000.0::float8, extract(epoch from o.submitted_at - o.claimed_at)::float8) as seconds,
                    (select jsonb_object_agg(f.name, o.answer->f.name) from unnest($2::text[]) f (name)
                     where jsonb_typeof(o.answer->f.name) <> 'null') as answers
             from answers o where o.id = ev.answer_id offset 0) a",
        project.0,
        fields,
        SAMPLE_ANSWERS
    )
    .fetch_all(&mut *conn)
    .await?;
    let users: Vec<Uuid> = rows.iter().map(|row| row.user_id).collect();
    let names = pseudonyms(conn, tenant.0, &users).await?;
    Ok(rows
        .into_iter()
        .map(|row| SampledAnswer {
            task: TaskId(row.task_id),
            worker: names.get(&row.user_id).cloned().unwrap_or_default(),
            values: row.answers.map(|Json(values)| values).unwrap_or_default(),
            seconds: row.seconds,
        })
        .collect())
}
