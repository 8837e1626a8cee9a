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
use chrono::Utc;
use datacrowd_notifications::{Channel, Notifications, Sink};
use datacrowd_outbox::Stream;
use datacrowd_telemetry::PrometheusHandle;
use tokio::{net::TcpListener, task::JoinSet};
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
};

/// Connections to each context that is read.
const SOURCE_CONNECTIONS: u32 = 2;
/// Connections to the database `notifications`.
const CONNECTIONS: u32 = 8;
/// How often a stream that was empty is looked at.
const PAUSE: Duration = Duration::from_millis(200);
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
    let metrics =
        datacrowd_telemetry::install_metrics().context("installing the metrics recorder")?;
    let source = |context, url: &str| -> anyhow::Result<Stream> {
        Ok(Stream::new(context, pool(url, SOURCE_CONNECTIONS)?))
    };
    let sources = [
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
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {}", settings.listen))?;
    tracing::info!(probes = %settings.listen, "dispatching");
    let ended = CancellationToken::new();
    let mut tasks = JoinSet::new();
    for source in sources {
        let (to, ended) = (notifications.clone(), ended.clone());
        tasks.spawn(relay::until(source, to, Utc::now, ended));
    }
    let deliverer = Deliverer::new(notifications.clone(), sender, Utc::now);
    tasks.spawn(deliverer.until(ended.clone()));
    match settings.nats.given() {
        Some(settings) => {
            let (from, to) = (notifications.clone(), Nats::connect(&settings).await?);
            tasks.spawn(nats::until(from, to, Utc::now, ended.clone()));
        }
        // The next dispatcher that has one asks for events anew.
        None => {
            if let Err(error) = notifications.sink_set(Sink::Nats, false).await {
                tracing::warn!(error.cause = %error, "events may be kept for a sink that is not there any more");
            }
        }
    }
    let core = core_of_dispatch(&settings.core_database_url, SOURCE_CONNECTIONS)?;
    tasks.spawn(people::until(
        notifications.clone(),
        core,
        Utc::now,
        ended.clone(),
    ));
    messages(settings, &notifications, &mut tasks, &ended).await?;
    let probes = probes(notifications, metrics);
    tasks.spawn(listen(listener, probes, HEADER_TIME, ended.clone()));
    stop.await;
    ended.cancel();
    tasks.join_all().await;
    Ok(())
}

/// Tells people outside the console, by each way that there is.
#[expect(
    clippy::disallowed_methods,
    reason = "the clock of the command, handed on"
)]
async fn messages(
    settings: &Dispatch,
    notifications: &Notifications,
    tasks: &mut JoinSet<()>,
    ended: &CancellationToken,
) -> anyhow::Result<()> {
    for way in ways(settings)? {
        if let Way::Telegram(bot) = &way {
            let (bot, to) = (bot.clone(), notifications.clone());
            tasks.spawn(bot.until(to, Utc::now, ended.clone()));
        }
        let accounts = accounts_of_task(&settings.auth_database_url, None)?;
        let messenger = Messenger::new(notifications.clone(), accounts, way, Utc::now);
        tasks.spawn(messenger.until(ended.clone()));
    }
    for (channel, given) in [
        (Channel::Email, &settings.mail.smtp_url),
        (Channel::Telegram, &settings.telegram.telegram_token),
    ] {
        if given.as_deref().unwrap_or_default().is_empty()
            && let Err(error) = notifications.channel_close(channel, Utc::now()).await
        {
            tracing::warn!(channel = channel.name(), error.cause = %error, "messages may wait for what is not there any more");
        }
    }
    Ok(())
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
