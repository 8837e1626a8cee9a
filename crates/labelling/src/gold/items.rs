//! Gold as a project's owner keeps it: what there is and how it is answered, one more of an approved task, one less.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ProjectId, TaskId, TenantId, UserId},
    labeling::{FieldType, Labeling},
    raw::RawJson,
};
use serde_json::json;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use crate::{Labelling, Page, Refusal, Result, answer_form::check_value, events, labelings};

/// Gold that is made of a task.
#[derive(Debug, Clone)]
pub struct NewGold {
    /// The task's project.
    pub project: ProjectId,
    /// The task, which is approved.
    pub task: TaskId,
    /// A value per field that is known; what the approved answers agree on when absent.
    pub expected: Option<BTreeMap<String, RawJson>>,
    /// Why, for workers who are wrong while they are new.
    pub explanation: Option<String>,
    /// Who says so.
    pub actor: UserId,
}

/// A task whose right answer is known, and how it was answered.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "the route documents its fields")]
pub struct GoldItem {
    pub id: i64,
    pub dataset: DatasetId,
    pub row_no: i64,
    /// The task that it was made of.
    pub task: Option<TaskId>,
    pub payload: RawJson,
    pub expected: RawJson,
    pub explanation: Option<String>,
    /// Workers who answered it.
    pub answers: i64,
    /// Those who were right.
    pub right: i64,
    /// Nobody is given it any more, and its answers count no more.
    pub is_retired: bool,
    pub created_at: DateTime<Utc>,
}

struct Row {
    id: i64,
    dataset_id: Uuid,
    row_no: i64,
    task_id: Option<i64>,
    payload: Json<RawJson>,
    expected: Json<RawJson>,
    explanation: Option<String>,
    answers: i64,
    right: i64,
    retired: bool,
    created_at: DateTime<Utc>,
}

impl From<Row> for GoldItem {
    fn from(r: Row) -> Self {
        Self {
            id: r.id,
            dataset: DatasetId(r.dataset_id),
            row_no: r.row_no,
            task: r.task_id.map(TaskId),
            payload: r.payload.0,
            expected: r.expected.0.compact(),
            explanation: r.explanation,
            answers: r.answers,
            right: r.right,
            is_retired: r.retired,
            created_at: r.created_at,
        }
    }
}

impl Labelling {
    /// Gold of a project, newest first, those before `before`.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn gold_list(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Page<GoldItem, i64>> {
        self.project_find(tenant, project).await?;
        let mut conn = self.calls.acquire().await?;
        let before = before.unwrap_or(i64::MAX);
        let rows = rows(&mut conn, project, None, before, limit + 1).await?;
        let items = rows.into_iter().map(GoldItem::from).collect();
        Ok(Page::cut(items, limit, |item: &GoldItem| item.id))
    }

    /// Makes gold of an approved task. The same call again changes nothing; what was retired is given to workers again.
    ///
    /// # Errors
    /// `not_found`, `project_deleted`, `task_not_approved`, `invalid_answer` (`expected`), `gold_fixed`; or the database failed.
    pub async fn gold_make(
        &self,
        tenant: Option<TenantId>,
        new: NewGold,
        now: DateTime<Utc>,
    ) -> Result<GoldItem> {
        self.project_find(tenant, new.project).await?.live()?;
        let mut tx = self.begin().await?;
        let status = sqlx::query_scalar!(
            "select status from tasks where id = $1 and project_id = $2 for key share",
            new.task.0,
            new.project.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if status != "approved" {
            return Err(Refusal::TaskNotApproved.into());
        }
        let labeling = labelings::in_force(&mut tx, new.project).await?;
        let labeling = labeling.ok_or(Refusal::NotFound)?;
        let expected = match &new.expected {
            Some(expected) => expected.clone(),
            None => agreed(&mut tx, new.task, &labeling).await?,
        };
        fits(&labeling, &expected)?;
        let id = insert(&mut tx, &new, &expected, now).await?;
        let data = json!({"project": new.project, "task": new.task});
        let actor = new.actor.to_string();
        events::record(&mut tx, "gold.made", &id.to_string(), &actor, data).await?;
        let made = rows(&mut tx, new.project, Some(id), i64::MAX, 1)
            .await?
            .pop();
        tx.commit().await?;
        made.map(GoldItem::from)
            .ok_or_else(|| Refusal::NotFound.into())
    }

    /// Nobody is given this item any more; who holds it may still answer, and none of its answers counts.
    ///
    /// # Errors
    /// `not_found`, `project_deleted`; or the database failed.
    pub async fn gold_retire(
        &self,
        tenant: Option<TenantId>,
        project: ProjectId,
        item: i64,
        actor: UserId,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.project_find(tenant, project).await?.live()?;
        let mut tx = self.begin().await?;
        let known = sqlx::query!(
            "update gold_items set retired_at = coalesce(retired_at, $3) where id = $1 and project_id = $2",
            item,
            project.0,
            now
        )
        .execute(&mut *tx)
        .await?;
        if known.rows_affected() == 0 {
            return Err(Refusal::NotFound.into());
        }
        let data = json!({"project": project});
        let (subject, actor) = (item.to_string(), actor.to_string());
        events::record(&mut tx, "gold.retired", &subject, &actor, data).await?;
        tx.commit().await?;
        Ok(())
    }
}

