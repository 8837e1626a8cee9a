//! The items of one page.

use std::time::{Duration, Instant};

use datacrowd_job::halt::Halt;
use datacrowd_protocol::{
    model::{
        ItemFailed, ItemFailure, ModelInputKind, ModelOutput, PredictItem, PredictOpened,
        Predicted, PredictedWindow,
    },
    raw::RawJson,
};
use tempfile::NamedTempFile;

use super::stages::Stages;
use crate::{
    Session, calls, cells,
    fetch::{Fetch, NoFile, unreachable},
    frame::{Ask, Reply, WindowAnswer},
    item::failed,
    word::Word,
    worker::Worker,
};

/// How old a page may grow: well below the life of the URLs that it holds.
const STALE: Duration = Duration::from_mins(5);

/// How long answers wait for the rest of their page: what a killed pod has to do again.
const TELL_AFTER: Duration = Duration::from_secs(15);

/// Answers pages.
pub(super) struct Predictor<'a> {
    pub(super) session: &'a Session,
    pub(super) opened: &'a PredictOpened,
    pub(super) fetch: Fetch<'a>,
    pub(super) worker: Worker,
}

/// An item that can be asked, with the file that has to live so long; or why it cannot.
type Prepared = Result<(Ask, Option<NamedTempFile>), ItemFailed>;

impl Predictor<'_> {
    /// One prediction for each item, in their order: of all, or of as many as were read by the time that the platform
    /// should hear of them.
    pub(super) async fn answer(
        &mut self,
        items: Vec<PredictItem>,
        after: i64,
    ) -> Result<(Vec<Predicted>, Stages), Halt> {
        let mut stages = Stages::default();
        let mut listing = Listing {
            session: self.session,
            opened: self.opened,
            fetch: self.fetch,
            after,
            items,
            listed: Instant::now(),
        };
        let begun = listing.listed;
        let mut answers = Vec::with_capacity(listing.items.len());
        let mut next = Some(listing.prepare(0, &mut stages).await?);
        while let Some(prepared) = next.take() {
            let at = answers.len();
            let reading = ask(&mut self.worker, prepared);
            let fetching = async {
                match at + 1 < listing.items.len() {
                    true => listing.prepare(at + 1, &mut stages).await.map(Some),
                    false => Ok(None),
                }
            };
            let (reply, following) = tokio::join!(reading, fetching);
            let item = &listing.items[at];
            answers.push(predicted(
                item,
                reply?,
                &self.opened.model.output,
                &mut stages,
            ));
            next = following?;
            if begun.elapsed() > TELL_AFTER || self.session.stop.is_cancelled() {
                break;
            }
        }
        Ok((answers, stages))
    }
}

/// The reply, with nothing of a file that could not be asked for.
async fn ask(worker: &mut Worker, prepared: Prepared) -> Result<Result<Reply, ItemFailed>, Halt> {
    match prepared {
        Ok((ask, _file)) => Ok(Ok(worker.ask(&ask).await?)),
        Err(failure) => Ok(Err(failure)),
    }
}

/// Items of a page, whose URLs may have to be asked for again.
struct Listing<'a> {
    session: &'a Session,
    opened: &'a PredictOpened,
    fetch: Fetch<'a>,
    /// Behind which record the page begins.
    after: i64,
    items: Vec<PredictItem>,
    listed: Instant,
}

