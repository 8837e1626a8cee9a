//! Exports: the index row of the resource, its watermark, and the pages that its Job reads.

mod columns;
mod delete;
mod labels;
mod open;
mod pages;
mod read;
mod run;
mod upsert;

use datacrowd_protocol::{
    WireEnum,
    export::{ExportFormat, ExportTrigger},
    ids::ExportId,
    internal::{DatasetState, ProjectState},
};
use sqlx::PgConnection;

pub use open::RunParts;
pub use read::{Export, FinishedExport};
pub use upsert::ExportUpsert;

use crate::{Result, projects::from_column};

/// What the second file of an export ends in.
const WORKERS: &str = "/workers.jsonl";

/// Where the second file of an export is: beside the first.
fn workers_key(object_key: &str) -> Option<String> {
    let (folder, _) = object_key.rsplit_once('/')?;
    Some(format!("{folder}{WORKERS}"))
}

/// First files of the exports that a key may be a file of: itself, or those that it lies beside.
pub(crate) fn first_files(key: &str) -> Vec<String> {
    let beside = key.strip_suffix(WORKERS).map(|folder| {
        let of = |format: &ExportFormat| format!("{folder}/result.{}", format.extension());
        ExportFormat::ALL.iter().map(of).collect::<Vec<_>>()
    });
    std::iter::once(key.to_owned())
        .chain(beside.into_iter().flatten())
        .collect()
}

/// Has the files of an export removed from the object store, once this transaction has committed.
pub(crate) async fn delete_files(
    conn: &mut PgConnection,
    object_key: &str,
    has_workers: bool,
) -> Result<()> {
    crate::outbox::delete_object(conn, object_key).await?;
    if let Some(key) = workers_key(object_key).filter(|_| has_workers) {
        crate::outbox::delete_object(conn, &key).await?;
    }
    Ok(())
}

/// What an export still waits for; none when its trigger has fired.
async fn waiting_for(conn: &mut PgConnection, id: ExportId) -> Result<Option<String>> {
    let e = sqlx::query!(
        "select e.trigger, e.dataset_id, e.project_id, p.state from exports e join projects p on p.id = e.project_id where e.id = $1",
        id.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let trigger: ExportTrigger = from_column("export trigger", &e.trigger)?;
    let project: ProjectState = from_column("project state", &e.state)?;
    if trigger == ExportTrigger::Now || project == ProjectState::Closed {
        return Ok(None);
    }
    let open = sqlx::query!(
        "select name, state from datasets where project_id = $1 and ($2::uuid is null or id = $2) and state <> 'completed' and bound_uid is not null and gold is null and inbox is null order by id limit 5",
        e.project_id,
        e.dataset_id
    )
    .fetch_all(&mut *conn)
    .await?;
    let any = sqlx::query!(
        "select exists (select from datasets where project_id = $1 and gold is null and inbox is null) as \"any!\"",
        e.project_id
    )
    .fetch_one(conn)
    .await?;
    if open.is_empty() {
        return Ok((!any.any).then(|| "the project's first dataset".to_owned()));
    }
    let names: Vec<_> = open
        .iter()
        .map(|d| {
            let state: DatasetState = from_column("dataset state", &d.state)?;
            Ok(match state {
                DatasetState::Failed => {
                    format!("Dataset \"{}\" (failed: correct or delete it)", d.name)
                }
                _ => format!("Dataset \"{}\"", d.name),
            })
        })
        .collect::<Result<_>>()?;
    Ok(Some(format!("the completion of {}", names.join(", "))))
}
