//! Folders of the platform's bucket: which of their files are rows.

use datacrowd_protocol::{files::Patterns, object::PlatformFolder};

use crate::{error::ApiResult, objects::Listed, state::App};

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
