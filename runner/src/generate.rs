//! A generating run: source → records → chunks → platform. A source is a file of rows, or a folder of files.
//!
//! The platform's checkpoint is the only memory: what this pod knows beyond it may be lost at any moment.
//! While a chunk is loaded, the next one is sent, all but its end, and the one after it is cut.

mod begin;
mod load;

use std::sync::Arc;

use datacrowd_job::{
    halt::{Counts, End, Halt},
    platform::PlatformError,
    session::{Finished, MOST_TAKEOVERS, fought_over},
};
use datacrowd_protocol::{
    chunk::Checkpoint,
    files::FolderOpened,
    run::{GenerateOpened, RunReason},
};

use self::{
    begin::{begin, counts_at, position, refusals, source},
    load::load,
};
use crate::{
    Session,
    archive::Archive,
    folder::Folder,
    source::{Digest, Location, OwnBucket},
    unpack::begins_packed,
};

/// Runs to the end, opening again whenever the run was lost.
pub async fn generate(session: &Session) -> End {
    let mut counts = Counts::default();
    for _ in 0..MOST_TAKEOVERS {
        let opened = match session.open(None, |body| open(session, body)).await {
            Ok(opened) => opened,
            Err(halt) => return End::Halted(halt, counts),
        };
        if opened.completed {
            return End::AlreadyDone;
        }
        counts = counts_at(&opened.checkpoint);
        let mut epoch = opened.epoch;
        let digest = Digest::default();
        let work = async {
            if let Some(folder) = &opened.folder {
                let load = load_folder(session, &opened, folder, &mut counts);
                return session.hold(epoch, load).await.map(Some);
            }
            let (opened, location) = locate(session, opened).await?;
            epoch = opened.epoch;
            if opened.completed {
                return Ok(None);
            }
            let load = load_table(session, &opened, location, &digest, &mut counts);
            session.hold(epoch, load).await.map(Some)
        };
        let result = match work.await {
            Ok(None) => return End::AlreadyDone,
            Ok(Some(counts)) => Ok(Finished {
                counts,
                sha256: digest.get().cloned(),
                ..Finished::default()
            }),
            Err(halt) => Err(halt),
        };
        if let Some(end) = session.conclude(epoch, result, counts).await {
            return end;
        }
        tracing::warn!("the run was taken over; opening again");
    }
    fought_over(counts)
}

async fn open(
    session: &Session,
    body: datacrowd_protocol::run::OpenRun,
) -> Result<GenerateOpened, PlatformError> {
    session.platform.open(&body).await
}

/// Where the bytes come from. An own bucket's object is pinned by opening again with what was found.
async fn locate(
    session: &Session,
    opened: GenerateOpened,
) -> Result<(GenerateOpened, Location), Halt> {
    if let Some(url) = &opened.source_url {
        let location = signed(session, &opened, url);
        return Ok((opened, location));
    }
    let keys = session.own.keys.clone().ok_or_else(|| {
        Halt::failed(
            RunReason::Misconfigured,
            "The source is in a bucket of its own, but its secret has no AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; add them and retry.",
        )
    })?;
    let bucket = OwnBucket::new(keys, &opened.source_uri, &session.own.endpoints)?;
    if opened.etag.is_some() && opened.checkpoint.offset > 0 {
        return Ok((opened, Location::Own(Box::new(bucket))));
    }
    let found = bucket.find(session.retry_policy);
    let found = session.hold(opened.epoch, found).await?;
    let opened = session
        .open(Some(found), |body| open(session, body))
        .await?;
    Ok((opened, Location::Own(Box::new(bucket))))
}

/// An object that the platform signs for.
fn signed(session: &Session, opened: &GenerateOpened, url: &str) -> Location {
    Location::Platform {
        platform: Arc::clone(&session.platform),
        epoch: opened.epoch,
        url: url.to_owned(),
        uri: opened.source_uri.clone(),
    }
}

/// Loads a file of rows.
async fn load_table(
    session: &Session,
    opened: &GenerateOpened,
    location: Location,
    digest: &Digest,
    counts: &mut Counts,
) -> Result<Counts, Halt> {
    let source = |digest: &Digest, at: u64| {
        let location = location.clone();
        source(session, opened, location, digest, at)
    };
    let from = async |checkpoint: &Checkpoint| {
        let at = position(checkpoint).offset;
        // What is compressed cannot be entered in the middle. This look at it tells no hash.
        let from_start = at == 0 || begins_packed(source(&Digest::default(), 0)).await?;
        let source = source(digest, if from_start { 0 } else { at });
        begin(opened, source, checkpoint)
    };
    load(session, opened, counts, from).await
}

/// Unpacks an archive; a row of it says that this was done.
async fn unpack(session: &Session, opened: &GenerateOpened, url: &str) -> Result<(), Halt> {
    if opened.checkpoint.next_row > 1 {
        return Ok(());
    }
    let location = signed(session, opened, url);
    let archive = Archive {
        platform: &session.platform,
        http: &session.http,
        opened,
        source: |at| source(session, opened, location.clone(), &Digest::default(), at),
        retry_policy: session.retry_policy,
    };
    archive.unpack().await
}

/// Loads the files of a folder, which may have to be unpacked first.
async fn load_folder(
    session: &Session,
    opened: &GenerateOpened,
    folder: &FolderOpened,
    counts: &mut Counts,
) -> Result<Counts, Halt> {
    if let Some(url) = &opened.source_url {
        unpack(session, opened, url).await?;
    }
    let from = async |checkpoint: &Checkpoint| {
        let refusals = refusals(opened, checkpoint);
        Folder::begin(session, opened, folder, checkpoint, refusals).map(|folder| (folder, ()))
    };
    load(session, opened, counts, from).await
}
