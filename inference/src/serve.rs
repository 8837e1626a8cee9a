//! A predictor that keeps its model loaded: it takes one item after the other from the platform's queue, answers it, and waits where
//! there is none. It has no end of its own.
//!
//! An item that it holds when it dies goes to another predictor once its lease is over; one that it has not begun when it is
//! asked to stop, it gives back.

use std::time::Instant;

use datacrowd_job::{
    halt::{Counts, End, Halt},
    platform::PlatformError,
};
use datacrowd_protocol::{
    ids::ModelId,
    model::{
        ItemFailed, ItemFailure, ModelInputKind, ModelOpened, PredictItem, QueueLeased,
        QueueReport, QueueTake,
    },
};
use tempfile::NamedTempFile;
use uuid::Uuid;

use crate::{
    Session, calls, cells,
    fetch::{Fetch, NoFile, unreachable},
    frame::{Ask, Reply},
    item::failed,
    predict::{Stages, predicted, start},
    worker::Worker,
};

/// Keeps the model loaded until the pod is asked to stop.
pub async fn serve(session: &Session, model: ModelId) -> End {
    let mut counts = Counts::default();
    match keep(session, model, &mut counts).await {
        Ok(()) => End::Done(counts),
        Err(halt) => End::Halted(halt, counts),
    }
}

async fn keep(session: &Session, id: ModelId, counts: &mut Counts) -> Result<(), Halt> {
    let fetch = Fetch {
        http: &session.http,
        retry_policy: session.retry_policy,
    };
    let opened = calls::queue_open(&session.platform, id).await?;
    let file = fetch.model(&opened).await?;
    let worker = start(session, &opened, &file).await?;
    tracing::info!(model = %id, bytes = file.bytes, "the model is loaded");
    let mut predictor = Predictor {
        session,
        opened,
        fetch,
        worker,
    };
    while !session.stop.is_cancelled() {
        let lease = Uuid::new_v4();
        let Some(item) = predictor.take(lease).await? else {
            continue;
        };
        match predictor.answer(lease, &item).await {
            Ok(Some(true)) => counts.rows += 1,
            Ok(Some(false)) => counts.rejected += 1,
            // It was given back, or another predictor has it.
            Ok(None) => {}
            Err(halt) => {
                predictor.give_back(lease).await;
                return Err(halt);
            }
        }
    }
    Ok(())
}

struct Predictor<'a> {
    session: &'a Session,
    opened: ModelOpened,
    fetch: Fetch<'a>,
    worker: Worker,
}

/// An item that can be asked, with the file that has to live so long; or why it cannot.
type Prepared = Result<(Ask, Option<NamedTempFile>), ItemFailed>;

impl Predictor<'_> {
    /// The next item; none when none came for a while, or the pod is asked to stop.
    async fn take(&self, lease: Uuid) -> Result<Option<PredictItem>, Halt> {
        let take = QueueTake {
            lease,
            wait_seconds: calls::WAIT_SECONDS,
        };
        let leasing = calls::queue_lease(&self.session.platform, self.opened.model_id, take);
        tokio::select! {
            leased = leasing => {
                let QueueLeased { item } = leased?;
                Ok(item)
            }
            () = self.session.stop.cancelled() => {
                // The platform may have lent one as we turned away.
                self.give_back(lease).await;
                Ok(None)
            }
        }
    }

    /// Answers an item and tells of it. Whether it has an answer; nothing where it was not told of.
    async fn answer(&mut self, lease: Uuid, item: &PredictItem) -> Result<Option<bool>, Halt> {
        let begun = Instant::now();
        let mut stages = Stages::default();
        let prepared = tokio::select! {
            prepared = self.prepare(item) => prepared?,
            () = self.session.stop.cancelled() => {
                self.give_back(lease).await;
                return Ok(None);
            }
        };
        stages.fetched(begun.elapsed());
        let reply: Result<Reply, ItemFailed> = match &prepared {
            Ok((ask, _file)) => Ok(self.worker.ask(ask).await?),
            Err(failure) => Err(failure.clone()),
        };
        let item = predicted(item, reply, &self.opened.output, &mut stages);
        let has_answer = item.failure.is_none();
        stages.log(
            std::slice::from_ref(&item),
            i64::from(has_answer),
            i64::from(!has_answer),
        );
        let report = QueueReport { lease, item };
        let told = calls::queue_report(&self.session.platform, self.opened.model_id, &report);
        match told.await {
            Ok(()) => Ok(Some(has_answer)),
            Err(PlatformError::Held { .. }) => {
                tracing::warn!("the item took longer than its lease, and another predictor has it");
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    async fn prepare(&self, item: &PredictItem) -> Result<Prepared, Halt> {
        if let Some(failure) = &item.failure {
            return Ok(Err(failure.clone()));
        }
        let input = &self.opened.input;
        if input.kind == ModelInputKind::Columns {
            let numbers = cells::numbers(&input.columns, &item.cells);
            return Ok(numbers.map(|numbers| (Ask::Columns(numbers), None)));
        }
        let Some(url) = &item.url else {
            let why = "The item names no file; send it again.";
            return Ok(Err(failed(ItemFailure::NotFound, why)));
        };
        let name = item.name.clone().unwrap_or_default();
        let file = self.fetch.item(url, item.etag.as_deref(), &name).await?;
        Ok(match file {
            Ok(file) => {
                let ask = Ask::Audio {
                    file: file.path().to_owned(),
                    name,
                    windows: item.windows,
                };
                Ok((ask, Some(file)))
            }
            Err(NoFile::Failed(failure)) => Err(failure),
            // Its URL was signed a moment ago.
            Err(NoFile::Unsigned(code)) => Err(unreachable(&code)),
        })
    }

    /// What fails here comes back when the lease is over.
    async fn give_back(&self, lease: Uuid) {
        let back = calls::queue_return(&self.session.platform, self.opened.model_id, lease);
        if let Err(error) = back.await {
            tracing::warn!(%error, "an item could not be given back; it waits until its lease is over");
        }
    }
}
