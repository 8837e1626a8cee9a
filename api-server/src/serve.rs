//! From settings to two listening ports, and to their end.

use std::time::Duration;

use anyhow::Context;
use chrono::Utc;
use datacrowd_accounts::{
    Accounts, Registration, SealingKey, SealingKeys, Settings as AccountSettings, SigningKey,
};
use datacrowd_billing::{Billing, Terms};
use datacrowd_labelling::{BillingMode, Labelling};
use sqlx::postgres::PgPoolOptions;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::{
    args::{
        Args, Billing as BillingArg, Checkout, Command, Migrate, Prices,
        Registration as RegistrationArg, Serve, StripeApi, env_example, settings_table,
    },
    background,
    cluster::Cluster,
    console::Console,
    database::{pool, pool_of_statements},
    guards::time_limit::REQUEST_TIME,
    internal_openapi,
    listen::{HEADER_TIME, listen},
    objects::Objects,
    openapi, probe, reconcile,
    state::{App, Parts, Settings},
    stripe::{Stripe, StripeSettings},
    upload_form::body::UPLOAD_IDLE,
};

/// How long open requests may take after SIGTERM.
const DRAIN: Duration = Duration::from_secs(20);

/// Does what the command line asks for.
///
/// # Errors
/// What made it stop, with its causes.
pub async fn run(args: Args) -> anyhow::Result<()> {
    match args.command {
        Command::Serve(settings) => serve(*settings).await,
        Command::Migrate(settings) => migrate(&settings).await,
        Command::ReconcilePayments(settings) => {
            let billing = billing(&settings.payments_database_url, 2, &settings.prices)?;
            // Nothing is opened and no event is taken: neither secrets nor addresses are needed.
            let stripe = stripe(&settings.prices, &settings.stripe, None)?;
            reconcile::run(&billing, &stripe, settings.reconcile_days).await
        }
        Command::Probe { urls } => probe::run(&urls).await,
        Command::EnvExample => print(&env_example()),
        Command::Settings => print(&settings_table()),
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
    ] {
        // A release that went back meets migrations that it does not know, and works with what they made:
        // migrations/README.md.
        migrator.set_ignore_missing(true);
        let pool = PgPoolOptions::new()
            .max_connections(2)
            .acquire_timeout(Duration::from_secs(60))
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
    let metrics =
        datacrowd_telemetry::install_metrics().context("installing the metrics recorder")?;
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
    let (mode, stripe) = match settings.billing_mode {
        BillingArg::Manual => (BillingMode::Manual, None),
        BillingArg::Disabled => (BillingMode::Disabled, None),
        BillingArg::Stripe => {
            let stripe = stripe(&settings.prices, &settings.stripe, Some(&settings.checkout))?;
            (BillingMode::Stripe, Some(stripe))
        }
    };
    let calls = (settings.database_connections / 2).max(1);
    let transactions = (settings.database_connections - calls).max(1);
    let core = Labelling::new(
        pool(&settings.core_database_url, transactions)?,
        pool_of_statements(&settings.core_database_url, calls)?,
        mode,
    );
    let billing = billing(
        &settings.payments_database_url,
        settings.database_connections,
        &settings.prices,
    )?;
    let client = kube::Client::try_default()
        .await
        .context("finding the cluster")?;
    let objects = Objects::connect(&settings.objects).await;
    Ok(App::new(Parts {
        accounts,
        core,
        billing,
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
    })
}

fn account_settings(settings: &Serve) -> anyhow::Result<AccountSettings> {
    let given = |value: &Option<String>| value.clone().filter(|v| !v.is_empty());
    let signing = |secret: &str| SigningKey::new(key_id(secret), secret.as_bytes());
    let current = signing(&settings.jwt_secret)?;
    let previous = given(&settings.jwt_secret_previous);
    let previous = previous.as_deref().map(signing).transpose()?;
    let sealing = |secret: &str| SealingKey::new(secret.as_bytes());
    let seals = sealing(&settings.totp_key).context("reading DATACROWD_TOTP_KEY")?;
    let opens = given(&settings.totp_key_previous);
    let opens = opens.as_deref().map(sealing).transpose();
    let opens = opens.context("reading DATACROWD_TOTP_KEY_PREVIOUS")?;
    let registration = match settings.registration {
        RegistrationArg::Open => Registration::Open,
        RegistrationArg::Invitation => Registration::Invitation,
    };
    let made = AccountSettings::new(current, previous, SealingKeys::new(seals, opens))?;
    Ok(made.with_registration(registration))
}

fn billing(url: &str, connections: u32, prices: &Prices) -> anyhow::Result<Billing> {
    let terms = Terms {
        price_cents: prices.price_cents,
        currency: prices.currency.clone(),
        minimum_cents: prices.minimum_payment_cents,
        livemode: prices.stripe_livemode,
    };
    Ok(Billing::new(pool(url, connections)?, terms))
}

/// Stripe, once every setting is there that the purpose needs. Empty is absent: that is how a template leaves it.
fn stripe(prices: &Prices, api: &StripeApi, checkout: Option<&Checkout>) -> anyhow::Result<Stripe> {
    let given = |value: &Option<String>| value.clone().filter(|v| !v.is_empty());
    let secret_key = given(&api.stripe_secret_key)
        .context("DATACROWD_STRIPE_SECRET_KEY is missing; payments need a key of Stripe")?;
    let (mut webhook_secrets, mut success_url, mut cancel_url) = Default::default();
    if let Some(checkout) = checkout {
        let current = given(&checkout.stripe_webhook_secret).context(
            "DATACROWD_STRIPE_WEBHOOK_SECRET is missing; without it no payment would ever be credited",
        )?;
        webhook_secrets = [
            Some(current),
            given(&checkout.stripe_webhook_secret_previous),
        ]
        .into_iter()
        .flatten()
        .collect();
        success_url = checkout.checkout_success_url.clone();
        cancel_url = checkout.checkout_cancel_url.clone();
    }
    Stripe::new(StripeSettings {
        secret_key,
        api_url: given(&api.stripe_api_url),
        livemode: prices.stripe_livemode,
        webhook_secrets,
        success_url,
        cancel_url,
    })
}

/// Names a signing key by its digest, so that a rotated secret has another name.
fn key_id(secret: &str) -> String {
    use sha2::{Digest, Sha256};
    hex::encode(&Sha256::digest(secret.as_bytes())[..6])
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
