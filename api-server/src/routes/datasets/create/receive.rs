//! One file on its way to the object store: looked at as it arrives, and gone again when the request ends before it did.

use bytes::BytesMut;
use datacrowd_labelling::{Accepted, ProjectHead};
use datacrowd_protocol::{
    files::Selection,
    ids::UploadId,
    object::PlatformObject,
    source::{TableFormat, is_archive},
};
use datacrowd_records::Head;
use futures::{StreamExt, stream};
use uuid::Uuid;

use super::wanted::labeling_of;
use crate::{
    error::{ApiError, ApiResult, Code},
    folder,
    source_head::{self, Written, head_bytes},
    state::App,
    upload_form::File,
};

/// A file that arrived whole.
pub struct Arrived {
    pub id: UploadId,
    pub object: PlatformObject,
    pub file_name: String,
    pub kind: Kind,
    pub sha256: String,
}

/// What a file is, by its name and its first bytes.
pub enum Kind {
    /// Rows.
    Table {
        format: TableFormat,
        written: Written,
        head: Head,
    },
    /// A folder that is packed.
    Archive,
}

impl Kind {
    /// Looks at the first bytes, which it gives back; of a file of another name it reads none.
    async fn of(
        app: &App,
        project: &ProjectHead,
        written: Written,
        file: &mut File<'_>,
    ) -> ApiResult<(Self, BytesMut)> {
        if is_archive(&file.name) {
            written.refuse_any()?;
            let (begin, _) = beginning(file).await?;
            folder::is_packed("file", &begin)?;
            let labeling = labeling_of(app, project).await?;
            folder::fits("file", labeling.as_ref(), &Selection::default())?;
            return Ok((Self::Archive, begin));
        }
        let format = TableFormat::from_extension(&file.name).ok_or_else(|| {
            ApiError::saying(Code::UnsupportedMediaType, "The file's name must end in .csv or .jsonl, or in one of these and .gz or .zst; or in .zip, when it is a folder of files.")
        })?;
        let (begin, whole) = beginning(file).await?;
        let labeling = labeling_of(app, project).await?;
        let head = source_head::check("file", &begin, whole, format, written, labeling.as_ref())?;
        let table = Self::Table {
            format,
            written,
            head,
        };
        Ok((table, begin))
    }

    fn extension(&self) -> &'static str {
        match self {
            Self::Table { format, .. } => format.extension(),
            Self::Archive => "zip",
        }
    }
}

/// Removes what was written when the request ends before the file did: also when the client goes away.
pub struct Abort {
    app: App,
    id: UploadId,
    object: PlatformObject,
    multipart: String,
    /// Whether what was written goes when this does.
    pub armed: bool,
}

impl Drop for Abort {
    fn drop(&mut self) {
        if !self.armed {
            return;
        }
        let (app, id, object, multipart) = (
            self.app.clone(),
            self.id,
            self.object.clone(),
            std::mem::take(&mut self.multipart),
        );
        tokio::spawn(async move {
            // What fails here is found by the sweeper: the row stays open.
            if app
                .objects
                .multipart_abort(&object, &multipart)
                .await
                .is_ok()
                && app.objects.delete(&object).await.is_ok()
            {
                let _ = app.core.upload_close(id, false).await;
            }
        });
    }
}

impl Abort {
    /// Begins an upload below the project's own prefix, and notes it.
    async fn begin(app: &App, project: &ProjectHead, kind: &Kind) -> ApiResult<Self> {
        let id = UploadId(Uuid::now_v7());
        let key = format!(
            "{}/datasets/{id}/source.{}",
            project.namespace,
            kind.extension()
        );
        let object = app.objects.bucket().at(&project.namespace, &key);
        let object = object.ok_or_else(ApiError::not_found)?;
        let multipart = app
            .objects
            .multipart_begin(&object, "application/octet-stream")
            .await?;
        let begun = Self {
            app: app.clone(),
            id,
            object,
            multipart,
            armed: true,
        };
        app.core
            .upload_open(id, project.tenant, &key, Some(&begun.multipart))
            .await?;
        Ok(begun)
    }
}

/// Streams one file to the object store.
pub async fn receive(
    app: &App,
    project: &ProjectHead,
    written: Written,
    mut file: File<'_>,
) -> ApiResult<(Arrived, Abort)> {
    let (kind, begin) = Kind::of(app, project, written, &mut file).await?;
    let abort = Abort::begin(app, project, &kind).await?;
    let file_name = file.name.clone();
    let pieces = stream::iter([Ok(begin.freeze())]).chain(file.rest());
    let stored = app
        .objects
        .receive(&abort.object, &abort.multipart, pieces)
        .await?;
    let accepted = Accepted {
        etag: stored.etag,
        size_bytes: stored.size_bytes,
        sha256: stored.sha256,
    };
    app.core.upload_accepted(abort.id, &accepted).await?;
    let arrived = Arrived {
        id: abort.id,
        object: abort.object.clone(),
        file_name,
        kind,
        sha256: accepted.sha256,
    };
    Ok((arrived, abort))
}

/// What is looked at of a file before any of it is stored, and whether that is all of it.
async fn beginning(file: &mut File<'_>) -> ApiResult<(BytesMut, bool)> {
    let mut begin = BytesMut::new();
    while begin.len() < head_bytes(&begin) {
        match file.chunk().await? {
            Some(chunk) => begin.extend_from_slice(&chunk),
            None => return Ok((begin, true)),
        }
    }
    Ok((begin, false))
}
