//! What the cluster lost: rows that are bound to a resource that is not there any more, because somebody let
//! it go without the operator. Which those are, the API server asks the cluster; what may be concluded from
//! the answers is decided here. Nothing is deleted: a row is unbound, as a deletion by Retain does it, and a
//! later resource of its name takes it over.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{DatasetId, ExportId, ModelId, PredictionId, ProjectId, ResourceUid},
    internal::ResourceKind,
};
use uuid::Uuid;

use crate::{
    Error, Labelling, Result,
    binding::{lock_bound, unbind},
    events,
    projects::from_column,
};

/// Misses after which a resource is lost.
const MISSES: i32 = 3;
/// How long it must have been missing.
const MISSING_FOR: TimeDelta = TimeDelta::hours(1);
/// The time between two passes: three misses are no hiccup.
const BETWEEN_PASSES: TimeDelta = TimeDelta::minutes(20);
/// One in so many may be missing. More are a restore that is not complete, or a cluster that tells nonsense.
const ONE_IN: usize = 20;

/// Whose row it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundId {
    /// A project's.
    Project(ProjectId),
    /// A dataset's.
    Dataset(DatasetId),
    /// An export's.
    Export(ExportId),
    /// A model's.
    Model(ModelId),
    /// A prediction's.
    Prediction(PredictionId),
}

impl BoundId {
    /// None for a kind whose rows another context has.
    pub(crate) fn of(kind: ResourceKind, id: Uuid) -> Option<Self> {
        Some(match kind {
            ResourceKind::Project => Self::Project(ProjectId(id)),
            ResourceKind::Dataset => Self::Dataset(DatasetId(id)),
            ResourceKind::Export => Self::Export(ExportId(id)),
            ResourceKind::Model => Self::Model(ModelId(id)),
            ResourceKind::Prediction => Self::Prediction(PredictionId(id)),
            ResourceKind::Webhook => return None,
        })
    }

    pub(crate) fn resource(self) -> ResourceKind {
        match self {
            Self::Project(_) => ResourceKind::Project,
            Self::Dataset(_) => ResourceKind::Dataset,
            Self::Export(_) => ResourceKind::Export,
            Self::Model(_) => ResourceKind::Model,
            Self::Prediction(_) => ResourceKind::Prediction,
        }
    }

    pub(crate) fn uuid(self) -> Uuid {
        match self {
            Self::Project(id) => id.0,
            Self::Dataset(id) => id.0,
            Self::Export(id) => id.0,
            Self::Model(id) => id.0,
            Self::Prediction(id) => id.0,
        }
    }

    /// The kind, as the cluster spells it in commands.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.resource().column()
    }
}

/// A row and the resource that speaks for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoundResource {
    /// Whose row it is.
    pub id: BoundId,
    /// The incarnation.
    pub uid: ResourceUid,
    /// What the namespace's label must say.
    pub tenant: String,
    /// Where it must be.
    pub namespace: String,
    /// Its name there.
    pub name: String,
}

/// What follows from a pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Losses {
    /// These are lost; each of them may be let go.
    Due(Vec<BoundResource>),
    /// Too many are missing: none is let go.
    Stopped,
}

