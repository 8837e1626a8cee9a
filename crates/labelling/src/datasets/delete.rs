//! Fencing a dataset, and what stays of it when its resource goes.
//!
//! It is unbound first, in a transaction of its own: from then on it is in no list and no number, and
//! nothing of it is given out anew. [`leave`](super::leave) lets go of its tasks, step by step, and
//! [`remove`] deletes its rows where they are not to be kept. Whoever began it may die: the sweeper goes on.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ProjectId, ResourceUid},
    internal::ResourceKind,
    object::{Origin, PlatformBucket},
    source::{DeletionPolicy, is_archive},
};
use sqlx::PgConnection;

use super::{
    leave::{self, Leaving},
    window::{STEP_ROWS, window_lock},
};
use crate::{
    Labelling, Refusal, Result, binding::tombstone, events, outbox, projects::settle_state,
    runs::release, uploads::is_upload,
};

/// Datasets that the sweeper looks at in one pass.
const SWEPT_DATASETS: i64 = 50;

/// How far a deletion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletion {
    /// The resource is forgotten.
    Done,
    /// There is more to do: the same call goes on.
    Unfinished,
}

impl Labelling {
    /// Lets no runner of this resource write again: before its Job is deleted.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_fence(&self, id: DatasetId, uid: ResourceUid) -> Result<()> {
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select bound_uid from datasets where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        if row.bound_uid == Some(uid.0) {
            release(&mut tx, id).await?;
            tombstone(&mut tx, uid, ResourceKind::Dataset).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// One step of forgetting the resource `uid`. Retain keeps the rows for a later resource of the same name;
    /// Delete removes them. Both give back the quota of what nobody answered.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn dataset_delete(
        &self,
        id: DatasetId,
        uid: ResourceUid,
        policy: DeletionPolicy,
        bucket: &str,
        now: DateTime<Utc>,
    ) -> Result<Deletion> {
        let mut tx = self.begin().await?;
        let row = sqlx::query!(
            "select bound_uid, left_uid from datasets where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::NotFound)?;
        tombstone(&mut tx, uid, ResourceKind::Dataset).await?;
        match row.bound_uid {
            Some(bound) if bound == uid.0 => unbind(&mut tx, id, policy).await?,
            Some(_) => {
                tx.commit().await?;
                return Ok(Deletion::Done);
            }
            None if row.left_uid == Some(uid.0) && policy == DeletionPolicy::Delete => {
                mark_removing(&mut tx, id).await?;
            }
            None => {}
        }
        tx.commit().await?;
        self.dataset_let_go(id, bucket, now).await
    }

    /// Has the rows of a dataset removed that was deleted before; [`Self::dataset_let_go`] does it.
    ///
    /// # Errors
    /// `not_found` while a resource is bound to them; or the database failed.
    pub async fn dataset_rows_discard(&self, id: DatasetId) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        match mark_removing(&mut conn, id).await? {
            true => Ok(()),
            false => Err(Refusal::NotFound.into()),
        }
    }

    /// One step of what follows from a dataset's being unbound.
    ///
    /// # Errors
    /// The database failed.
    pub async fn dataset_let_go(
        &self,
        id: DatasetId,
        bucket: &str,
        now: DateTime<Utc>,
    ) -> Result<Deletion> {
        let mut tx = self.begin().await?;
        window_lock(&mut tx, id).await?;
        let row = sqlx::query_as!(
            Leaving,
            "select d.id, d.project_id, d.left_at, d.leave_from, d.removing, p.namespace, p.name as project_name, p.on_reject, p.max_rejections,
                    p.reward_points
             from datasets d join projects p on p.id = d.project_id where d.id = $1 and d.bound_uid is null",
            id.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(going) = row else {
            return Ok(Deletion::Done);
        };
        let step = match (going.left_at, going.leave_from) {
            // Unbound by a release that did nothing more.
            (None, _) => leave::begin(&mut tx, going.id).await?,
            (Some(left_at), Some(from)) => {
                match leave::window(&mut tx, &going, (left_at, from), now).await? {
                    Some(step) => step,
                    // Adopted meanwhile: what that wrote stands, and nothing of this.
                    None => return Ok(Deletion::Done),
                }
            }
            (Some(_), None) if going.removing => remove(&mut tx, &going, bucket).await?,
            (Some(_), None) => Deletion::Done,
        };
        tx.commit().await?;
        Ok(step)
    }

    /// Goes on with what others began to delete and did not end.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sweep_deleted(&self, bucket: &str, now: DateTime<Utc>) -> Result<()> {
        let going = sqlx::query!(
            "select id from datasets where bound_uid is null and (left_at is null or leave_from is not null or removing) order by id limit $1",
            SWEPT_DATASETS
        )
        .fetch_all(&self.calls)
        .await?;
        for dataset in going {
            let id = DatasetId(dataset.id);
            while self.dataset_let_go(id, bucket, now).await? == Deletion::Unfinished {}
        }
        Ok(())
    }
}

