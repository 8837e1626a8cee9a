//! Items that arrive one at a time, for ever: each becomes a task that waits outside of every queue of people, until `asking` finds
//! that they are needed, and joins the
//! queue of each model of its project that is kept loaded. What is not said here of an item, its model's queue says.

mod read;

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ItemId, ProjectId, TaskId, TenantId},
    internal::ProjectState,
    model::ModelInputKind,
    raw::RawJson,
};
use serde_json::json;
use sqlx::PgConnection;

pub use self::read::{InboxItem, ItemWord, Said};
use super::asking::first_look;
use crate::{Error, Labelling, Refusal, Result, models::stored, projects::from_column};

/// An inbox that takes items.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenInbox {
    /// Its dataset.
    pub id: DatasetId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The project that it belongs to.
    pub project: ProjectId,
    /// The namespace of its resource.
    pub namespace: String,
    /// `s3://bucket/…/`, below which the files of its items lie.
    pub folder: String,
}

/// What a client sends to an inbox.
#[derive(Debug, Clone, PartialEq)]
pub struct NewItem {
    /// What its client knows it by.
    pub id: ItemId,
    /// What it is.
    pub content: ItemContent,
    /// Size in bytes.
    pub size_bytes: i64,
    /// In hexadecimal.
    pub sha256: String,
}

/// What an item is.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemContent {
    /// A file that has arrived whole in the inbox's folder.
    Recording {
        /// `s3://bucket/key`, below the inbox's folder.
        uri: String,
        /// As its client calls it.
        name: String,
        /// As its first bytes say.
        content_type: &'static str,
        /// ETag with its quotes.
        etag: String,
    },
    /// A row: one JSON object.
    Columns(RawJson),
}

impl ItemContent {
    fn content_type(&self) -> &'static str {
        match self {
            Self::Recording { content_type, .. } => content_type,
            Self::Columns(_) => "application/json",
        }
    }

    /// The payload of its task.
    fn payload(&self, size_bytes: i64) -> Cow<'_, str> {
        match self {
            Self::Recording {
                uri,
                name,
                content_type,
                etag,
            } => Cow::Owned(
                json!({
                    "file": uri, "name": name, "sizeBytes": size_bytes, "mediaType": content_type, "etag": etag,
                })
                .to_string(),
            ),
            Self::Columns(row) => Cow::Borrowed(row.get()),
        }
    }
}

impl Labelling {
    /// The inbox of this id, or the only one, of a project or of all that the tenant has; also one whose tenant is not given.
    /// It is one with a model that reads what is to be sent.
    ///
    /// # Errors
    /// `inbox_not_found`, also for another tenant's, `inbox_ambiguous`, `inbox_suspended`, `no_warm_model`, `unsupported_media_type`
    /// where its models read something else; or the database failed.
    pub async fn inbox_open(
        &self,
        tenant: Option<TenantId>,
        project: Option<ProjectId>,
        inbox: Option<DatasetId>,
        sent: ModelInputKind,
    ) -> Result<OpenInbox> {
        let mut found = sqlx::query!(
            "select d.id, d.tenant_id, d.project_id, d.namespace, d.source_path, d.suspended, p.state
             from datasets d join projects p on p.id = d.project_id
             where d.inbox is not null and d.bound_uid is not null and p.bound_uid is not null and ($1::uuid is null or d.tenant_id = $1)
               and ($2::uuid is null or d.project_id = $2) and ($3::uuid is null or d.id = $3)
             order by d.id limit 2",
            tenant.map(|t| t.0),
            project.map(|p| p.0),
            inbox.map(|d| d.0)
        )
        .fetch_all(&self.calls)
        .await?;
        let only = found.pop().ok_or(Refusal::InboxNotFound)?;
        if !found.is_empty() {
            return Err(Refusal::InboxAmbiguous.into());
        }
        takes(&only.state, only.suspended)?;
        let open = OpenInbox {
            id: DatasetId(only.id),
            tenant: TenantId(only.tenant_id),
            project: ProjectId(only.project_id),
            namespace: only.namespace,
            folder: only.source_path,
        };
        // Asked for again with the item; asked now, so that nobody sends a file in vain.
        self.is_answered(open.project, sent).await?;
        Ok(open)
    }

