//! Folders of the platform's bucket: where the files of a dataset are, and which of them are rows.

use datacrowd_labelling::unpacked;
use datacrowd_protocol::{
    files::{Patterns, Selection, lacking},
    ids::DatasetId,
    labeling::Labeling,
    object::{Origin, PlatformFolder},
    source::is_archive,
};

use crate::{
    error::{ApiError, ApiResult},
    objects::Listed,
    state::App,
};

/// Pages that are looked through for a first file. What lies deeper, the run finds.
const PAGES: usize = 10;

/// A file that is a row.
#[derive(Debug)]
pub struct Selected {
    /// Its path below the folder.
    pub name: String,
    pub object: Listed,
}

/// What one page of a folder has of use, in the order of keys.
#[derive(Debug)]
pub struct Page {
    pub files: Vec<Selected>,
    /// The last key that was looked at; none when it was the folder's last one.
    pub next: Option<String>,
}

/// Where the files of a dataset are that is a folder: the source itself, or what this version of an archive is unpacked
/// into.
pub fn of_dataset(
    app: &App,
    namespace: &str,
    source_uri: &str,
    dataset: DatasetId,
    etag: Option<&str>,
) -> Option<PlatformFolder> {
    match is_archive(source_uri) {
        true => app
            .objects
            .written_folder(&unpacked(namespace, dataset, etag?)),
        false => {
            let origin = app.objects.bucket().origin(namespace, source_uri, false);
            origin.ok().and_then(Origin::folder)
        }
    }
}

/// Refuses a folder as a whole where no file of it can have what the project needs; `member` is what the client named it in.
pub fn fits(member: &str, labeling: Option<&Labeling>, selection: &Selection) -> ApiResult<()> {
    let required = labeling.map(Labeling::required_columns).unwrap_or_default();
    match lacking(&required, selection.companions.is_some()) {
        Some(why) => Err(ApiError::invalid_member(member, why)),
        None => Ok(()),
    }
}

/// The patterns of a request.
pub fn patterns(selection: &Selection) -> ApiResult<Patterns> {
    selection
        .patterns()
        .map_err(|refused| ApiError::invalid_member(refused.member, refused.why))
}

/// The patterns of a dataset, which were read when it was accepted.
pub fn accepted(selection: &Selection) -> ApiResult<Patterns> {
    selection.patterns().map_err(|e| ApiError::internal(&e))
}

/// Refuses what does not begin as a zip does.
pub fn is_packed(member: &str, begin: &[u8]) -> ApiResult<()> {
    match begin.starts_with(b"PK\x03\x04") {
        true => Ok(()),
        false => Err(ApiError::invalid_member(
            member,
            "is no zip, or an empty one; pack the folder anew",
        )),
    }
}

/// The files behind a key.
pub async fn page(
    app: &App,
    folder: &PlatformFolder,
    patterns: &Patterns,
    after: Option<&str>,
) -> ApiResult<Page> {
    let page = app.objects.list(folder, after).await?;
    let last = page.objects.last().map(|object| object.key.clone());
    let selected = page.objects.into_iter().filter_map(|object| {
        let name = object.key.strip_prefix(folder.prefix())?.to_owned();
        patterns.select(&name).then_some(Selected { name, object })
    });
    Ok(Page {
        files: selected.collect(),
        next: last.filter(|_| page.has_more),
    })
}

/// The first files, `most` of them; fewer when there are not so many among the first keys.
pub async fn first(
    app: &App,
    folder: &PlatformFolder,
    patterns: &Patterns,
    most: usize,
) -> ApiResult<Vec<Selected>> {
    let (mut files, mut after) = (Vec::new(), None);
    for _ in 0..PAGES {
        let page = page(app, folder, patterns, after.as_deref()).await?;
        files.extend(page.files);
        after = page.next;
        if files.len() >= most || after.is_none() {
            break;
        }
    }
    files.truncate(most);
    Ok(files)
}
