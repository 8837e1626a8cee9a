//! A namespace that changes hands: what was bound in it stays its tenant's, and ends. Rows are kept, out of the
//! queue; leases and runs end; a namespace that gets its earlier label back has everything adopted again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ResourceUid},
    internal::{Departed, ResourceKind},
    source::DeletionPolicy,
};
use serde_json::json;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{Deletion, Labelling, Result, datasets, events, runs::release};

/// A resource that was bound for another tenant than its namespace's label names.
struct Leaving {
    target: Uuid,
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
            unbind(&mut tx, kind, leaving.target).await?;
            let subject = leaving.target.to_string();
            let event = match kind {
                ResourceKind::Project => "project.departed",
                ResourceKind::Dataset => "dataset.departed",
                ResourceKind::Export => "export.departed",
            };
            events::record(&mut tx, event, &subject, "resource", json!({"uid": uid})).await?;
        }
        tx.commit().await?;
        let step = match kind {
            ResourceKind::Dataset => {
                let dataset = DatasetId(leaving.target);
                self.dataset_let_go(dataset, bucket, now).await?
            }
            ResourceKind::Project | ResourceKind::Export => Deletion::Done,
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
    macro_rules! lock {
        ($sql:literal) => {
            sqlx::query!($sql, uid.0)
                .fetch_optional(&mut *conn)
                .await?
                .map(|r| (r.id, r.tenant_id, r.name))
        };
    }
    let bound = match kind {
        ResourceKind::Project => lock!(
            "select p.id, p.tenant_id, t.name from projects p join tenants t on t.id = p.tenant_id where p.bound_uid = $1 for update of p"
        ),
        ResourceKind::Dataset => lock!(
            "select d.id, d.tenant_id, t.name from datasets d join tenants t on t.id = d.tenant_id where d.bound_uid = $1 for update of d"
        ),
        ResourceKind::Export => lock!(
            "select e.id, e.tenant_id, t.name from exports e join tenants t on t.id = e.tenant_id where e.bound_uid = $1 for update of e"
        ),
    };
    if let Some((target, owner, name)) = bound {
        if Some(name.as_str()) == tenant {
            return Ok(None);
        }
        sqlx::query!(
            "insert into departures (uid, kind, tenant_id, target_id) values ($1, $2, $3, $4)
             on conflict (uid) do update set tenant_id = excluded.tenant_id, target_id = excluded.target_id",
            uid.0,
            kind.column(),
            owner,
            target
        )
        .execute(conn)
        .await?;
        return Ok(Some(Leaving {
            target,
            bound: true,
        }));
    }
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
        target: r.target_id,
        bound: false,
    }))
}

/// Lets a row speak for no resource: its runs end at once, and of a dataset's tasks is let go as of a deleted one's.
async fn unbind(conn: &mut PgConnection, kind: ResourceKind, target: Uuid) -> Result<()> {
    match kind {
        ResourceKind::Project => {
            sqlx::query!(
                "update projects set bound_uid = null, updated_at = now() where id = $1",
                target
            )
            .execute(conn)
            .await?;
        }
        ResourceKind::Dataset => {
            datasets::unbind(conn, target, DeletionPolicy::Retain).await?;
        }
        ResourceKind::Export => {
            release(conn, target).await?;
            sqlx::query!(
                "update exports set bound_uid = null, updated_at = now() where id = $1",
                target
            )
            .execute(conn)
            .await?;
        }
    }
    Ok(())
}
