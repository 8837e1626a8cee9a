//! From settings to two listening ports, and to their end.

use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use datacrowd_accounts::Accounts;
use datacrowd_labelling::Labelling;
use datacrowd_notifications::Notifications;
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{
        Args, Billing as BillingArg, Command, Migrate, Serve, TaskCommand, env_example,
        settings_json, settings_table,
    },
    background,
    cluster::Cluster,
    connect::{account_settings, billing, billing_mode, stripe, webhook_keys},
    console::Console,
    database::{pool, pool_of_statements},
    dispatch, errors,
    guards::time_limit::REQUEST_TIME,
    internal_openapi,
    listen::{HEADER_TIME, listen},
    metrics,
    objects::Objects,
    openapi, probe, scheduled,
    state::{App, Parts, Settings},
    upload_form::body::UPLOAD_IDLE,
};

/// Connections to the database `notifications`: it is asked for events, and by nothing that a worker waits for.
const NOTIFICATIONS_CONNECTIONS: u32 = 6;
/// How long open requests may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// Does what the command line asks for.
///
/// # Errors
/// What made it stop, with its causes.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Serve(settings) => serve(*settings).await,
        Command::Dispatch(settings) => dispatch::run(&settings, terminated()).await,
        Command::Migrate(settings) => migrate(&settings).await,
        Command::Run { task } => scheduled::run(&task, terminated()).await,
        Command::ReconcilePayments(settings) => {
            let task = TaskCommand::ReconcilePayments(settings);
            scheduled::run(&task, terminated()).await
        }
        Command::Probe { urls } => probe::run(&urls).await,
        Command::EventSchemas => {
            let schemas = datacrowd_notifications::schemas();
            print(&serde_json::to_string_pretty(&schemas).context("rendering the schemas")?)
        }
        Command::Errors => print(&errors()),
        Command::Metrics => print(&metrics::page()),
        Command::EnvExample => print(&env_example()),
        Command::Settings { json: false } => print(&settings_table()),
        Command::Settings { json: true } => print(&settings_json()),
        Command::Openapi { internal } => {
            let document = if internal {
                internal_openapi()
            } else {
                openapi()
            };
            let text = document.to_pretty_json();
            print(&text.context("rendering the OpenAPI document")?)
        }
    }
}

/// Writes to standard output; a reader that went away is its own business.
fn print(text: &str) -> anyhow::Result<()> {
    use std::io::{ErrorKind, Write};
    match writeln!(std::io::stdout(), "{}", text.trim_end()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output")
        }
        _ => Ok(()),
    }
}

/// Brings the databases to this version's schema; replicas that start together take turns.
async fn migrate(settings: &Migrate) -> anyhow::Result<()> {
    for (name, url, mut migrator) in [
        (
            "auth",
            &settings.auth_database_url,
            sqlx::migrate!("../migrations/auth"),
        ),
        (
            "core",
            &settings.core_database_url,
            sqlx::migrate!("../migrations/core"),
        ),
        (
            "payments",
            &settings.payments_database_url,
            sqlx::migrate!("../migrations/payments"),
        ),
        (
            "notifications",
            &settings.notifications_database_url,
            sqlx::migrate!("../migrations/notifications"),
        ),
    ] {
        // A release that went back meets migrations that it does not know, and works with what they made:
        // migrations/README.md.
        migrator.set_ignore_missing(true);
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_mins(1))
            .connect(url)
            .await
            .with_context(|| format!("connecting to database {name} as its owner"))?;
        migrator
            .run(&pool)
            .await
            .with_context(|| format!("migrating database {name}"))?;
        tracing::info!(database = name, "schema is up to date");
        pool.close().await;
    }
    Ok(())
}

