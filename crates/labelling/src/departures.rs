//! A namespace that changes hands: what was bound in it stays its tenant's, and ends. Rows are kept, out of the
//! queue; leases and runs end; a namespace that gets its earlier label back has everything adopted again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{ResourceUid, TenantId},
    internal::{Departed, ResourceKind},
    source::DeletionPolicy,
};
use serde_json::json;
use sqlx::PgConnection;

use crate::{BoundId, Deletion, Labelling, Result, datasets, events, runs::release};

/// A resource that was bound for another tenant than its namespace's label names.
struct Leaving {
    id: BoundId,
    /// Whether its row still says that it is bound.
    bound: bool,
}

impl Labelling {
    /// One step of letting go of a resource whose namespace carries `tenant`'s label, or none. One that was bound
    /// for this very tenant, or never, stays as it is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn resource_departs(
        &self,
        kind: ResourceKind,
        uid: ResourceUid,
        tenant: Option<&str>,
        bucket: &str,
        now: DateTime<Utc>,
    ) -> Result<Departed> {
        let mut tx = self.pool.begin().await?;
        let Some(leaving) = leaving(&mut tx, kind, uid, tenant).await? else {
            return Ok(Departed {
                departed: false,
                unfinished: false,
            });
        };
        if leaving.bound {
            unbind(&mut tx, leaving.id).await?;
            let subject = leaving.id.uuid().to_string();
            let event = match leaving.id {
                BoundId::Project(_) => "project.departed",
                BoundId::Dataset(_) => "dataset.departed",
                BoundId::Export(_) => "export.departed",
                BoundId::Model(_) => "model.departed",
                BoundId::Prediction(_) => "prediction.departed",
            };
            events::record(&mut tx, event, &subject, "resource", json!({"uid": uid})).await?;
        }
        tx.commit().await?;
        let step = match leaving.id {
            BoundId::Dataset(dataset) => self.dataset_let_go(dataset, bucket, now).await?,
            BoundId::Project(_)
            | BoundId::Export(_)
            | BoundId::Model(_)
            | BoundId::Prediction(_) => Deletion::Done,
        };
        Ok(Departed {
            departed: true,
            unfinished: step == Deletion::Unfinished,
        })
    }
}

/// The row that speaks for another tenant, locked, and noted so that only that tenant may bind it again.
async fn leaving(
    conn: &mut PgConnection,
    kind: ResourceKind,
    uid: ResourceUid,
    tenant: Option<&str>,
) -> Result<Option<Leaving>> {
    let Some(bound) = lock(conn, kind, uid).await? else {
        return departed(conn, kind, uid, tenant).await;
    };
    if Some(bound.tenant_name.as_str()) == tenant {
        return Ok(None);
    }
    sqlx::query!(
        "insert into departures (uid, kind, tenant_id, target_id) values ($1, $2, $3, $4)
             on conflict (uid) do update set tenant_id = excluded.tenant_id, target_id = excluded.target_id",
        uid.0,
        kind.column(),
        bound.tenant.0,
        bound.id.uuid()
    )
    .execute(conn)
    .await?;
    Ok(Some(Leaving {
        id: bound.id,
        bound: true,
    }))
}

/// A row that says that it is bound, and whose it is.
struct Bound {
    id: BoundId,
    tenant: TenantId,
    tenant_name: String,
}

async fn lock(
    conn: &mut PgConnection,
    kind: ResourceKind,
    uid: ResourceUid,
) -> Result<Option<Bound>> {
    macro_rules! lock {
        ($sql:literal) => {
            sqlx::query!($sql, uid.0)
                .fetch_optional(&mut *conn)
                .await?
                .map(|r| Bound {
                    id: BoundId::of(kind, r.id),
                    tenant: TenantId(r.tenant_id),
                    tenant_name: r.name,
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
    })
}

/// What was noted when a row was taken from this resource, for another tenant than this one.
async fn departed(
    conn: &mut PgConnection,
    kind: ResourceKind,
    uid: ResourceUid,
    tenant: Option<&str>,
) -> Result<Option<Leaving>> {
    let gone = sqlx::query!(
        "select d.target_id from departures d join tenants t on t.id = d.tenant_id
         where d.uid = $1 and d.kind = $2 and t.name is distinct from $3",
        uid.0,
        kind.column(),
        tenant
    )
    .fetch_optional(conn)
    .await?;
    Ok(gone.map(|r| Leaving {
        id: BoundId::of(kind, r.target_id),
        bound: false,
    }))
}

/// Lets a row speak for no resource: its runs end at once, and of a dataset's tasks is let go as of a deleted one's.
async fn unbind(conn: &mut PgConnection, id: BoundId) -> Result<()> {
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
