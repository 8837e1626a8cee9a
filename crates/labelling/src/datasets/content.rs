//! The content of a source: what was accepted, what was read, and what lies there now. Rows are adopted
//! only by a resource whose source still holds what they were made from.

use datacrowd_protocol::{WireEnum as _, ids::DatasetId, run::SourceFound, source::SourceUri};
use sqlx::PgConnection;

use super::{
    checkpoint,
    upsert::{DatasetUpsert, stored, stored_gold},
};
use crate::{Error, Result};

/// What lies at a source, as far as the caller looked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ContentNow {
    /// Nobody looked, and perhaps nobody has to: only an adoption asks.
    #[default]
    Unseen,
    /// Nothing; what was read of it stays read.
    Gone,
    /// This object.
    Found(SourceFound),
    /// This object, and it was read: its SHA-256 in hexadecimal.
    Read {
        /// The object.
        found: SourceFound,
        /// SHA-256 in hexadecimal.
        sha256: String,
    },
}

/// An ETag that no object has: rows were loaded of an object that was not the accepted one, so no object is the one
/// that they came from.
pub(crate) const REPLACED: &str = "\"replaced\"";

/// What is known of the content that a dataset's rows were made from.
struct Known {
    etag: Option<String>,
    size_bytes: Option<i64>,
    sha256: Option<String>,
}

/// Whether an object is the one that is known.
#[derive(Debug, PartialEq, Eq)]
enum Comparison {
    Same,
    Another,
    /// The caller has to look first, and perhaps to read.
    Look {
        read: bool,
    },
}

impl Known {
    /// The ETag decides while it is the same; a copy of the same bytes may have another one, so where the bytes are
    /// known by their hash, that decides.
    fn compare(&self, now: &ContentNow) -> Comparison {
        let (found, sha256) = match now {
            ContentNow::Unseen => return Comparison::Look { read: false },
            ContentNow::Gone => return Comparison::Same,
            ContentNow::Found(found) => (found, None),
            ContentNow::Read { found, sha256 } => (found, Some(sha256)),
        };
        let Some(etag) = &self.etag else {
            return Comparison::Same;
        };
        if etag == REPLACED {
            return Comparison::Another;
        }
        let other_size = self.size_bytes.is_some_and(|size| size != found.size_bytes);
        match (&self.sha256, sha256) {
            (Some(known), Some(sha256)) if known == sha256 => Comparison::Same,
            (_, Some(_)) => Comparison::Another,
            _ if *etag == found.etag && !other_size => Comparison::Same,
            (Some(_), None) if !other_size => Comparison::Look { read: true },
            _ => Comparison::Another,
        }
    }
}

/// Whether a source would be read as it was, if anything of it was. A delimiter that was found is as good as one that
/// is named.
///
/// # Errors
/// The database failed.
pub(super) async fn is_read_alike(
    conn: &mut PgConnection,
    dataset: DatasetId,
    up: &DatasetUpsert,
) -> Result<bool> {
    let d = sqlx::query!(
        "select checkpoint, source_format, delimiter, encoding, multiline, selection, gold from datasets where id = $1",
        dataset.0
    )
    .fetch_one(conn)
    .await?;
    let checkpoint = checkpoint(d.checkpoint)?;
    if checkpoint.next_row <= 1 {
        return Ok(true);
    }
    let found = checkpoint.dialect.and_then(|dialect| dialect.delimiter);
    let delimiter = d.delimiter == up.delimiter.column() || found == Some(up.delimiter);
    Ok(delimiter
        && d.source_format == up.format.column()
        && d.encoding == up.encoding.column()
        && d.multiline == up.multiline
        && d.selection == stored(up.selection.as_ref())
        && d.gold == stored_gold(up.gold.as_ref()))
}

