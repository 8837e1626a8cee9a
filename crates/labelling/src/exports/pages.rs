//! The pages that an exporting Job reads: short transactions over what was approved at the watermark.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    export::{AnswerRecord, ExportConsensus, ExportPage, PredictionRecord, TaskRecord},
    ids::{DatasetId, ExportId, ProjectId, TaskId, TenantId},
    raw::RawJson,
};
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{
    Labelling, Refusal, Result, crowd::pseudonyms, plans::in_order, quality::decided_tasks,
};

/// Most tasks per page.
const PAGE_TASKS: i64 = 500;
/// Bytes of rows and answers, as JSON, after which a page ends: server and runner hold pages in memory.
const PAGE_BYTES: i64 = 2 * 1024 * 1024;
/// Stored bytes below which Postgres compresses no row: larger ones are measured by their text, one by one, since a
/// kilobyte may hold a hundred of text.
const NEVER_COMPRESSED: i32 = 2_000;

/// Which approvals an export contains: those after `since`, up to its watermark; and what becomes of them.
pub(super) struct Range {
    pub(super) project: ProjectId,
    dataset: Option<DatasetId>,
    pub(super) tenant: TenantId,
    pub(super) watermark: i64,
    since: i64,
    pub(super) consensus: Option<ExportConsensus>,
    predictions: bool,
}

/// An approved answer.
struct Approved {
    task_id: TaskId,
    answer: Json<RawJson>,
    user_id: Uuid,
    labeling_version: i32,
    submitted_at: DateTime<Utc>,
    claimed_at: DateTime<Utc>,
    active_millis: Option<i64>,
    approved_at: DateTime<Utc>,
    model: Option<String>,
    begun_with: Vec<String>,
}

impl Approved {
    /// With what machines had to do with it, where the export tells of predictions.
    fn record(self, worker_id: String, predictions: bool) -> AnswerRecord {
        let (model, begun_with) = match predictions {
            true => (self.model, self.begun_with),
            false => (None, Vec::new()),
        };
        AnswerRecord {
            model,
            begun_with,
            answer: self.answer.0.compact(),
            worker_id,
            labeling_version: self.labeling_version,
            submitted_at: self.submitted_at,
            approved_at: self.approved_at,
            seconds_spent: seconds_spent(self.active_millis, self.submitted_at - self.claimed_at),
        }
    }
}

impl Labelling {
    /// A page of tasks with their answers approved at the watermark, in ascending order of task.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn export_page(&self, id: ExportId, after: i64) -> Result<ExportPage> {
        let export = self.export_range(id).await?;
        let mut tx = self.begin().await?;
        in_order(&mut tx).await?;
        let (ids, next_cursor) = page_ids(&mut tx, &export, after).await?;
        let mut items = page_tasks(&mut tx, &ids).await?;
        // Behind the tasks: one that was deleted in between has no answers.
        let answers = page_answers(&mut tx, &export, &ids).await?;
        let decided = match &export.consensus {
            Some(ExportConsensus { field, .. }) => {
                decided_tasks(&mut tx, &ids, field, export.since, export.watermark).await?
            }
            None => Vec::new(),
        };
        tx.commit().await?;
        if export.predictions {
            self.add_predictions(&mut items, &ids).await?;
        }
        let users: Vec<_> = answers.iter().map(|a| a.user_id).collect();
        let mut conn = self.pool.acquire().await?;
        let names = pseudonyms(&mut conn, export.tenant.0, &users).await?;
        let mut tasks = items.iter_mut().peekable();
        for a in answers {
            while tasks.next_if(|t| t.task_id < a.task_id).is_some() {}
            let Some(task) = tasks.peek_mut() else { break };
            let worker_id = names.get(&a.user_id).cloned().unwrap_or_default();
            task.answers.push(a.record(worker_id, export.predictions));
        }
        // A task whose approvals were all revoked below the watermark has nothing to export, unless its owner said what it is.
        items.retain(|t| !t.answers.is_empty() || decided.contains(&t.task_id.0));
        Ok(ExportPage { items, next_cursor })
    }

    pub(super) async fn export_range(&self, id: ExportId) -> Result<Range> {
        let export = sqlx::query!(
            "select project_id, dataset_id, tenant_id, watermark, since, predictions, consensus as \"consensus: Json<ExportConsensus>\" from exports where id = $1",
            id.0
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        Ok(Range {
            project: ProjectId(export.project_id),
            dataset: export.dataset_id.map(DatasetId),
            tenant: TenantId(export.tenant_id),
            watermark: export.watermark.ok_or(Refusal::NotFound)?,
            since: export.since.unwrap_or(0),
            predictions: export.predictions,
            consensus: export.consensus.map(|Json(consensus)| consensus),
        })
    }

    /// What models say of these tasks, as of now: a model that is applied again says the last word.
    async fn add_predictions(&self, tasks: &mut [TaskRecord], ids: &[i64]) -> Result<()> {
        let rows = sqlx::query!(
            "select p.task_id, m.name, p.label as \"label: Json<RawJson>\", p.probability, p.probabilities as \"probabilities: Json<BTreeMap<String, f64>>\"
             from predictions p join models m on m.id = p.model_id where p.task_id = any($1) and m.bound_uid is not null",
            ids
        )
        .fetch_all(&self.calls)
        .await?;
        let mut said: HashMap<i64, BTreeMap<String, PredictionRecord>> = HashMap::new();
        for row in rows {
            let record = PredictionRecord {
                label: row.label.0.compact(),
                probability: row.probability,
                probabilities: row.probabilities.0,
            };
            said.entry(row.task_id)
                .or_default()
                .insert(row.name, record);
        }
        for task in tasks {
            task.predictions = Some(said.remove(&task.task_id.0).unwrap_or_default());
        }
        Ok(())
    }
}

