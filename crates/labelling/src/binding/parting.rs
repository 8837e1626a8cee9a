//! How a resource and its row part: the one place where a row comes to speak for nothing.

use datacrowd_protocol::{
    WireEnum,
    ids::{ResourceUid, TenantId},
    internal::ResourceKind,
    source::DeletionPolicy,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use super::tombstone;
use crate::{BoundId, Result, datasets, events, runs::release};

/// A row that says that it is bound, and whose it is.
pub(crate) struct Bound {
    pub id: BoundId,
    pub tenant: TenantId,
    pub tenant_name: String,
}

/// The row that this incarnation speaks for, locked.
pub(crate) async fn lock_bound(
    conn: &mut PgConnection,
    kind: ResourceKind,
    uid: ResourceUid,
) -> Result<Option<Bound>> {
    macro_rules! lock {
        ($sql:literal) => {
            sqlx::query!($sql, uid.0)
                .fetch_optional(&mut *conn)
                .await?
                .and_then(|r| {
                    Some(Bound {
                        id: BoundId::of(kind, r.id)?,
                        tenant: TenantId(r.tenant_id),
                        tenant_name: r.name,
                    })
                })
        };
    }
    Ok(match kind {
        ResourceKind::Project => lock!(
            "select p.id, p.tenant_id, t.name from projects p join tenants t on t.id = p.tenant_id where p.bound_uid = $1 for update of p"
        ),
        ResourceKind::Dataset => lock!(
            "select d.id, d.tenant_id, t.name from datasets d join tenants t on t.id = d.tenant_id where d.bound_uid = $1 for update of d"
        ),
        ResourceKind::Export => lock!(
            "select e.id, e.tenant_id, t.name from exports e join tenants t on t.id = e.tenant_id where e.bound_uid = $1 for update of e"
        ),
        ResourceKind::Model => lock!(
            "select m.id, m.tenant_id, t.name from models m join tenants t on t.id = m.tenant_id where m.bound_uid = $1 for update of m"
        ),
        ResourceKind::Prediction => lock!(
            "select p.id, p.tenant_id, t.name from prediction_jobs p join tenants t on t.id = p.tenant_id where p.bound_uid = $1 for update of p"
        ),
        // Its row is another context's.
        ResourceKind::Webhook => None,
    })
}

/// Lets a row speak for no resource: its runs end at once, and of a dataset's tasks is let go as of a deleted one's.
pub(crate) async fn unbind(conn: &mut PgConnection, id: BoundId) -> Result<()> {
    macro_rules! unbind {
        ($sql:literal, $id:expr) => {
            sqlx::query!($sql, $id.0).execute(conn).await?
        };
    }
    match id {
        BoundId::Dataset(id) => {
            return datasets::unbind(conn, id, DeletionPolicy::Retain).await;
        }
        BoundId::Project(id) => unbind!(
            "update projects set bound_uid = null, updated_at = now() where id = $1",
            id
        ),
        BoundId::Export(id) => {
            release(conn, id).await?;
            unbind!(
                "update exports set bound_uid = null, updated_at = now() where id = $1",
                id
            )
        }
        BoundId::Model(id) => {
            release(conn, id).await?;
            unbind!(
                "update models set bound_uid = null, updated_at = now() where id = $1",
                id
            )
        }
        BoundId::Prediction(id) => {
            release(conn, id).await?;
            unbind!(
                "update prediction_jobs set bound_uid = null, updated_at = now() where id = $1",
                id
            )
        }
    };
    Ok(())
}

/// The resource `uid` of a locked row, of an export, a model or a prediction, is deleted and never speaks again. False when another incarnation speaks for the
/// row; nothing of it is this one's to remove.
pub(crate) async fn end_binding(
    conn: &mut PgConnection,
    id: BoundId,
    bound: Option<Uuid>,
    uid: ResourceUid,
    policy: DeletionPolicy,
) -> Result<bool> {
    tombstone(conn, uid, id.resource()).await?;
    let Some(bound) = bound else { return Ok(true) };
    if bound != uid.0 {
        return Ok(false);
    }
    unbind(conn, id).await?;
    let event = format!("{}.deleted", id.kind());
    let data = json!({"policy": policy.column()});
    events::record(conn, &event, &id.uuid().to_string(), "resource", data).await?;
    Ok(true)
}