/// Takes a dataset, whose row is locked, from its resource: it is in no list and no number any more, no runner
/// writes to it, and the sweeper takes its tasks out of the queue and ends its leases.
pub(crate) async fn unbind(
    conn: &mut PgConnection,
    dataset: DatasetId,
    policy: DeletionPolicy,
) -> Result<()> {
    let unbound = sqlx::query!(
        "update datasets set bound_uid = null, left_uid = bound_uid, left_at = clock_timestamp(), leave_from = 0, requeue_from = null,
                recharge_from = null, removing = removing or $2, updated_at = now()
         where id = $1 and bound_uid is not null returning project_id",
        dataset.0,
        policy == DeletionPolicy::Delete
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(unbound) = unbound else {
        return Ok(());
    };
    release(conn, dataset).await?;
    settle_state(conn, ProjectId(unbound.project_id)).await?;
    let data = serde_json::json!({"policy": policy.column()});
    events::record(
        conn,
        "dataset.deleted",
        &dataset.to_string(),
        "resource",
        data,
    )
    .await
}

/// False when there is no such dataset, or a resource is bound to it.
pub(super) async fn mark_removing(conn: &mut PgConnection, dataset: DatasetId) -> Result<bool> {
    let marked = sqlx::query!(
        "update datasets set removing = true, updated_at = now() where id = $1 and bound_uid is null",
        dataset.0
    )
    .execute(conn)
    .await?;
    Ok(marked.rows_affected() == 1)
}

/// Removes some tasks with all that was done on them; after the last of them, the dataset.
async fn remove(conn: &mut PgConnection, going: &Leaving, bucket: &str) -> Result<Deletion> {
    let gone = sqlx::query!(
        "delete from tasks where id = any(array(select id from tasks where dataset_id = $1 order by row_no limit $2))",
        going.id.0,
        STEP_ROWS
    )
    .execute(&mut *conn)
    .await?
    .rows_affected();
    if gone == STEP_ROWS.unsigned_abs() {
        return Ok(Deletion::Unfinished);
    }
    sqlx::query!("delete from runs where target_id = $1", going.id.0)
        .execute(&mut *conn)
        .await?;
    let row = sqlx::query!(
        "delete from datasets where id = $1 returning namespace, source_path, own_credentials",
        going.id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let origin =
        PlatformBucket::new(bucket).origin(&row.namespace, &row.source_path, row.own_credentials);
    let key = match &origin {
        Ok(Origin::Platform(object)) => object.key(),
        Ok(Origin::Folder(folder)) => folder.prefix(),
        Ok(Origin::Own(_)) | Err(_) => "",
    };
    if is_upload(&row.namespace, key) && !is_in_use(conn, &row.namespace, &row.source_path).await? {
        outbox::delete_object(conn, key).await?;
    }
    if is_archive(&row.source_path) {
        outbox::delete_object(conn, &all_unpacked(&row.namespace, going.id)).await?;
    }
    settle_state(conn, going.project_id).await?;
    let data = serde_json::json!({});
    events::record(
        conn,
        "dataset.removed",
        &going.id.to_string(),
        "deletion",
        data,
    )
    .await?;
    Ok(Deletion::Done)
}

/// Key of the folder that this version of a dataset's archive is unpacked into; it ends in a slash. Another version has
/// another one: before a row is loaded, a corrected archive may take the place of one that was unpacked in part.
#[must_use]
pub fn unpacked(namespace: &str, dataset: DatasetId, etag: &str) -> String {
    let version = etag
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-');
    let folder = all_unpacked(namespace, dataset);
    format!("{folder}{}/", version.collect::<String>())
}

fn all_unpacked(namespace: &str, dataset: DatasetId) -> String {
    format!("{namespace}/unpacked/{dataset}/")
}

/// Whether a dataset or a model reads what lies there, or a part of it.
pub(crate) async fn is_in_use(
    conn: &mut PgConnection,
    namespace: &str,
    source: &str,
) -> Result<bool> {
    let used = sqlx::query!(
        "select exists (select from datasets where namespace = $1 and not own_credentials
                        and (starts_with(source_path, $2) or source_format = 'files' and starts_with($2, source_path)))
             or exists (select from models where namespace = $1 and starts_with(source_path, $2)) as \"used!\"",
        namespace,
        source
    )
    .fetch_one(conn)
    .await?;
    Ok(used.used)
}
