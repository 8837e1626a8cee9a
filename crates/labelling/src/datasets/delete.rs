//! Fencing a dataset, and what stays of it when its resource goes.

use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ResourceUid},
    object::{Origin, PlatformBucket},
    source::DeletionPolicy,
};

use sqlx::PgConnection;

use crate::{
    Labelling, Refusal, Result, binding::tombstone, events, outbox, projects::settle_state,
    runs::release,
};

/// Rows that one step of a deletion touches: a statement's time is bounded, a dataset's size is not.
const STEP_ROWS: i64 = 2_000;

/// How far a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// The resource is forgotten.
    Done,
    /// There is more to do: the same call goes on.
    Unfinished,
}

/// What a deletion needs to know of its dataset.
struct Going {
    id: uuid::Uuid,
    project: uuid::Uuid,
    answers_per_task: i32,
}

impl Labelling {
    /// Lets no runner of this resource write again: before its Job is deleted.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_fence(&self, id: DatasetId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select bound_uid from datasets where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if row.bound_uid == Some(uid.0) {
            release(&mut tx, id.0).await?;
            tombstone(&mut tx, uid.0, "dataset").await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// One step of forgetting the resource `uid`. Retain keeps the rows, out of the queue, for a later resource of
    /// the same name; Delete removes them and credits the project with the tasks that nobody answered.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_delete(
        &self,
        id: DatasetId,
        uid: ResourceUid,
        policy: DeletionPolicy,
        bucket: &PlatformBucket,
    ) -> Result<Deletion> {
        let mut tx = self.pool.begin().await?;
        let row = sqlx::query!(
            "select d.bound_uid, d.project_id, d.source_path, d.own_credentials, d.namespace, d.dequeued_to, p.answers_per_task
             from datasets d join projects p on p.id = d.project_id where d.id = $1 for update of d",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid.0, "dataset").await?;
        if row.bound_uid != Some(uid.0) {
            tx.commit().await?;
            return Ok(Deletion::Done);
        }
        release(&mut tx, id.0).await?;
        let going = Going {
            id: id.0,
            project: row.project_id,
            answers_per_task: row.answers_per_task,
        };
        let step = match policy {
            DeletionPolicy::Retain => retain(&mut tx, &going, row.dequeued_to).await?,
            DeletionPolicy::Delete => remove(&mut tx, &going).await?,
        };
        if step == Deletion::Done {
            let origin = bucket.origin(&row.namespace, &row.source_path, row.own_credentials);
            let uploads = format!("{}/datasets/", row.namespace);
            if let Ok(Origin::Platform(object)) = origin
                && policy == DeletionPolicy::Delete
                && object.key().starts_with(&uploads)
            {
                outbox::delete_object(&mut tx, object.key()).await?;
            }
            settle_state(&mut tx, row.project_id).await?;
            events::record(
                &mut tx,
                "dataset.deleted",
                &id.to_string(),
                "resource",
                serde_json::json!({"policy": policy.column()}),
            )
            .await?;
        }
        tx.commit().await?;
        Ok(step)
    }
}

/// Takes the tasks of the rows from `from` on out of the queue; after the last of them, unbinds.
async fn retain(conn: &mut PgConnection, going: &Going, from: i64) -> Result<Deletion> {
    let to = from.saturating_add(STEP_ROWS);
    sqlx::query!(
        "update tasks set queue_pos = null where dataset_id = $1 and row_no >= $2 and row_no < $3 and queue_pos is not null",
        going.id,
        from,
        to
    )
    .execute(&mut *conn)
    .await?;
    let rest = sqlx::query!(
        "select exists (select from tasks where dataset_id = $1 and row_no >= $2) as \"more!\"",
        going.id,
        to
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "update datasets set dequeued_to = $2, requeue_from = null, bound_uid = case when $3 then bound_uid end, updated_at = now() where id = $1",
        going.id,
        to,
        rest.more
    )
    .execute(conn)
    .await?;
    Ok(match rest.more {
        true => Deletion::Unfinished,
        false => Deletion::Done,
    })
}

/// Removes some tasks with all that was done on them, and credits what nobody answered; after the last
/// of them, the dataset.
async fn remove(conn: &mut PgConnection, going: &Going) -> Result<Deletion> {
    let gone = sqlx::query!(
        "with going as (
             select t.id, exists (select from answers a where a.task_id = t.id) as answered
             from tasks t where t.dataset_id = $1 order by t.row_no limit $2),
         gone as (delete from tasks t using going where t.id = going.id)
         select count(*) as \"tasks!\", count(*) filter (where not answered) as \"untouched!\" from going",
        going.id,
        STEP_ROWS
    )
    .fetch_one(&mut *conn)
    .await?;
    sqlx::query!(
        "update projects set tasks_used = greatest(tasks_used - $2, 0) where id = $1",
        going.project,
        gone.untouched * i64::from(going.answers_per_task)
    )
    .execute(&mut *conn)
    .await?;
    if gone.tasks == STEP_ROWS {
        return Ok(Deletion::Unfinished);
    }
    sqlx::query!("delete from runs where target_id = $1", going.id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!("delete from datasets where id = $1", going.id)
        .execute(conn)
        .await?;
    Ok(Deletion::Done)
}
