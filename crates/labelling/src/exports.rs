//! Exports: the index row of the resource, its watermark, and the pages that its Job reads.

mod delete;
mod open;
mod pages;
mod read;
mod run;
mod upsert;

use sqlx::PgConnection;
use uuid::Uuid;

pub use open::RunParts;
pub use read::{Export, FinishedExport};
pub use upsert::ExportUpsert;

use crate::Result;

/// What an export still waits for; none when its trigger has fired.
async fn waiting_for(conn: &mut PgConnection, id: Uuid) -> Result<Option<String>> {
    let e = sqlx::query!(
        "select e.trigger, e.dataset_id, e.project_id, p.state from exports e join projects p on p.id = e.project_id where e.id = $1",
        id
    )
    .fetch_one(&mut *conn)
    .await?;
    if e.trigger == "now" || e.state == "closed" {
        return Ok(None);
    }
    let open = sqlx::query!(
        "select name, state from datasets where project_id = $1 and ($2::uuid is null or id = $2) and state <> 'completed' and bound_uid is not null order by id limit 5",
        e.project_id,
        e.dataset_id
    )
    .fetch_all(&mut *conn)
    .await?;
    let any = sqlx::query!(
        "select exists (select from datasets where project_id = $1) as \"any!\"",
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
            if d.state == "failed" {
                format!("Dataset \"{}\" (failed: correct or delete it)", d.name)
            } else {
                format!("Dataset \"{}\"", d.name)
            }
        })
        .collect();
    Ok(Some(format!("the completion of {}", names.join(", "))))
}