/// Tasks that fill the page after `after`, and where the next page begins, if any: those with an approval in the range,
/// or with a decision of their owner where the export has labels.
async fn page_ids(
    conn: &mut PgConnection,
    export: &Range,
    after: i64,
) -> Result<(Vec<i64>, Option<String>)> {
    let page = sqlx::query!(
        "with recursive candidates as materialized (
             select task_id, row_number() over (order by task_id) as nth from (
                 (select distinct ev.task_id from approval_events ev
                  where ev.project_id = $1 and ev.task_id > $2 and ev.seq <= $3 and ev.kind = 'approved' and ev.seq > $4
                    and ($5::uuid is null or ev.dataset_id = $5)
                  order by ev.task_id limit $6)
                 union
                 (select distinct d.task_id from decisions d
                  where d.project_id = $1 and d.task_id > $2 and d.seq <= $3 and d.field = $9 and d.seq > $4
                    and ($5::uuid is null or d.dataset_id = $5)
                  order by d.task_id limit $6)
                 order by task_id limit $6) few),
         page as (
             select 0::bigint as task_id, 0::bigint as nth, 0::bigint as bytes
             union all
             select c.task_id, c.nth, p.bytes + row.bytes + answers.bytes
             from page p join candidates c on c.nth = p.nth + 1,
                  lateral (select case when pg_column_size(t.payload) < $8 then pg_column_size(t.payload) else octet_length(t.payload::text) end as bytes
                           from tasks t where t.id = c.task_id) row,
                  lateral (select coalesce(sum(octet_length(a.answer::text)), 0)::bigint as bytes from answers a where a.task_id = c.task_id) answers
             where p.bytes < $7)
         select task_id as \"task_id!\", (select count(*) from candidates) as \"candidates!\" from page where nth > 0 order by task_id",
        export.project.0,
        after,
        export.watermark,
        export.since,
        export.dataset.map(|d| d.0),
        PAGE_TASKS,
        PAGE_BYTES,
        NEVER_COMPRESSED,
        export.consensus.as_ref().map(|c| c.field.as_str())
    )
    .fetch_all(conn)
    .await?;
    let ids: Vec<i64> = page.iter().map(|r| r.task_id).collect();
    let candidates = page.first().map_or(0, |r| r.candidates);
    let whole = candidates < PAGE_TASKS && i64::try_from(ids.len()) == Ok(candidates);
    let next_cursor = ids.last().filter(|_| !whole).map(ToString::to_string);
    Ok((ids, next_cursor))
}

async fn page_tasks(conn: &mut PgConnection, ids: &[i64]) -> Result<Vec<TaskRecord>> {
    let rows = sqlx::query!(
        "select id, dataset_id, row_no, external_id, payload from tasks where id = any($1) order by id",
        ids
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|r| TaskRecord {
            task_id: TaskId(r.id),
            dataset_id: r.dataset_id,
            row_no: r.row_no,
            external_id: r.external_id,
            source: r.payload.0.compact(),
            predictions: None,
            answers: Vec::new(),
        })
        .collect())
}

/// Answers to these tasks that were approved in the range and not revoked in it, in the order of tasks. Each task and each answer is
/// looked up by the only index that fits: by one of the numbers of approvals, all of them were read for each page, or for each task.
async fn page_answers(
    conn: &mut PgConnection,
    export: &Range,
    tasks: &[i64],
) -> Result<Vec<Approved>> {
    let answers = sqlx::query_as!(
        Approved,
        "select ev.task_id, a.answer, a.user_id, a.labeling_version, a.submitted_at, a.claimed_at, a.active_millis, ev.created_at as approved_at, w.name as \"model?\",
                array(select m.name from prefills f join models m on m.id = f.model_id
                      where f.task_id = ev.task_id and f.user_id = a.user_id and f.shown and f.created_at <= a.submitted_at order by m.name) as \"begun_with!\"
         from unnest($1::bigint[]) as t (id)
             cross join lateral (select * from answers a where a.task_id = t.id offset 0) a
             cross join lateral (
                 select e.task_id, e.seq, e.created_at from approval_events e
                 where e.answer_id = a.id and e.kind = 'approved' and e.seq + 0 > $2 and e.seq + 0 <= $3
                   and not exists (select from approval_events r where r.answer_id = a.id and r.kind = 'revoked' and r.seq + 0 > e.seq and r.seq + 0 <= $3)
                 offset 0) ev
             left join model_workers w on w.model_id = a.user_id
         order by ev.task_id, ev.seq",
        tasks,
        export.since,
        export.watermark
    )
    .fetch_all(conn)
    .await?;
    Ok(answers)
}

/// Seconds with milliseconds: what the client measured, else the time since the claim.
fn seconds_spent(active_millis: Option<i64>, held: TimeDelta) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a lease is far shorter than 2^53 milliseconds"
    )]
    let millis = active_millis.unwrap_or_else(|| held.num_milliseconds()) as f64;
    millis / 1000.0
}