async fn serve(settings: Serve) -> anyhow::Result<()> {
    let metrics = datacrowd_telemetry::install_metrics(metrics::SERVER)
        .context("installing the metrics recorder")?;
    let app = build(&settings, metrics).await?;
    if let (Some(username), Some(email), Some(password)) = (
        &settings.admin_username,
        &settings.admin_email,
        &settings.admin_password,
    ) {
        app.accounts
            .ensure_admin(username, email, password, app.now())
            .await
            .context("making the first ADMIN")?;
    }
    let forgiven = app
        .core
        .debt_forgive()
        .await
        .context("forgetting what was spent while nothing is gated")?;
    if forgiven > 0 {
        tracing::info!(
            projects = forgiven,
            "what was spent while nothing is gated is forgotten"
        );
    }
    let stop = CancellationToken::new();
    let sweep = Duration::from_secs(settings.sweep_seconds.max(1));
    let background = background::begin(&app, sweep, &stop);
    let public = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {}", settings.listen))?;
    let internal = TcpListener::bind(settings.internal_listen)
        .await
        .with_context(|| format!("listening on {}", settings.internal_listen))?;
    tracing::info!(public = %settings.listen, internal = %settings.internal_listen, "serving");
    let servers = async {
        tokio::join!(
            listen(public, app.public(), HEADER_TIME, stop.clone()),
            listen(internal, app.internal(), HEADER_TIME, stop.clone())
        )
    };
    let signal = async {
        terminated().await;
        tracing::info!("draining");
        // Whoever asks is told first; what was already on its way here is still answered.
        app.drain();
        tokio::time::sleep(Duration::from_secs(settings.drain_delay_seconds)).await;
        stop.cancel();
        tokio::time::sleep(DRAIN).await;
    };
    tokio::select! {
        _ = servers => {}
        () = signal => tracing::warn!("requests were still open when the time to drain was over"),
    }
    stop.cancel();
    background.join_all().await;
    Ok(())
}

/// The application over its neighbours, none of which is asked for anything yet.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the server, handed to all who ask for the time"
)]
async fn build(
    settings: &Serve,
    metrics: datacrowd_telemetry::PrometheusHandle,
) -> anyhow::Result<App> {
    let accounts = Accounts::new(
        pool(&settings.auth_database_url, settings.database_connections)?,
        account_settings(settings)?,
    )?;
    let checkout = Some(&settings.checkout);
    let stripe = match settings.billing_mode {
        BillingArg::Manual | BillingArg::Disabled => None,
        BillingArg::Stripe => Some(stripe(&settings.prices, &settings.stripe, checkout)?),
    };
    let calls = (settings.database_connections / 2).max(1);
    let transactions = (settings.database_connections - calls).max(1);
    let core = Labelling::new(
        pool(&settings.core_database_url, transactions)?,
        pool_of_statements(&settings.core_database_url, calls)?,
        billing_mode(settings.billing_mode),
    );
    let billing = billing(
        &settings.payments_database_url,
        settings.database_connections,
        &settings.prices,
    )?;
    let notifications = Notifications::new(
        pool(
            &settings.notifications_database_url,
            NOTIFICATIONS_CONNECTIONS.min(settings.database_connections),
        )?,
        webhook_keys(&settings.webhook_sealing)?,
    );
    let client = kube::Client::try_default()
        .await
        .context("finding the cluster")?;
    let objects = Objects::connect(&settings.objects).await;
    Ok(App::new(Parts {
        accounts,
        core,
        billing,
        notifications,
        stripe,
        cluster: Cluster::new(client),
        objects,
        settings: rules(settings)?,
        metrics,
        clock: Utc::now,
    }))
}

/// What handlers read of the settings.
fn rules(settings: &Serve) -> anyhow::Result<Settings> {
    let internal_tokens = [
        Some(settings.internal_token.clone()),
        settings.internal_token_previous.clone(),
    ]
    .into_iter()
    .flatten()
    .filter(|t| !t.is_empty())
    .collect();
    Ok(Settings {
        internal_tokens,
        max_upload_bytes: settings.max_upload_bytes,
        trusted_proxies: settings.trusted_proxies.clone(),
        cors_origins: settings.cors_origins.clone(),
        requests_per_address: settings.requests_per_address,
        requests_per_account: settings.requests_per_account,
        console: console(settings)?,
        request_time: REQUEST_TIME,
        upload_idle: UPLOAD_IDLE,
        scheduled_tasks: settings.scheduled_tasks.clone(),
    })
}

async fn terminated() {
    let mut term = match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(term) => term,
        Err(error) => {
            tracing::error!(error.cause = %error, "SIGTERM cannot be heard; only Ctrl-C ends this process in order");
            let _ = tokio::signal::ctrl_c().await;
            return;
        }
    };
    tokio::select! {
        _ = term.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// The console, where its folder is named. Its pages show what the object store serves people.
fn console(settings: &Serve) -> anyhow::Result<Option<Console>> {
    let Some(folder) = &settings.console_dir else {
        return Ok(None);
    };
    let mut origins = settings.console_media_origins.clone();
    origins.push(settings.objects.public_origin());
    Console::new(folder, &origins).map(Some)
}
