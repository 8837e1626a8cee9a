//! Removes uploads that a crash left behind.

use anyhow::bail;
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_labelling::{Labelling, StaleUpload};

use crate::objects::Objects;

/// How long after its first byte an upload that nobody finished is given up.
const UPLOAD_TIMEOUT: TimeDelta = TimeDelta::hours(24);

/// Gives up all of them. One that stays does not hold up the others.
pub(super) async fn run(
    core: &Labelling,
    objects: &Objects,
    now: DateTime<Utc>,
) -> anyhow::Result<u32> {
    loop {
        let stale = core.uploads_stale(now - UPLOAD_TIMEOUT).await?;
        let mut stayed = 0;
        for upload in &stale {
            if removed(objects, upload).await {
                core.upload_close(upload.id, false).await?;
            } else {
                stayed += 1;
            }
        }
        match (stale.len(), stayed) {
            (0, _) => break,
            // Those that stay fill the page: nothing behind them would be seen.
            (all, stayed) if stayed == all => {
                bail!("{stayed} forgotten uploads cannot be removed from the object store")
            }
            _ => {}
        }
    }
    abort_left(core, objects).await?;
    Ok(0)
}

/// Gives up files that were to arrive in several requests and did not, before their folder became a dataset's or was
/// given up.
async fn abort_left(core: &Labelling, objects: &Objects) -> anyhow::Result<()> {
    loop {
        let left = core.upload_files_left().await?;
        if left.is_empty() {
            return Ok(());
        }
        for file in &left {
            if let Some(object) = objects.written(&file.object_key) {
                objects.multipart_abort(&object, &file.multipart).await?;
            }
            core.upload_file_forget(file.id).await?;
        }
    }
}

async fn removed(objects: &Objects, upload: &StaleUpload) -> bool {
    let aborted = match (&upload.multipart, objects.written(&upload.object_key)) {
        (Some(multipart), Some(object)) => {
            objects.multipart_abort(&object, multipart).await.is_ok()
        }
        _ => true,
    };
    aborted && objects.delete_written(&upload.object_key).await.is_ok()
}
