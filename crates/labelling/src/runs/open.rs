//! A pod opens a generating run: it takes the hold, and pins the source it found.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    chunk::Checkpoint,
    files::{FILE_COLUMN, FolderOpened},
    ids::{DatasetId, ProjectId, RunId},
    internal::DatasetState,
    labeling::Labeling,
    run::SourceFound,
    source::{Delimiter, Encoding, SourceFormat},
};
use sqlx::PgConnection;

use super::hold;
use crate::{
    Error, Labelling, Refusal, Result,
    datasets::{checkpoint, gold_columns, selection},
    projects::from_column,
};

/// What a generating runner gets; the API server adds the presigned URL.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "protocol::run::GenerateOpened documents them")]
pub struct GenerateRun {
    pub epoch: i64,
    pub completed: bool,
    pub dataset: DatasetId,
    pub project: ProjectId,
    pub source_uri: String,
    pub own_credentials: bool,
    pub etag: Option<String>,
    pub size_bytes: Option<i64>,
    pub sha256: Option<String>,
    pub format: SourceFormat,
    pub batch_size: i32,
    pub max_invalid_rows: i64,
    pub required_columns: Vec<String>,
    pub main_column: Option<String>,
    pub delimiter: Delimiter,
    pub encoding: Encoding,
    pub multiline: bool,
    pub folder: Option<FolderOpened>,
    pub checkpoint: Checkpoint,
}

impl GenerateRun {
    /// Whether the run may take the object that lies there now: nothing was accepted, and nothing read.
    #[must_use]
    pub fn takes_what_is_there(&self) -> bool {
        let accepted = self.sha256.is_some() && self.etag.is_some();
        !accepted && self.checkpoint.next_row <= 1
    }

    /// Whether rows were loaded of a source that is known: no other one may take its place.
    fn is_pinned(&self) -> bool {
        self.checkpoint.next_row > 1 && self.etag.is_some()
    }
}

impl Labelling {
    /// A pod takes a generating run over: the epoch rises, so that whoever held it writes no more.
    ///
    /// # Errors
    /// `run_held` while another pod is alive, `tombstoned` when the dataset is gone; or the database failed.
    pub async fn generate_open(
        &self,
        run: RunId,
        pod: &str,
        source: Option<&SourceFound>,
        now: DateTime<Utc>,
    ) -> Result<GenerateRun> {
        let mut tx = self.begin().await?;
        // Locked first, read afterwards: what a join read before it waited is old, such as the run's outcome.
        sqlx::query!(
            "select d.id from runs r join datasets d on d.id = r.target_id where r.id = $1 and r.kind = 'generate' for update of d",
            run.0
        )
        .fetch_optional(&mut *tx)
        .await?;
        let mut opened = read(&mut tx, run).await?;
        if !opened.completed {
            opened.epoch = hold(&mut tx, opened.dataset, run, pod, now).await?;
            if let Some(found) = source
                && !opened.is_pinned()
            {
                pin(&mut tx, opened.dataset, found).await?;
                opened.etag = Some(found.etag.clone());
                opened.size_bytes = Some(found.size_bytes);
            }
        }
        tx.commit().await?;
        Ok(opened)
    }
}

/// A run as it stands, before a pod holds it.
async fn read(conn: &mut PgConnection, run: RunId) -> Result<GenerateRun> {
    let r = sqlx::query!(
        "select r.target_id, r.uid, r.outcome, d.bound_uid, d.project_id, d.source_path, d.source_format, d.own_credentials, d.batch_size,
                    d.max_invalid_rows, d.delimiter, d.encoding, d.multiline, d.selection, d.gold, d.checkpoint, d.source_etag, d.source_size, d.sha256, d.tasks_created, d.state, l.labeling
             from runs r join datasets d on d.id = r.target_id join projects p on p.id = d.project_id
             join labeling_versions l on l.project_id = p.id and l.version = p.labeling_version
             where r.id = $1 and r.kind = 'generate'",
        run.0
    )
    .fetch_optional(conn)
    .await?
    .ok_or(Refusal::Tombstoned)?;
    if r.bound_uid != Some(r.uid) {
        return Err(Refusal::Tombstoned.into());
    }
    let state = from_column("dataset state", &r.state)?;
    let labeling: Labeling =
        serde_json::from_value(r.labeling).map_err(|_| Error::Corrupt { what: "labeling" })?;
    let mut required = labeling.required_columns();
    if let Some(gold) = gold_columns(r.gold)? {
        // The explanation may be missing where there is nothing to explain, but not its column.
        required.extend(gold.all().cloned());
        // The id of the task in whose place it stands is shown.
        required.retain(|column| Some(column) != labeling.external_id_column.as_ref());
    }
    Ok(GenerateRun {
        epoch: 0,
        completed: r.outcome.is_some()
            || matches!(state, DatasetState::Ready | DatasetState::Completed),
        dataset: DatasetId(r.target_id),
        project: ProjectId(r.project_id),
        source_uri: r.source_path,
        own_credentials: r.own_credentials,
        etag: r.source_etag,
        size_bytes: r.source_size,
        sha256: r.sha256,
        format: from_column("source format", &r.source_format)?,
        batch_size: r.batch_size,
        max_invalid_rows: r.max_invalid_rows,
        required_columns: required,
        main_column: labeling.main_column().map(str::to_owned),
        delimiter: from_column("delimiter", &r.delimiter)?,
        encoding: from_column("encoding", &r.encoding)?,
        multiline: r.multiline,
        folder: selection(r.selection)?.map(|selection| FolderOpened {
            shown: labeling
                .display
                .iter()
                .find(|shown| shown.column == FILE_COLUMN)
                .map(|shown| shown.kind),
            companions: selection.companions.is_some(),
        }),
        checkpoint: checkpoint(r.checkpoint)?,
    })
}

async fn pin(conn: &mut PgConnection, dataset: DatasetId, found: &SourceFound) -> Result<()> {
    sqlx::query!(
        "update datasets set source_etag = $2, source_size = $3 where id = $1",
        dataset.0,
        found.etag,
        found.size_bytes
    )
    .execute(conn)
    .await?;
    Ok(())
}
