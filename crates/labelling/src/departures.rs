//! A namespace that changes hands: what was bound in it stays its tenant's, and ends. Rows are kept, out of the
//! queue; leases and runs end; a namespace that gets its earlier label back has everything adopted again.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::ResourceUid,
    internal::{Departed, ResourceKind},
};
use serde_json::json;
use sqlx::PgConnection;

use crate::{
    BoundId, Deletion, Labelling, Result,
    binding::{lock_bound, unbind},
    events,
};

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
        let mut tx = self.begin().await?;
        let Some(leaving) = leaving(&mut tx, kind, uid, tenant).await? else {
            return Ok(Departed {
                departed: false,
                unfinished: false,
            });
        };
        if leaving.bound {
            unbind(&mut tx, leaving.id).await?;
            let subject = leaving.id.uuid().to_string();
            let event = format!("{}.departed", leaving.id.kind());
            events::record(&mut tx, &event, &subject, "resource", json!({"uid": uid})).await?;
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
    let Some(bound) = lock_bound(conn, kind, uid).await? else {
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
    let id = gone.and_then(|r| BoundId::of(kind, r.target_id));
    Ok(id.map(|id| Leaving { id, bound: false }))
}
