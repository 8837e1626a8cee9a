//! A folder: its pages, its files, and what is unpacked into it.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use datacrowd_protocol::files::{
    Companions, EntriesRequest, EntryPlace, EntryPlaces, FilesPage, FilesRequest, ListedFile,
    NamedEntry, Selection, companions_of,
};
use serde_json::json;

use super::{Fake, Fault, problem};

/// ETag of a file of the folder.
fn etag_of(bytes: &[u8]) -> String {
    format!(
        "\"{:x}\"",
        bytes.iter().fold(bytes.len(), |sum, byte| sum * 31 % 99_991
            + usize::from(*byte))
    )
}

pub async fn files(State(fake): State<Fake>, Json(body): Json<FilesRequest>) -> Response {
    let (_, answer) = fake.enter("files").await;
    if let Some(answer) = answer {
        return answer;
    }
    let world = fake.world();
    if body.epoch != world.epoch {
        return problem(409, json!({}));
    }
    let behind = |key: &&String| body.after.as_ref().is_none_or(|after| *key > after);
    let keys: Vec<_> = world.files.keys().filter(behind).collect();
    let has_more = keys.len() > world.page;
    let page = &keys[..keys.len().min(world.page)];
    let folder = world.folder.clone().unwrap();
    let selection = Selection {
        companions: folder.companions.then_some(Companions::SameStem),
        ..Selection::default()
    };
    let patterns = selection.patterns().unwrap();
    let url = |key: &str| format!("{}/folder/{key}", world.url);
    let listed = page.iter().filter_map(|key| {
        let name = key.strip_prefix("clips/")?;
        let beside = companions_of(key);
        patterns.select(name).then(|| ListedFile {
            key: (*key).clone(),
            name: name.to_owned(),
            uri: format!("s3://bucket/{key}"),
            size_bytes: world.files[*key].len() as i64,
            etag: etag_of(&world.files[*key]),
            url: (!name.contains("..")).then(|| url(key)),
            companions: beside
                .iter()
                .filter(|_| folder.companions)
                .map(|key| url(key))
                .collect(),
        })
    });
    Json(FilesPage {
        files: listed.collect(),
        next: page.last().filter(|_| has_more).map(|key| (*key).clone()),
    })
    .into_response()
}

pub async fn entries(State(fake): State<Fake>, Json(body): Json<EntriesRequest>) -> Response {
    let (_, answer) = fake.enter("entries").await;
    if let Some(answer) = answer {
        return answer;
    }
    let world = fake.world();
    if body.epoch != world.epoch {
        return problem(409, json!({}));
    }
    let place = |entry: &NamedEntry| {
        let there = world.files.get(&format!("clips/{}", entry.name));
        let is_there = there.is_some_and(|bytes| bytes.len() as i64 == entry.size_bytes);
        EntryPlace {
            url: (!is_there).then(|| format!("{}/unpacked/{}", world.url, entry.name)),
        }
    };
    Json(EntryPlaces {
        places: body.entries.iter().map(place).collect(),
    })
    .into_response()
}

/// Takes an object whole, as an object store does, or not at all.
pub async fn unpacked(State(fake): State<Fake>, Path(name): Path<String>, body: Body) -> Response {
    let (_, answer) = fake.enter("unpacked").await;
    if let Some(answer) = answer {
        return answer;
    }
    let Ok(bytes) = axum::body::to_bytes(body, usize::MAX).await else {
        return problem(400, json!({}));
    };
    fake.world().files.insert(format!("clips/{name}"), bytes);
    StatusCode::OK.into_response()
}

pub async fn file(
    State(fake): State<Fake>,
    Path(key): Path<String>,
    headers: HeaderMap,
) -> Response {
    let (fault, answer) = fake.enter("file").await;
    if let Some(answer) = answer {
        return answer;
    }
    let bytes = fake.world().files.get(&key).cloned();
    let Some(bytes) = bytes else {
        return problem(404, json!({}));
    };
    if headers
        .get("if-match")
        .is_some_and(|etag| *etag != etag_of(&bytes)[..])
    {
        return problem(412, json!({}));
    }
    let range = headers["range"].to_str().unwrap();
    let last: usize = range.strip_prefix("bytes=0-").unwrap().parse().unwrap();
    let head = bytes.slice(..bytes.len().min(last + 1));
    let body = match fault {
        Some(Fault::CutAfter(_)) => {
            let cut = async { Err::<Bytes, _>(std::io::Error::other("cut")) };
            Body::from_stream(futures::stream::once(cut))
        }
        _ => Body::from(head),
    };
    (StatusCode::PARTIAL_CONTENT, body).into_response()
}
