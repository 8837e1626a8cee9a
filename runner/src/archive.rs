//! A zip as a folder: its entries become objects of a folder of the platform's own before any of them is a row.
//!
//! The archive is judged by its directory as a whole, so that nothing of a bad one is unpacked. An entry that is an object
//! already, of the same size, is not unpacked again: a pod that takes over goes on where the one before stood.

mod directory;
mod entry;

use datacrowd_job::{halt::Halt, platform::Platform};
use datacrowd_protocol::{
    files::{EntriesRequest, EntryPlace, MOST_ENTRIES_AT_ONCE, NamedEntry},
    run::{GenerateOpened, RunReason},
};
use futures::{StreamExt as _, TryStreamExt as _, stream};

use self::{directory::Unpacked, entry::Unpacking};
use crate::{
    calls,
    source::{Source, not_found},
};

/// Entries that are unpacked at once; each holds some megabytes.
const AT_ONCE: usize = 4;

/// Bytes that are unpacked by URLs that were asked for together; one entry may have more.
const PORTION_BYTES: u64 = 256 * 1024 * 1024;

/// What an archive is read through.
pub struct Archive<'a, S> {
    /// The platform, which says where entries go.
    pub platform: &'a Platform,
    /// For the object store.
    pub http: &'a reqwest::Client,
    /// The run.
    pub opened: &'a GenerateOpened,
    /// The archive from a byte on.
    pub source: S,
    /// Limits of trying again.
    pub retry_policy: datacrowd_job::retry::RetryPolicy,
}

impl<S: Fn(u64) -> Source> Archive<'_, S> {
    /// Unpacks what is not unpacked yet.
    ///
    /// # Errors
    /// The archive is none, or one that is refused as a whole; it or the object store is out of reach.
    pub async fn unpack(&self) -> Result<(), Halt> {
        let size = self
            .opened
            .size_bytes
            .and_then(|size| u64::try_from(size).ok())
            .ok_or_else(|| not_found(&self.opened.source_uri))?;
        let entries = directory::read(size, &self.source)
            .await
            .and_then(|entries| directory::check(entries, size).map_err(bad))?;
        tracing::info!(entries = entries.len(), "the archive is unpacked");
        for some in portions(&entries) {
            let places = self.places(some).await?;
            stream::iter(some.iter().zip(places))
                .map(|(entry, place)| self.unpack_one(entry, place))
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
        }
        Ok(())
    }

    async fn places(&self, entries: &[Unpacked]) -> Result<Vec<EntryPlace>, Halt> {
        let named = |entry: &Unpacked| NamedEntry {
            name: entry.name.clone(),
            size_bytes: i64::try_from(entry.size()).unwrap_or(i64::MAX),
        };
        let request = EntriesRequest {
            epoch: self.opened.epoch,
            entries: entries.iter().map(named).collect(),
        };
        Ok(calls::entries(self.platform, &request).await?.places)
    }

    /// Unpacks an entry, unless it has no place since it is there.
    async fn unpack_one(&self, entry: &Unpacked, place: EntryPlace) -> Result<(), Halt> {
        let Some(url) = place.url else { return Ok(()) };
        let unpacking = Unpacking {
            http: self.http,
            source: &self.source,
            retry_policy: self.retry_policy,
        };
        unpacking.run(entry, url).await
    }
}

/// Entries whose URLs are asked for together: few enough that all are used while they are good.
fn portions(entries: &[Unpacked]) -> impl Iterator<Item = &[Unpacked]> {
    let mut rest = entries;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = rest.iter().take(MOST_ENTRIES_AT_ONCE).take_while(|entry| {
            bytes += entry.size();
            bytes <= PORTION_BYTES
        });
        let (some, more) = rest.split_at(fits.count().max(1).min(rest.len()));
        rest = more;
        (!some.is_empty()).then_some(some)
    })
}

/// An archive that is refused, and nothing of it is loaded.
fn bad(why: impl std::fmt::Display) -> Halt {
    Halt::failed(
        RunReason::BadInput,
        format!(
            "The archive {why}. Nothing of it was loaded; pack it anew, and create a new Dataset."
        ),
    )
}
