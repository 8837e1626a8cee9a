//! `dispatch`: carries what the contexts recorded into the one stream of events, delivers
//! webhooks, and tells other sinks and people. It runs beside the server, in any
//! number of replicas, and no request waits for it.

pub mod attempt;
pub mod deliver;
pub mod egress;
pub mod mail;
pub mod messages;
pub mod nats;
pub mod people;
pub mod relay;
pub mod telegram;
mod words;

use std::{future::Future, time::Duration};

use anyhow::Context;
use axum::{Router, extract::State, http::StatusCode, routing::get};
use chrono::{DateTime, Utc};
use datacrowd_labelling::Labelling;
use datacrowd_notifications::{Channel, Notifications, Sink};
use datacrowd_outbox::Stream;
use datacrowd_telemetry::PrometheusHandle;
use futures::future::OptionFuture;
use tokio::{net::TcpListener, task::JoinSet, time::timeout};
use tokio_util::sync::CancellationToken;

use self::{
    attempt::Sender,
    deliver::Deliverer,
    egress::Egress,
    mail::Mailer,
    messages::{Messenger, Way},
    nats::Nats,
    telegram::Bot,
};
use crate::{
    args::Dispatch,
    connect::{accounts_of_task, core_of_dispatch, webhook_keys},
    database::pool,
    listen::{HEADER_TIME, listen},
    metrics,
};

/// Connections to each context that is read.
const SOURCE_CONNECTIONS: u32 = 2;
/// Connections to the database `notifications`.
const CONNECTIONS: u32 = 8;
/// How often a stream that was empty is looked at.
const PAUSE: Duration = Duration::from_millis(200);
/// How long what is under way may take to end once the process is told to: the chart gives a pod twice as long.
const STOP_TIME: Duration = Duration::from_secs(15);
/// How often monitoring is told what waits.
const GAUGES: Duration = Duration::from_secs(15);

/// Dispatches until `stop`; then ends what is under way.
///
/// # Errors
/// A setting is wrong, or the port is taken.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the command, handed to all who ask for the time"
)]
pub async fn run(settings: &Dispatch, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let metrics = datacrowd_telemetry::install_metrics(metrics::DISPATCHER)
        .context("installing the metrics recorder")?;
    let sources = [
        source("auth", &settings.auth_database_url)?,
        source("core", &settings.core_database_url)?,
        source("payments", &settings.payments_database_url)?,
    ];
    let notifications = Notifications::new(
        pool(&settings.notifications_database_url, CONNECTIONS)?,
        webhook_keys(&settings.webhook_sealing)?,
    );
    // Another one that was installed before serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sender = Sender::new(Egress::new(&settings.allowed_networks))?;
    // Whatever is wrong with the settings is said before any work begins.
    let core = core_of_dispatch(&settings.core_database_url, SOURCE_CONNECTIONS)?;
    let messengers = messengers(settings, &notifications, &core)?;
    let nats = settings.nats.given();
    let nats = OptionFuture::from(nats.as_ref().map(Nats::connect))
        .await
        .transpose()?;
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {}", settings.listen))?;
    tracing::info!(probes = %settings.listen, "dispatching");
    let ended = CancellationToken::new();
    let mut tasks = JoinSet::new();
    open_ways(&notifications, &messengers, Utc::now()).await;
    for source in sources {
        let (to, ended) = (notifications.clone(), ended.clone());
        tasks.spawn(relay::until(source, to, Utc::now, ended));
    }
    let deliverer = Deliverer::new(notifications.clone(), sender, Utc::now);
    tasks.spawn(deliverer.until(ended.clone()));
    match nats {
        Some(to) => {
            let from = notifications.clone();
            tasks.spawn(nats::until(from, to, Utc::now, ended.clone()));
        }
        None => without_nats(&notifications).await,
    }
    tasks.spawn(people::until(
        notifications.clone(),
        core,
        Utc::now,
        ended.clone(),
    ));
    for messenger in messengers {
        if let Some(bot) = messenger.bot() {
            tasks.spawn(bot.until(notifications.clone(), Utc::now, ended.clone()));
        }
        tasks.spawn(messenger.until(ended.clone()));
    }
    let probes = probes(notifications, metrics);
    tasks.spawn(listen(listener, probes, HEADER_TIME, ended.clone()));
    stop.await;
    ended.cancel();
    end(tasks).await;
    Ok(())
}

/// Waits for what is under way, as long as there is time.
async fn end(tasks: JoinSet<()>) {
    if timeout(STOP_TIME, tasks.join_all()).await.is_err() {
        tracing::warn!("something was under way at the end; it is done again");
    }
}

/// What a context recorded.
fn source(context: &'static str, url: &str) -> anyhow::Result<Stream> {
    Ok(Stream::new(context, pool(url, SOURCE_CONNECTIONS)?))
}

/// The next dispatcher that has a server of NATS asks for events anew.
async fn without_nats(notifications: &Notifications) {
    if let Err(error) = notifications.sink_set(Sink::Nats, false).await {
        tracing::warn!(error.cause = %error, "events may be kept for a sink that is not there any more");
    }
}

/// What tells people outside the console, by each way that there is.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the command, handed on"
)]
fn messengers(
    settings: &Dispatch,
    notifications: &Notifications,
    core: &Labelling,
) -> anyhow::Result<Vec<Messenger>> {
    let ways = ways(settings)?.into_iter();
    let messenger = |way| {
        let accounts = accounts_of_task(&settings.auth_database_url, None)?;
        let (to, core) = (notifications.clone(), core.clone());
        Ok(Messenger::new(to, accounts, core, way, Utc::now))
    };
    ways.map(messenger).collect()
}

/// Says by which ways people are told from now on, before anybody is told of anything. A database that is away hears it later.
async fn open_ways(notifications: &Notifications, messengers: &[Messenger], now: DateTime<Utc>) {
    for messenger in messengers {
        if let Err(error) = messenger.open(None).await {
            tracing::warn!(
                error.cause = format!("{error:#}"),
                "a way to people opens later"
            );
        }
    }
    for channel in [Channel::Email, Channel::Telegram] {
        if messengers.iter().all(|m| m.channel() != channel)
            && let Err(error) = notifications.channel_close(channel, now).await
        {
            tracing::warn!(channel = channel.name(), error.cause = %error, "messages may wait for what is not there any more");
        }
    }
}

/// How people are told outside the console.
fn ways(settings: &Dispatch) -> anyhow::Result<Vec<Way>> {
    let mut ways = Vec::new();
    if let Some(server) = settings.mail.server(&settings.public_url)? {
        ways.push(Way::Email(Mailer::new(&server)?));
    }
    if let Some(token) = settings.telegram.token() {
        let public_url = settings.public_url.clone();
        let bot = Bot::new(&settings.telegram.telegram_api_url, token, public_url)?;
        ways.push(Way::Telegram(bot));
    }
    Ok(ways)
}

/// Probes and metrics.
fn probes(notifications: Notifications, metrics: PrometheusHandle) -> Router {
    let ready = async |State(notifications): State<Notifications>| {
        notifications.ping().await.map_or_else(
            |error| {
                tracing::warn!(error.cause = %error, "not ready");
                StatusCode::SERVICE_UNAVAILABLE
            },
            |()| StatusCode::OK,
        )
    };
    Router::new()
        .route("/healthz", get(async || StatusCode::OK))
        .route("/readyz", get(ready))
        .route("/metrics", get(async move || metrics.render()))
        .with_state(notifications)
}