/// Whether a source holds what a dataset's rows were made from.
///
/// # Errors
/// [`Error::ContentUnseen`] while the caller has to look first; or the database failed.
pub(super) async fn is_same(
    conn: &mut PgConnection,
    dataset: DatasetId,
    now: &ContentNow,
) -> Result<bool> {
    let d = sqlx::query!(
        "select checkpoint, source_etag, source_size, sha256, own_credentials or right(source_path, 1) = '/' as \"unseen!\" from datasets where id = $1",
        dataset.0
    )
    .fetch_one(&mut *conn)
    .await?;
    let was_read = checkpoint(d.checkpoint)?.next_row > 1 || d.sha256.is_some();
    // Only the tenant's keys could look into a bucket of its own; and each file of a folder has an ETag in its row.
    if d.unseen || !was_read {
        return Ok(true);
    }
    let known = Known {
        etag: d.source_etag,
        size_bytes: d.source_size,
        sha256: d.sha256,
    };
    match known.compare(now) {
        Comparison::Look { read } => Err(Error::ContentUnseen { read }),
        Comparison::Another => Ok(false),
        Comparison::Same => {
            // The same bytes under another ETag: a run that goes on asks for the one they have now.
            if let ContentNow::Read { found, .. } = now {
                sqlx::query!(
                    "update datasets set source_etag = $2 where id = $1",
                    dataset.0,
                    found.etag
                )
                .execute(conn)
                .await?;
            }
            Ok(true)
        }
    }
}

/// Pins a new dataset to what its upload was accepted as, when its source is one. The upload is the dataset's from
/// then on, also where who began it died before saying so: nobody gives it up. A folder that was uploaded is, by whatever
/// of it the source names.
///
/// # Errors
/// The database failed.
pub(super) async fn pin_upload(
    conn: &mut PgConnection,
    dataset: DatasetId,
    source: &str,
) -> Result<()> {
    let is_folder = source.ends_with('/');
    let Ok(uri) = SourceUri::parse(source.trim_end_matches('/')) else {
        return Ok(());
    };
    let key = match is_folder {
        true => format!("{}/", uri.key),
        false => uri.key,
    };
    sqlx::query!(
        "with pinned as (
             update datasets d set source_etag = u.etag, source_size = u.size_bytes, sha256 = u.sha256 from uploads u
             where d.id = $1 and not d.own_credentials and u.object_key = $2 and u.tenant_id = d.tenant_id and u.sha256 is not null
             returning u.id)
         update uploads set state = 'done' where state = 'open'
         and (id in (select id from pinned)
              or right(object_key, 1) = '/' and starts_with($2, object_key) and tenant_id = (select tenant_id from datasets where id = $1))",
        dataset.0,
        key
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_contents_holds() {
        let found = |etag: &str, size_bytes| SourceFound {
            etag: etag.to_owned(),
            size_bytes,
        };
        let seen = |etag: &str, size| ContentNow::Found(found(etag, size));
        let read = |etag: &str, size, sha256: &str| ContentNow::Read {
            found: found(etag, size),
            sha256: sha256.to_owned(),
        };
        let known = |etag: Option<&str>, sha256: Option<&str>| Known {
            etag: etag.map(str::to_owned),
            size_bytes: Some(3),
            sha256: sha256.map(str::to_owned),
        };
        let (by_etag, by_hash) = (known(Some("e"), None), known(Some("e"), Some("h")));
        let table = [
            (
                &by_etag,
                ContentNow::Unseen,
                Comparison::Look { read: false },
            ),
            (&by_etag, ContentNow::Gone, Comparison::Same),
            (&by_etag, seen("e", 3), Comparison::Same),
            (&by_etag, seen("f", 3), Comparison::Another),
            (&by_etag, seen("e", 4), Comparison::Another),
            (&by_hash, seen("e", 3), Comparison::Same),
            // A copy, perhaps: only its bytes tell.
            (&by_hash, seen("f", 3), Comparison::Look { read: true }),
            (&by_hash, seen("f", 4), Comparison::Another),
            (&by_hash, read("f", 3, "h"), Comparison::Same),
            (&by_hash, read("f", 3, "i"), Comparison::Another),
            (&by_etag, read("e", 3, "h"), Comparison::Another),
            (&known(None, None), seen("e", 3), Comparison::Same),
            (
                &known(Some(REPLACED), Some("h")),
                read("e", 3, "h"),
                Comparison::Another,
            ),
        ];
        for (known, now, expected) in table {
            assert_eq!(known.compare(&now), expected, "{now:?}");
        }
    }
}