async fn rows(
    conn: &mut PgConnection,
    project: ProjectId,
    only: Option<i64>,
    before: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        Row,
        "select i.id, i.dataset_id, i.row_no, i.task_id, i.payload as \"payload: Json<RawJson>\", i.expected as \"expected: Json<RawJson>\",
                i.explanation, a.answers as \"answers!\", a.correct as \"right!\", i.retired_at is not null as \"retired!\", i.created_at
         from gold_items i
         cross join lateral (
             select count(*) as answers, count(*) filter (where a.correct) as correct
             from gold_draws g join gold_answers a on a.draw_id = g.id and a.status not in ('withdrawn', 'voided') where g.item_id = i.id) a
         where i.project_id = $1 and ($2::bigint is null or i.id = $2) and i.id < $3
         order by i.id desc limit $4",
        project.0,
        only,
        before,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// What all approved answers to a task say alike; free text aside, which nobody writes twice. The owner's decision is over it.
async fn agreed(
    conn: &mut PgConnection,
    task: TaskId,
    labeling: &Labeling,
) -> Result<BTreeMap<String, RawJson>> {
    let said = sqlx::query!(
        "select f.key as \"field!\", min(f.value::text) as \"value!\", count(distinct f.value) as \"different!\"
         from answers a cross join lateral jsonb_each(a.answer) f
         where a.task_id = $1 and a.status = 'approved' and jsonb_typeof(f.value) <> 'null' group by f.key",
        task.0
    )
    .fetch_all(&mut *conn)
    .await?;
    let decided = sqlx::query!(
        "select distinct on (field) field, value as \"value: Json<RawJson>\" from decisions where task_id = $1 order by field, seq desc",
        task.0
    )
    .fetch_all(conn)
    .await?;
    let compares = |name: &String| {
        let mut fields = labeling.fields.iter();
        fields.any(|field| &field.name == name && field.kind != FieldType::Text)
    };
    let alike = said
        .into_iter()
        .filter(|s| s.different == 1 && compares(&s.field));
    let alike = alike.filter_map(|s| Some((s.field, RawJson::parse(s.value).ok()?.compact())));
    let decided = decided
        .into_iter()
        .filter_map(|d| Some((d.field, d.value?.0.compact())));
    Ok(alike.chain(decided).collect())
}

/// Refuses what no worker could answer.
fn fits(labeling: &Labeling, expected: &BTreeMap<String, RawJson>) -> Result<()> {
    let mut details = BTreeMap::new();
    if expected.is_empty() {
        let why =
            "is missing, and the approved answers do not agree; write the right value of a field";
        details.insert("expected".to_owned(), why.to_owned());
    }
    for (name, value) in expected {
        let field = labeling.fields.iter().find(|field| &field.name == name);
        let checked = match field {
            _ if value.get() == "null" => Err("is empty; leave the field out".to_owned()),
            Some(field) => check_value(field, value.get()),
            None => Err("is no field of this form; remove it".to_owned()),
        };
        if let Err(why) = checked {
            details.insert(format!("expected.{name}"), why);
        }
    }
    match details.is_empty() {
        true => Ok(()),
        false => Err(Refusal::InvalidAnswer { details }.into()),
    }
}

/// The item of a task: a new one, or the one that there is, given to workers again.
async fn insert(
    conn: &mut PgConnection,
    new: &NewGold,
    expected: &BTreeMap<String, RawJson>,
    now: DateTime<Utc>,
) -> Result<i64> {
    let id = sqlx::query_scalar!(
        "insert into gold_items as i (project_id, dataset_id, row_no, task_id, payload, expected, explanation, created_at)
         select t.project_id, t.dataset_id, t.row_no, t.id, t.payload, $2, $3, $4 from tasks t where t.id = $1
         on conflict on constraint gold_items_row do update set retired_at = null, explanation = coalesce(excluded.explanation, i.explanation)
         where i.expected = excluded.expected
         returning id",
        new.task.0,
        Json(expected) as _,
        new.explanation,
        now
    )
    .fetch_optional(conn)
    .await?;
    id.ok_or_else(|| Refusal::GoldFixed.into())
}
