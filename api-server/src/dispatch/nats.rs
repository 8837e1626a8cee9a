//! Every event into a stream of NATS JetStream. An event is gone from our queue when the server has acknowledged that it is stored.

use std::{path::PathBuf, time::Duration};

use anyhow::Context as _;
use async_nats::{
    ConnectOptions, HeaderMap,
    jetstream::{self, Context, stream},
};
use chrono::{DateTime, Utc};
use datacrowd_notifications::{CloudEvent, Notifications, Sink};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{GAUGES, PAUSE};
use crate::metrics::{dispatcher, set_backlog};

/// Events of one pass.
const BATCH: i64 = 500;
/// How long the server may take to acknowledge them: less than a transaction may wait.
const PATIENCE: Duration = Duration::from_secs(10);
/// All subjects begin with it.
const PREFIX: &str = "datacrowd";
const CONTENT_TYPE: &str = "application/cloudevents+json; charset=utf-8";

/// Where the stream is.
#[derive(Debug, Clone)]
pub struct NatsSettings {
    /// The server.
    pub url: String,
    /// File with the credentials; none where none are asked for.
    pub credentials: Option<PathBuf>,
    /// Name of the stream.
    pub stream: String,
}

/// A connection to the stream. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Nats {
    context: Context,
    stream: String,
}

impl Nats {
    /// Connects, now or when the server is there.
    ///
    /// # Errors
    /// The file of credentials cannot be read, or the URL is none.
    pub async fn connect(settings: &NatsSettings) -> anyhow::Result<Self> {
        let options = match &settings.credentials {
            Some(file) => ConnectOptions::with_credentials_file(file)
                .await
                .with_context(|| format!("reading {}", file.display()))?,
            None => ConnectOptions::new(),
        };
        let client = options
            .name("datacrowd-dispatcher")
            .retry_on_initial_connect()
            .connect(&settings.url)
            .await
            .context("connecting to NATS")?;
        let mut context = jetstream::new(client);
        context.set_timeout(PATIENCE);
        Ok(Self {
            context,
            stream: settings.stream.clone(),
        })
    }

    /// Makes the stream, unless it is there.
    async fn ensure(&self) -> anyhow::Result<()> {
        let config = stream::Config {
            name: self.stream.clone(),
            subjects: vec![format!("{PREFIX}.>")],
            ..stream::Config::default()
        };
        let made = timeout(PATIENCE, self.context.get_or_create_stream(config));
        made.await
            .context("NATS does not answer")?
            .with_context(|| format!("making the stream {}", self.stream))?;
        Ok(())
    }

    /// Sends events in their order; how many of them, counted from the first, are stored for certain.
    async fn send(&self, events: &[CloudEvent]) -> (usize, anyhow::Result<()>) {
        let mut under_way = Vec::with_capacity(events.len());
        for event in events {
            let sent = async {
                let body = serde_json::to_vec(event).context("writing an event")?;
                let mut headers = HeaderMap::new();
                headers.insert("Nats-Msg-Id", event.id().to_string());
                headers.insert("Content-Type", CONTENT_TYPE);
                let subject = format!("{PREFIX}.{}.{}", event.tenant(), event.kind());
                let sent = self
                    .context
                    .publish_with_headers(subject, headers, body.into());
                sent.await.context("sending to NATS")
            };
            match sent.await {
                Ok(acknowledgement) => under_way.push(acknowledgement),
                Err(error) => return (0, Err(error)),
            }
        }
        let mut stored = 0;
        for acknowledgement in under_way {
            match acknowledgement.await {
                Ok(_) => stored += 1,
                Err(error) => {
                    return (stored, Err(error).context("NATS did not store an event"));
                }
            }
        }
        (stored, Ok(()))
    }
}

/// Sends until `stop`. A failure changes nothing: what was not stored is sent by a later pass, or by another dispatcher.
pub(super) async fn until(
    from: Notifications,
    to: Nats,
    clock: fn() -> DateTime<Utc>,
    stop: CancellationToken,
) {
    let mut measured = None;
    while !stop.is_cancelled() {
        let sent = pass(&from, &to).await;
        if measured.is_none_or(|at: Instant| at.elapsed() > GAUGES) {
            measured = Some(Instant::now());
            gauges(&from, clock()).await;
        }
        let pause = match sent {
            Ok(stored) if usize::try_from(BATCH) == Ok(stored) => continue,
            Ok(_) => PAUSE,
            Err(error) => {
                tracing::warn!(
                    error.cause = format!("{error:#}"),
                    "events do not reach NATS; the next pass tries again"
                );
                PAUSE * 5
            }
        };
        stop.run_until_cancelled(tokio::time::sleep(pause)).await;
    }
}

/// Sends what waits, at most so many events; how many are stored.
///
/// # Errors
/// The database or NATS failed; what is not stored is sent again, under the same ids.
pub async fn pass(from: &Notifications, to: &Nats) -> anyhow::Result<usize> {
    from.sink_set(Sink::Nats, true).await?;
    let taken = from.sink_take(Sink::Nats, BATCH).await?;
    let Some(taken) = taken else {
        return Ok(0);
    };
    let sending = timeout(PATIENCE, async {
        to.ensure().await?;
        anyhow::Ok(to.send(&taken.events).await)
    });
    let (stored, went) = sending.await.context("NATS does not answer")??;
    taken.stored(stored).await?;
    dispatcher::NATS_STORED.only().increment(stored as u64);
    went.map(|()| stored)
}

/// A gauge keeps its value while its database does not answer.
async fn gauges(from: &Notifications, now: DateTime<Utc>) {
    if let Ok(backlog) = from.sink_backlog(Sink::Nats).await {
        let gauges = (dispatcher::NATS_ROWS, dispatcher::NATS_LAG_SECONDS);
        set_backlog(gauges, [], backlog, now);
    }
}
