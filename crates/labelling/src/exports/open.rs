//! A pod opens an exporting run; the first one takes the watermark and the columns.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    export::{ExportColumns, ExportConsensus, ExportFormat, RowPer},
    ids::{DatasetId, ExportId, ProjectId, RunId},
    internal::ExportState,
};
use serde::Deserialize;
use sqlx::{PgConnection, types::Json};
use uuid::Uuid;

use super::columns::{columns_at, models_of};
use crate::{
    Error, Labelling, Refusal, Result, approvals::take_watermark, labelings::in_force,
    projects::from_column, runs::hold,
};

/// What an exporting run needs, and where its parts go.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "protocol::run::ExportOpened documents them")]
pub struct RunParts {
    pub export: ExportId,
    pub epoch: i64,
    pub completed: bool,
    pub format: ExportFormat,
    pub row_per: RowPer,
    pub raw_cells: bool,
    pub bom: bool,
    pub watermark: i64,
    pub columns: ExportColumns,
    pub consensus: Option<ExportConsensus>,
    pub object_key: String,
    pub multipart: Option<String>,
}

impl Labelling {
    /// A pod takes an exporting run over. The first one to do so takes the watermark, after every approval
    /// that is under way.
    ///
    /// # Errors
    /// `run_held`, `tombstoned`; or the database failed.
    pub async fn export_open(&self, run: RunId, pod: &str, now: DateTime<Utc>) -> Result<RunParts> {
        let mut tx = self.begin().await?;
        let row = lock(&mut tx, run).await?;
        let state: ExportState = from_column("export state", &row.state)?;
        let completed =
            row.outcome.is_some() || matches!(state, ExportState::Ready | ExportState::Expired);
        let epoch = if completed {
            0
        } else {
            hold(&mut tx, row.target_id, run, pod, now).await?
        };
        let format: ExportFormat = from_column("export format", &row.format)?;
        let object_key = row.object_key(format);
        let row_per = from_column("row per", &row.row_per)?;
        let contents = row.contents(&mut tx, row_per).await?;
        sqlx::query!(
            "update exports set object_key = $2 where id = $1",
            row.target_id.0,
            object_key
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(RunParts {
            export: row.target_id,
            epoch,
            completed,
            format,
            row_per,
            raw_cells: row.raw_cells,
            bom: row.bom,
            watermark: contents.watermark,
            columns: contents.columns,
            consensus: contents.consensus,
            object_key,
            multipart: row.multipart_id,
        })
    }
}

/// What an export contains: the first pod takes it, those after it find it.
struct Contents {
    watermark: i64,
    columns: ExportColumns,
    consensus: Option<ExportConsensus>,
}

/// A run, and the export that it writes.
struct Row {
    target_id: ExportId,
    uid: Uuid,
    outcome: Option<String>,
    bound_uid: Option<Uuid>,
    namespace: String,
    project_id: ProjectId,
    dataset_id: Option<Uuid>,
    state: String,
    format: String,
    row_per: String,
    raw_cells: bool,
    bom: bool,
    predictions: bool,
    watermark: Option<i64>,
    columns: Option<serde_json::Value>,
    consensus: Option<Json<ExportConsensus>>,
    multipart_id: Option<String>,
}

impl Row {
    fn object_key(&self, format: ExportFormat) -> String {
        format!(
            "{}/exports/{}/result.{}",
            self.namespace,
            self.target_id,
            format.extension()
        )
    }

    async fn contents(&self, conn: &mut PgConnection, row_per: RowPer) -> Result<Contents> {
        if let (Some(watermark), Some(columns)) = (self.watermark, &self.columns) {
            let columns = ExportColumns::deserialize(columns).map_err(|_| Error::Corrupt {
                what: "export columns",
            })?;
            return Ok(Contents {
                watermark,
                columns,
                consensus: self.consensus.clone().map(|Json(consensus)| consensus),
            });
        }
        let consensus = match row_per {
            RowPer::Task => consensus_of(conn, self.project_id).await?,
            RowPer::Answer => None,
        };
        let contents = Contents {
            watermark: take_watermark(conn, self.project_id).await?,
            columns: ExportColumns {
                predictions: match self.predictions {
                    true => models_of(conn, self.project_id).await?,
                    false => Vec::new(),
                },
                ..columns_at(conn, self.project_id, self.dataset_id.map(DatasetId)).await?
            },
            consensus,
        };
        let stored = serde_json::to_value(&contents.columns).map_err(|_| Error::Corrupt {
            what: "export columns",
        })?;
        sqlx::query!(
            "update exports set watermark = $2, columns = $3, consensus = $4 where id = $1",
            self.target_id.0,
            contents.watermark,
            stored,
            contents.consensus.as_ref().map(Json) as Option<Json<&ExportConsensus>>
        )
        .execute(conn)
        .await?;
        Ok(contents)
    }
}

/// How the project's present labeling makes one label of many answers, where it does.
async fn consensus_of(
    conn: &mut PgConnection,
    project: ProjectId,
) -> Result<Option<ExportConsensus>> {
    let labeling = in_force(conn, project).await?;
    let consensus = labeling.and_then(|labeling| labeling.consensus);
    Ok(consensus.map(|consensus| ExportConsensus {
        method: consensus.method(),
        field: consensus.field,
        workers: true,
    }))
}

/// The run with its export, which is locked; refuses what the resource no longer speaks for.
async fn lock(conn: &mut PgConnection, run: RunId) -> Result<Row> {
    // Locked first, read afterwards: what a join read before it waited is old, such as the run's outcome.
    sqlx::query!(
        "select e.id from runs r join exports e on e.id = r.target_id where r.id = $1 and r.kind = 'export' for update of e",
        run.0
    )
    .fetch_optional(&mut *conn)
    .await?;
    let row = sqlx::query_as!(
        Row,
        "select r.target_id, r.uid, r.outcome, e.bound_uid, e.namespace, e.project_id, e.dataset_id, e.state, e.format, e.row_per, e.raw_cells, e.bom, e.predictions, e.watermark,
                    e.columns, e.consensus as \"consensus: Json<ExportConsensus>\", e.multipart_id
             from runs r join exports e on e.id = r.target_id where r.id = $1 and r.kind = 'export'",
        run.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::Tombstoned)?;
    if row.bound_uid == Some(row.uid) {
        Ok(row)
    } else {
        Err(Refusal::Tombstoned.into())
    }
}
