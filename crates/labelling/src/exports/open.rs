//! A pod opens an exporting run; the first one takes the watermark and the columns.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    export::{ExportColumns, ExportFormat, RowPer},
    ids::{ExportId, ProjectId, RunId},
};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Error, Labelling, Refusal, Result, approvals::take_watermark, projects::from_column, runs::hold,
};

/// What an exporting run needs, and where its parts go.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "protocol::run::ExportOpened documents them")]
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
        let mut tx = self.pool.begin().await?;
        // Locked first, read afterwards: what a join read before it waited is old, such as the run's outcome.
        sqlx::query!(
            "select e.id from runs r join exports e on e.id = r.target_id where r.id = $1 and r.kind = 'export' for update of e",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let r = sqlx::query!(
            "select r.target_id, r.uid, r.outcome, e.bound_uid, e.namespace, e.project_id, e.dataset_id, e.state, e.format, e.row_per, e.raw_cells, e.bom, e.watermark,
                    e.columns, e.multipart_id
             from runs r join exports e on e.id = r.target_id where r.id = $1 and r.kind = 'export'",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?
        .ok_or(Refusal::Tombstoned)?;
        if r.bound_uid != Some(r.uid) {
            return Err(Refusal::Tombstoned.into());
        }
        let completed = r.outcome.is_some() || matches!(r.state.as_str(), "ready" | "expired");
        let epoch = if completed {
            0
        } else {
            hold(&mut tx, r.target_id, run, pod, now).await?
        };
        let format: ExportFormat = from_column("export format", &r.format)?;
        let object_key = format!(
            "{}/exports/{}/result.{}",
            r.namespace,
            r.target_id,
            format.extension()
        );
        let (watermark, columns) = match (r.watermark, r.columns) {
            (Some(watermark), Some(columns)) => (
                watermark,
                serde_json::from_value(columns).map_err(|_| Error::Corrupt {
                    what: "export columns",
                })?,
            ),
            _ => {
                let watermark = take_watermark(&mut tx, ProjectId(r.project_id)).await?;
                let columns = columns_at(&mut tx, r.project_id, r.dataset_id).await?;
                let stored = serde_json::to_value(&columns).map_err(|_| Error::Corrupt {
                    what: "export columns",
                })?;
                sqlx::query!(
                    "update exports set watermark = $2, columns = $3 where id = $1",
                    r.target_id,
                    watermark,
                    stored
                )
                .execute(&mut *tx)
                .await?;
                (watermark, columns)
            }
        };
        sqlx::query!(
            "update exports set object_key = $2 where id = $1",
            r.target_id,
            object_key
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(RunParts {
            export: ExportId(r.target_id),
            epoch,
            completed,
            format,
            row_per: from_column("row per", &r.row_per)?,
            raw_cells: r.raw_cells,
            bom: r.bom,
            watermark,
            columns,
            object_key,
            multipart: r.multipart_id,
        })
    }
}

/// The columns of a CSV: those of the sources in their own order, the oldest source first; the answers'
/// fields sorted, with what could be chosen in them.
async fn columns_at(
    conn: &mut PgConnection,
    project: Uuid,
    dataset: Option<Uuid>,
) -> Result<ExportColumns> {
    let source = sqlx::query!(
        "select c.name as \"name!\" from datasets d
         cross join lateral (
             select h.name, h.nth from jsonb_array_elements_text(d.checkpoint->'header') with ordinality as h (name, nth)
             where jsonb_typeof(d.checkpoint->'header') = 'array'
             union all
             select k.name, coalesce(s.nth, 1000000) from (
                 select distinct jsonb_object_keys(t.payload) as name from tasks t
                 where t.dataset_id = d.id and coalesce(jsonb_typeof(d.checkpoint->'header'), 'null') <> 'array') k
             left join jsonb_array_elements_text(d.checkpoint->'columns') with ordinality as s (name, nth) on s.name = k.name) c
         where d.project_id = $1 and ($2::uuid is null or d.id = $2)
         order by d.id, c.nth, c.name",
        project,
        dataset
    )
    .fetch_all(&mut *conn)
    .await?;
    let fields = sqlx::query!(
        "select f.field->>'name' as \"name!\", f.field->'options' as options from labeling_versions l
         cross join lateral jsonb_array_elements(l.labeling->'fields') f (field)
         where l.project_id = $1 order by 1, l.version desc",
        project
    )
    .fetch_all(conn)
    .await?;
    let mut columns = ExportColumns::default();
    let mut known = HashSet::new();
    for row in source {
        if known.insert(row.name.clone()) {
            columns.source.push(row.name);
        }
    }
    for field in fields {
        if columns.answer.last() != Some(&field.name) {
            columns.answer.push(field.name.clone());
        }
        // The newest version's order comes first; what only older ones named follows.
        let options: Vec<String> = field
            .options
            .and_then(|options| serde_json::from_value(options).ok())
            .unwrap_or_default();
        let all = columns.options.entry(field.name).or_default();
        all.extend(
            options
                .into_iter()
                .filter(|option| !all.contains(option))
                .collect::<Vec<_>>(),
        );
    }
    columns.options.retain(|_, options| !options.is_empty());
    Ok(columns)
}