impl Listing<'_> {
    async fn prepare(&mut self, at: usize, stages: &mut Stages) -> Result<Prepared, Halt> {
        let input = &self.opened.model.input;
        let item = &self.items[at];
        if let Some(failure) = &item.failure {
            return Ok(Err(failure.clone()));
        }
        if input.kind == ModelInputKind::Columns {
            let numbers = cells::numbers(&input.columns, &item.cells);
            return Ok(numbers.map(|numbers| (Ask::Columns(numbers), None)));
        }
        let begin = Instant::now();
        let file = self.file(at).await?;
        stages.fetched(begin.elapsed());
        let name = self.items[at].name.clone().unwrap_or_default();
        Ok(file.map(|file| {
            let ask = Ask::Audio {
                file: file.path().to_owned(),
                name,
                windows: 0,
            };
            (ask, Some(file))
        }))
    }

    /// The item's file. A URL that is old, or refused, is asked for once more.
    async fn file(&mut self, at: usize) -> Result<Result<NamedTempFile, ItemFailed>, Halt> {
        if self.listed.elapsed() > STALE {
            self.list_again().await?;
        }
        match self.fetch_one(at).await? {
            Ok(file) => return Ok(Ok(file)),
            Err(NoFile::Failed(failure)) => return Ok(Err(failure)),
            Err(NoFile::Unsigned(_)) => self.list_again().await?,
        }
        Ok(self.fetch_one(at).await?.map_err(|no_file| match no_file {
            NoFile::Failed(failure) => failure,
            NoFile::Unsigned(code) => unreachable(&code),
        }))
    }

    async fn fetch_one(&self, at: usize) -> Result<Result<NamedTempFile, NoFile>, Halt> {
        let item = &self.items[at];
        let Some(url) = &item.url else {
            let why = "The item names no file; correct the source.";
            return Ok(Err(NoFile::Failed(failed(ItemFailure::NotFound, why))));
        };
        let name = item.name.as_deref().unwrap_or("the item's file");
        self.fetch.item(url, item.etag.as_deref(), name).await
    }

    /// The same page with fresh URLs.
    async fn list_again(&mut self) -> Result<(), Halt> {
        let page = calls::items(&self.session.platform, self.opened.epoch, self.after).await?;
        self.listed = Instant::now();
        for item in &mut self.items {
            if let Some(fresh) = page
                .items
                .iter()
                .find(|fresh| fresh.task_id == item.task_id)
            {
                item.url.clone_from(&fresh.url);
            }
        }
        Ok(())
    }
}

/// What is told of an item.
pub(crate) fn predicted(
    item: &PredictItem,
    reply: Result<Reply, ItemFailed>,
    output: &ModelOutput,
    stages: &mut Stages,
) -> Predicted {
    let without = |failure| Predicted {
        task_id: item.task_id,
        row_no: item.row_no,
        label: None,
        probability: None,
        probabilities: Default::default(),
        micros: 0,
        windows: Vec::new(),
        failure: Some(failure),
    };
    let reply = match reply {
        Ok(reply) => reply,
        Err(failure) => return without(failure),
    };
    stages.read(reply.micros);
    let micros = reply.micros.decode + reply.micros.features + reply.micros.infer;
    let micros = i64::try_from(micros).unwrap_or(i64::MAX);
    let answer = match reply.result {
        Ok(answer) => answer,
        Err(failure) => {
            return Predicted {
                micros,
                ..without(failure)
            };
        }
    };
    let word = Word::of(&answer.said, output);
    let windows = answer.windows.into_iter();
    Predicted {
        label: word.label.and_then(|text| RawJson::parse(text).ok()),
        probability: word.probability,
        probabilities: output.labels.iter().cloned().zip(answer.said).collect(),
        micros,
        windows: windows.map(|one| window(one, output)).collect(),
        failure: None,
        ..without(failed(ItemFailure::NoAnswer, ""))
    }
}

/// Six digits tell all that is to be seen, in half the bytes.
fn window(window: WindowAnswer, output: &ModelOutput) -> PredictedWindow {
    let seconds = |millis| Duration::from_millis(millis).as_secs_f64();
    let short = |probability: f64| (probability * 1e6).round() / 1e6;
    let value = window.said.first().copied().filter(|_| output.is_number());
    let probabilities = window.said.into_iter().map(short);
    PredictedWindow {
        start_seconds: seconds(window.begin_millis),
        end_seconds: seconds(window.end_millis),
        probabilities: output.labels.iter().cloned().zip(probabilities).collect(),
        value,
    }
}
