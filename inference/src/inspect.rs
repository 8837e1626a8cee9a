//! A run that looks at a model: its file is fetched and read, and what is in it is told.

use datacrowd_job::{
    halt::{Counts, End, Halt},
    session::{Finished, MOST_TAKEOVERS, fought_over},
};
use datacrowd_protocol::model::{InspectOpened, ModelFound};

use crate::{Session, calls, fetch::Fetch, frame::Load, worker::Worker};

/// Runs to the end, opening again whenever the run was lost.
pub async fn inspect(session: &Session) -> End {
    let counts = Counts::default();
    for _ in 0..MOST_TAKEOVERS {
        let open = async |body| session.platform.open::<InspectOpened>(&body).await;
        let opened = match session.open(None, open).await {
            Ok(opened) => opened,
            Err(halt) => return End::Halted(halt, counts),
        };
        if opened.completed {
            return End::AlreadyDone;
        }
        let result = session.hold(opened.epoch, look(session, &opened)).await;
        if let Some(end) = session.conclude(opened.epoch, result, counts).await {
            return end;
        }
        tracing::warn!("the run was taken over; opening again");
    }
    fought_over(counts)
}

async fn look(session: &Session, opened: &InspectOpened) -> Result<Finished, Halt> {
    let fetch = Fetch {
        http: &session.http,
        retry_policy: session.retry_policy,
    };
    let fetched = fetch.model(&opened.model).await?;
    let load = Load {
        file: fetched.file.path().to_owned(),
        input: opened.model.input.clone(),
        output: opened.model.output.clone(),
    };
    let (_, found) = Worker::start(session.own.clone(), load, fetched.bytes).await?;
    tracing::info!(
        bytes = fetched.bytes,
        sha256 = fetched.sha256,
        "the model can be used"
    );
    let found = ModelFound {
        epoch: opened.epoch,
        sha256: fetched.sha256,
        size_bytes: i64::try_from(fetched.bytes).unwrap_or(i64::MAX),
        inputs: found.inputs,
        outputs: found.outputs,
    };
    calls::model(&session.platform, &found).await?;
    Ok(Finished::default())
}
