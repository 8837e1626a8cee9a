//! A run that has a model answer the items of a dataset: page by page, told in one or several reports.
//!
//! The platform's word on where it stands is the only memory. Another pod may tell of an item a second time, which
//! changes nothing. While one item is read, the file of the next one is fetched.

mod page;
mod stages;

use datacrowd_job::{
    halt::{Counts, End, Halt},
    session::{Finished, MOST_TAKEOVERS, fought_over},
};
use datacrowd_protocol::model::{ModelOpened, PredictOpened, PredictionsReport, PredictionsTaken};

use crate::{
    Session, calls,
    fetch::{Fetch, FetchedModel},
    frame::Load,
    worker::Worker,
};
use page::Predictor;
pub(crate) use page::predicted;
pub(crate) use stages::Stages;

/// Runs to the end, opening again whenever the run was lost.
pub async fn predict(session: &Session) -> End {
    let mut counts = Counts::default();
    for _ in 0..MOST_TAKEOVERS {
        let open = async |body| session.platform.open::<PredictOpened>(&body).await;
        let opened = match session.open(None, open).await {
            Ok(opened) => opened,
            Err(halt) => return End::Halted(halt, counts),
        };
        if opened.completed {
            return End::AlreadyDone;
        }
        counts = counted(opened.predicted, opened.failed);
        let work = answer_all(session, &opened, &mut counts);
        let result = session.hold(opened.epoch, work).await;
        if let Some(end) = session.conclude(opened.epoch, result, counts).await {
            return end;
        }
        tracing::warn!("the run was taken over; opening again");
    }
    fought_over(counts)
}

/// Answers everything behind the checkpoint.
async fn answer_all(
    session: &Session,
    opened: &PredictOpened,
    counts: &mut Counts,
) -> Result<Finished, Halt> {
    let fetch = Fetch {
        http: &session.http,
        retry_policy: session.retry_policy,
    };
    let model = fetch.model(&opened.model).await?;
    let mut predictor = Predictor {
        session,
        opened,
        fetch,
        worker: start(session, &opened.model, &model).await?,
    };
    let mut after = opened.after;
    loop {
        let page = calls::items(&session.platform, opened.epoch, after).await?;
        if page.items.is_empty() {
            break;
        }
        if let Some(item) = page.items.iter().find(|item| item.row_no <= after) {
            return Err(Halt::TryAgain(format!(
                "The platform gave row {} among those behind row {after}.",
                item.row_no
            )));
        }
        let (items, stages) = predictor.answer(page.items, after).await?;
        let report = PredictionsReport {
            epoch: opened.epoch,
            items,
        };
        let PredictionsTaken { predicted, failed } =
            calls::predictions(&session.platform, &report).await?;
        *counts = counted(predicted, failed);
        stages.log(&report.items, predicted, failed);
        after = report.items.last().map_or(after, |item| item.row_no);
        if session.stop.is_cancelled() {
            return Err(Halt::Stopped);
        }
    }
    Ok(Finished {
        counts: *counts,
        ..Finished::default()
    })
}

/// Starts the process that reads by a model.
pub(crate) async fn start(
    session: &Session,
    opened: &ModelOpened,
    model: &FetchedModel,
) -> Result<Worker, Halt> {
    let load = Load {
        file: model.file.path().to_owned(),
        input: opened.input.clone(),
        output: opened.output.clone(),
    };
    let started = Worker::start(session.own.clone(), load, model.bytes).await?;
    Ok(started.0)
}

/// Items with a prediction are the rows, those without one are refused.
fn counted(predicted: i64, failed: i64) -> Counts {
    Counts {
        rows: predicted,
        rejected: failed,
        blank: 0,
    }
}