    /// Whether a model that is kept loaded reads items of this kind.
    async fn is_answered(&self, project: ProjectId, sent: ModelInputKind) -> Result<()> {
        let warm = sqlx::query!(
            "select w.reads_columns as \"reads_columns!\", array(select jsonb_array_elements_text(m.input->'columns')) as \"columns!\"
             from inbox_models_v2($1) w join models m on m.id = w.id order by m.name",
            project.0
        )
        .fetch_all(&self.calls)
        .await?;
        let reads_columns = sent == ModelInputKind::Columns;
        if warm
            .iter()
            .any(|model| model.reads_columns == reads_columns)
        {
            return Ok(());
        }
        let other = warm.into_iter().next().ok_or(Refusal::NoWarmModel)?;
        let columns = other.reads_columns.then_some(other.columns);
        Err(Refusal::OtherItems { columns }.into())
    }

    /// Takes an item, whose file is in the inbox's folder, and queues it for every model that reads it and is kept loaded; people are asked now
    /// where they always are. The same item again is the one that is there.
    ///
    /// # Errors
    /// `inbox_not_found`, `inbox_suspended`, `no_warm_model`; or the database failed.
    pub async fn item_add(
        &self,
        inbox: DatasetId,
        new: &NewItem,
        now: DateTime<Utc>,
    ) -> Result<TaskId> {
        let mut tx = self.begin().await?;
        // One item at a time: it numbers them, and whoever deletes the inbox is waited for.
        let d = sqlx::query!(
            "select d.project_id, d.suspended, d.inbox as \"inbox!\", p.state from datasets d join projects p on p.id = d.project_id
             where d.id = $1 and d.inbox is not null and d.bound_uid is not null for update of d",
            inbox.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::InboxNotFound)?;
        if let Some(task) = known(&mut tx, new.id).await? {
            return Ok(task);
        }
        takes(&d.state, d.suspended)?;
        let look_at = first_look(stored(d.inbox)?, now);
        let task = insert_task(&mut tx, inbox, ProjectId(d.project_id), new).await?;
        sqlx::query!(
            "insert into inbox_items (id, task_id, content_type, size_bytes, sha256, created_at, look_at) values ($1, $2, $3, $4, $5, $6, $7)",
            new.id.0,
            task.0,
            new.content.content_type(),
            new.size_bytes,
            new.sha256,
            now,
            look_at
        )
        .execute(&mut *tx)
        .await?;
        let queued = sqlx::query!(
            "insert into prediction_queue (task_id, model_id, queued_at)
             select $1, id, $3 from inbox_models_v2($2) where reads_columns = $4",
            task.0,
            d.project_id,
            now,
            matches!(new.content, ItemContent::Columns(_))
        )
        .execute(&mut *tx)
        .await?;
        if queued.rows_affected() == 0 {
            return Err(Refusal::NoWarmModel.into());
        }
        tx.commit().await?;
        if look_at.is_some_and(|at| at <= now) {
            self.ask_people(task, now).await;
        }
        Ok(task)
    }
}

/// Refuses what comes while nothing is taken.
fn takes(project: &str, suspended: bool) -> Result<()> {
    match from_column("project state", project)? {
        ProjectState::Active | ProjectState::Completed if !suspended => Ok(()),
        _ => Err(Refusal::InboxSuspended.into()),
    }
}

/// The task of an item that is there, also one of another inbox: a repeated request may find a newer one open.
async fn known(conn: &mut PgConnection, id: ItemId) -> Result<Option<TaskId>> {
    let task = sqlx::query_scalar!("select task_id from inbox_items where id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(task.map(TaskId))
}

/// A task that waits outside of every queue of people: its batch is never sealed, and nobody pays for it.
async fn insert_task(
    conn: &mut PgConnection,
    inbox: DatasetId,
    project: ProjectId,
    new: &NewItem,
) -> Result<TaskId> {
    let counted = sqlx::query!(
        "update datasets set tasks_created = tasks_created + 1, batches = 1, started_at = coalesce(started_at, now()), updated_at = now()
         where id = $1 returning tasks_created",
        inbox.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let batch = sqlx::query_scalar!(
        "insert into task_batches as b (dataset_id, ordinal, size, open_tasks) values ($1, 0, 1, 1)
         on conflict on constraint task_batches_ordinal do update set size = b.size + 1, open_tasks = b.open_tasks + 1 returning id",
        inbox.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let task = sqlx::query_scalar!(
        "insert into tasks (id, project_id, dataset_id, batch_id, row_no, payload, slots, slots_free, charged)
         overriding system value
         values (nextval('tasks_id_seq') + floor(random() * 64)::bigint, $1, $2, $3, $4, $5::text::jsonb, 1, 1, false) returning id",
        project.0,
        inbox.0,
        batch,
        counted.tasks_created,
        &*new.content.payload(new.size_bytes)
    )
    .fetch_one(conn)
    .await;
    task.map(TaskId).map_err(Error::from)
}
