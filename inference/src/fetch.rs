//! Files of models and items from the object store, each into a file of its own below the folder for temporary ones.
//!
//! A broken connection begins again; what the store refuses is told apart. What is out of reach altogether stops the run,
//! which goes on later: it is no fault of an item.

use std::io::{self, ErrorKind};

use datacrowd_job::{
    halt::Halt,
    http::{IDLE, chain, error_code},
    retry::RetryPolicy,
};
use datacrowd_protocol::{
    model::{ItemFailed, ItemFailure, MOST_MODEL_BYTES, ModelOpened},
    run::RunReason,
};
use reqwest::{Response, StatusCode, header::IF_MATCH};
use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use tokio::{fs::File, io::AsyncWriteExt as _, time::timeout};

use crate::item::failed;

/// Most bytes of an item's file: four hours of the best that phones record.
pub const MOST_ITEM_BYTES: u64 = 512 * 1024 * 1024;

/// Reads from the object store.
#[derive(Clone, Copy)]
pub struct Fetch<'a> {
    /// The client.
    pub http: &'a reqwest::Client,
    /// Limits of trying again.
    pub retry_policy: RetryPolicy,
}

/// A model's file.
pub struct FetchedModel {
    /// Where it is; gone with this.
    pub file: NamedTempFile,
    /// Its hash, in hexadecimal.
    pub sha256: String,
    /// Its size.
    pub bytes: u64,
}

/// Why an item's file is not here.
pub enum NoFile {
    /// The signature of its URL was refused, or has expired.
    Unsigned(String),
    /// It cannot be had.
    Failed(ItemFailed),
}

enum Broken {
    /// Worth another try.
    Lost(String),
    /// The store's last word.
    Refused(StatusCode, String),
    TooLarge,
    /// It cannot be written here.
    Disk(io::Error),
}

impl Fetch<'_> {
    /// The model's file, of which the hash is known or becomes known.
    ///
    /// # Errors
    /// It is not there, not the one that was looked at, too large, or out of reach.
    pub async fn model(self, model: &ModelOpened) -> Result<FetchedModel, Halt> {
        let most = u64::try_from(MOST_MODEL_BYTES).unwrap_or(u64::MAX);
        let uri = &model.uri;
        let got = self.get(&model.url, None, most).await;
        let fetched = got.map_err(|broken| no_model(uri, broken))?;
        let known = model.sha256.as_ref();
        if known.is_some_and(|known| !known.eq_ignore_ascii_case(&fetched.sha256)) {
            let why = format!(
                "{uri} is no longer the file that was looked at; apply a Model under a new name for the new file."
            );
            return Err(Halt::failed(RunReason::SourceChanged, why));
        }
        Ok(fetched)
    }

    /// An item's file, of the version that its task was made of.
    ///
    /// # Errors
    /// Only those that are no fault of the item.
    pub async fn item(
        self,
        url: &str,
        etag: Option<&str>,
        name: &str,
    ) -> Result<Result<NamedTempFile, NoFile>, Halt> {
        let broken = match self.get(url, etag, MOST_ITEM_BYTES).await {
            Ok(fetched) => return Ok(Ok(fetched.file)),
            Err(broken) => broken,
        };
        let no_file = |reason, why: &str| Ok(Err(NoFile::Failed(failed(reason, why))));
        match broken {
            Broken::Refused(StatusCode::NOT_FOUND, _) => no_file(
                ItemFailure::NotFound,
                "The file is not there any more; upload it again.",
            ),
            Broken::Refused(StatusCode::PRECONDITION_FAILED, _) => no_file(
                ItemFailure::Changed,
                "The file is no longer the one that the task was made of; make a new Dataset of the new files.",
            ),
            Broken::Refused(
                StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN,
                code,
            ) => Ok(Err(NoFile::Unsigned(code))),
            Broken::Refused(_, code) => Ok(Err(NoFile::Failed(unreachable(&code)))),
            Broken::TooLarge => no_file(
                ItemFailure::TooLong,
                "The file is larger than 512 MiB; cut the recording into shorter files, or compress it as FLAC.",
            ),
            Broken::Lost(why) => Err(Halt::TryAgain(format!("Cannot read {name}: {why}"))),
            Broken::Disk(error) => Err(no_room(&error)),
        }
    }

    /// Tries until the store has said its last word.
    async fn get(self, url: &str, etag: Option<&str>, most: u64) -> Result<FetchedModel, Broken> {
        let mut backoff = self.retry_policy.start();
        loop {
            let why = match self.try_get(url, etag, most).await {
                Err(Broken::Lost(why)) => why,
                other => return other,
            };
            if !backoff.wait("reading a file", &why).await {
                return Err(Broken::Lost(why));
            }
        }
    }

    async fn try_get(
        self,
        url: &str,
        etag: Option<&str>,
        most: u64,
    ) -> Result<FetchedModel, Broken> {
        let mut request = self.http.get(url);
        if let Some(etag) = etag {
            request = request.header(IF_MATCH, etag);
        }
        let sent = timeout(IDLE, request.send()).await;
        let response = sent
            .map_err(|_| Broken::Lost("no answer".to_owned()))?
            .map_err(|error| Broken::Lost(chain(&error)))?;
        let status = response.status();
        if status.is_success() {
            return save(response, most).await;
        }
        let code = error_code(response).await;
        let passes = status.is_server_error()
            || matches!(
                status,
                StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
            );
        Err(match passes {
            true => Broken::Lost(code),
            false => Broken::Refused(status, code),
        })
    }
}

