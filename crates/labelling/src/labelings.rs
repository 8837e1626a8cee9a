//! Labelings by project and version: a version never changes once it is stored.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use datacrowd_protocol::{ids::ProjectId, labeling::Labeling};
use sqlx::PgConnection;

use crate::{Error, Labelling, Result};

/// Labelings remembered; more than projects are worked on at one time.
const CAPACITY: usize = 10_000;

/// Labelings that answers were checked against.
#[derive(Debug, Default)]
pub(crate) struct LabelingCache {
    known: RwLock<HashMap<(ProjectId, i32), Arc<Labeling>>>,
}

impl LabelingCache {
    fn get(&self, project: ProjectId, version: i32) -> Option<Arc<Labeling>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.get(&(project, version)).cloned()
    }

    /// Remembers a labeling, and forgets all others once there are too many.
    fn put(&self, project: ProjectId, version: i32, labeling: Labeling) -> Arc<Labeling> {
        let labeling = Arc::new(labeling);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert((project, version), Arc::clone(&labeling));
        labeling
    }
}

impl Labelling {
    /// A version of a project's labeling, remembered; none where there is no such version.
    pub(crate) async fn labeling(
        &self,
        project: ProjectId,
        version: i32,
    ) -> Result<Option<Arc<Labeling>>> {
        if let Some(known) = self.labelings.get(project, version) {
            return Ok(Some(known));
        }
        let row = sqlx::query!(
            "select labeling as \"labeling: sqlx::types::Json<Labeling>\" from labeling_versions where project_id = $1 and version = $2",
            project.0,
            version
        )
        .fetch_optional(&self.calls)
        .await?;
        Ok(row.map(|row| self.labelings.put(project, version, row.labeling.0)))
    }
}

/// The labeling that is in force; none until one was accepted.
pub(crate) async fn in_force(
    conn: &mut PgConnection,
    project: ProjectId,
) -> Result<Option<Labeling>> {
    let labeling = sqlx::query_scalar!(
        "select l.labeling from projects p join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
         where p.id = $1",
        project.0
    )
    .fetch_optional(conn)
    .await?;
    labeling
        .map(serde_json::from_value)
        .transpose()
        .map_err(|_| Error::Corrupt { what: "labeling" })
}