impl Labelling {
    /// Whether this replica is to make a pass now: one does, and another one only after a while.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lost_pass_begin(&self, now: DateTime<Utc>) -> Result<bool> {
        let ours = sqlx::query!(
            "insert into lost_passes as p (begun_at) values ($1) on conflict (single) do update set begun_at = $1 where p.begun_at <= $2
             returning single as \"ours!\"",
            now,
            now - BETWEEN_PASSES
        )
        .fetch_optional(&self.calls)
        .await?;
        Ok(ours.is_some())
    }

    /// Bound rows of every tenant in ascending order of uid.
    ///
    /// # Errors
    /// The database failed.
    pub async fn bound_resources(&self, after: Uuid, limit: i64) -> Result<Vec<BoundResource>> {
        let rows = sqlx::query!(
            "select b.kind as \"kind!\", b.id as \"id!\", b.bound_uid as \"uid!\", t.name as tenant, b.namespace as \"namespace!\", b.name as \"name!\"
             from (select 'project' as kind, id, bound_uid, tenant_id, namespace, name from projects where bound_uid > $1
                   union all select 'dataset', id, bound_uid, tenant_id, namespace, name from datasets where bound_uid > $1
                   union all select 'export', id, bound_uid, tenant_id, namespace, name from exports where bound_uid > $1
                   union all select 'model', id, bound_uid, tenant_id, namespace, name from models where bound_uid > $1
                   union all select 'prediction', id, bound_uid, tenant_id, namespace, name from prediction_jobs where bound_uid > $1) b
             join tenants t on t.id = b.tenant_id order by b.bound_uid limit $2",
            after,
            limit
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter()
            .map(|r| {
                Ok(BoundResource {
                    id: BoundId::of(from_column("kind", &r.kind)?, r.id)
                        .ok_or(Error::Corrupt { what: "kind" })?,
                    uid: ResourceUid(r.uid),
                    tenant: r.tenant,
                    namespace: r.namespace,
                    name: r.name,
                })
            })
            .collect()
    }

    /// Writes down which of `bound` resources this pass missed, and says what follows. What was found again is
    /// forgotten: the next time it is missed counts as the first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lost_pass_end(
        &self,
        bound: usize,
        missing: &[BoundResource],
        now: DateTime<Utc>,
    ) -> Result<Losses> {
        let stopped = missing.len() * ONE_IN > bound;
        let uids: Vec<_> = missing.iter().map(|r| r.uid.0).collect();
        let kinds: Vec<_> = missing.iter().map(|r| r.id.kind().to_owned()).collect();
        let mut tx = self.begin().await?;
        sqlx::query!("delete from lost_resources where not uid = any($1)", &uids)
            .execute(&mut *tx)
            .await?;
        sqlx::query!(
            "insert into lost_resources as l (uid, kind, first_at, last_at)
             select m.uid, m.kind, $3, $3 from unnest($1::uuid[], $2::text[]) as m (uid, kind)
             on conflict (uid) do update set last_at = $3, times = l.times + 1",
            &uids,
            &kinds,
            now
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update lost_passes set bound = $1, missing = $2, stopped = $3",
            i64::try_from(bound).unwrap_or(i64::MAX),
            i64::try_from(missing.len()).unwrap_or(i64::MAX),
            stopped
        )
        .execute(&mut *tx)
        .await?;
        let due = sqlx::query!(
            "select uid from lost_resources where times >= $1 and first_at <= $2",
            MISSES,
            now - MISSING_FOR
        )
        .fetch_all(&mut *tx)
        .await?;
        tx.commit().await?;
        if stopped {
            return Ok(Losses::Stopped);
        }
        let is_due = |r: &&BoundResource| due.iter().any(|d| d.uid == r.uid.0);
        Ok(Losses::Due(
            missing.iter().filter(is_due).cloned().collect(),
        ))
    }

    /// Takes a row from a resource that is lost. Should that be there again after all, it is adopted as any
    /// other: its uid is not barred.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lost_unbind(&self, lost: &BoundResource) -> Result<()> {
        match lost.id {
            BoundId::Project(id) => self.project_unbind(id, lost.uid).await?,
            _ => self.lost_row(lost).await?,
        }
        sqlx::query!("delete from lost_resources where uid = $1", lost.uid.0)
            .execute(&self.calls)
            .await?;
        Ok(())
    }

    /// Unbinds the row, unless it was bound anew. The sweeper lets go of a dataset's tasks.
    async fn lost_row(&self, lost: &BoundResource) -> Result<()> {
        let mut tx = self.begin().await?;
        let bound = lock_bound(&mut tx, lost.id.resource(), lost.uid).await?;
        if bound.is_some_and(|bound| bound.id == lost.id) {
            unbind(&mut tx, lost.id).await?;
            // A dataset that is unbound says so itself.
            if !matches!(lost.id, BoundId::Dataset(_)) {
                let event = format!("{}.deleted", lost.id.kind());
                let subject = lost.id.uuid().to_string();
                events::record(&mut tx, &event, &subject, "sweeper", serde_json::json!({})).await?;
            }
        }
        tx.commit().await?;
        Ok(())
    }
}