/// Writes what comes into a new file.
async fn save(mut response: Response, most: u64) -> Result<FetchedModel, Broken> {
    if response
        .content_length()
        .is_some_and(|length| length > most)
    {
        return Err(Broken::TooLarge);
    }
    let file = NamedTempFile::new().map_err(Broken::Disk)?;
    let mut to = File::from_std(file.reopen().map_err(Broken::Disk)?);
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    loop {
        let piece = timeout(IDLE, response.chunk())
            .await
            .map_err(|_| Broken::Lost("the connection fell silent".to_owned()))?
            .map_err(|error| Broken::Lost(chain(&error)))?;
        let Some(piece) = piece else { break };
        bytes += piece.len() as u64;
        if bytes > most {
            return Err(Broken::TooLarge);
        }
        hash.update(&piece);
        to.write_all(&piece).await.map_err(Broken::Disk)?;
    }
    to.flush().await.map_err(Broken::Disk)?;
    Ok(FetchedModel {
        file,
        sha256: hex::encode(hash.finalize()),
        bytes,
    })
}

/// An item that the store keeps back, for its last time.
pub(crate) fn unreachable(code: &str) -> ItemFailed {
    failed(
        ItemFailure::Unreachable,
        format!(
            "The object store refuses to give out the file ({code}); whoever runs the platform can look at its rights on the bucket."
        ),
    )
}

fn no_model(uri: &str, broken: Broken) -> Halt {
    match broken {
        Broken::Lost(why) => Halt::TryAgain(format!("Cannot read {uri}: {why}")),
        Broken::Disk(error) => no_room(&error),
        Broken::TooLarge => Halt::failed(
            RunReason::InvalidModel,
            format!("{uri} is larger than 256 MiB; export a smaller model."),
        ),
        Broken::Refused(StatusCode::NOT_FOUND, _) => Halt::failed(
            RunReason::SourceNotFound,
            format!(
                "{uri} does not exist; upload the model's file, or apply a Model with the right source.uri."
            ),
        ),
        Broken::Refused(_, code) => Halt::failed(
            RunReason::SourceForbidden,
            format!(
                "The object store refuses to give out {uri} ({code}); check the platform's rights on its bucket."
            ),
        ),
    }
}

fn no_room(error: &io::Error) -> Halt {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Halt::failed(
            RunReason::Misconfigured,
            "The pod has no room for the model and two files of items; ask whoever runs the platform to give its folder for temporary files 1.5 GiB.",
        ),
        _ => Halt::TryAgain(format!("Cannot write a temporary file: {error}.")),
    }
}
