//! Contexts and neighbours from settings: for the server, and for tasks that run once. None of them is asked for
//! anything yet.

use anyhow::Context;
use datacrowd_accounts::{
    Accounts, Registration, SealingKey, SealingKeys, Settings as AccountSettings, SigningKey,
};
use datacrowd_billing::{Billing, Terms};
use datacrowd_labelling::{BillingMode, Labelling};
use datacrowd_notifications::Notifications;

use crate::{
    args::{
        Billing as BillingArg, Checkout, Core, Prices, Registration as RegistrationArg, Sealing,
        Serve, StripeApi, WebhookSealing,
    },
    database::{pool, pool_of_statements},
    stripe::{Stripe, StripeSettings},
};

/// Connections of a task to each database that it needs.
const TASK_CONNECTIONS: u32 = 2;

/// Empty is absent: that is how a template leaves it.
fn given(value: Option<&String>) -> Option<String> {
    value.filter(|value| !value.is_empty()).cloned()
}

/// Who pays, as the contexts have it.
pub(crate) fn billing_mode(mode: BillingArg) -> BillingMode {
    match mode {
        BillingArg::Manual => BillingMode::Manual,
        BillingArg::Disabled => BillingMode::Disabled,
        BillingArg::Stripe => BillingMode::Stripe,
    }
}

/// The context core, for a task.
///
/// # Errors
/// The URL is none.
pub(crate) fn core_of_task(settings: &Core) -> anyhow::Result<Labelling> {
    let mode = billing_mode(settings.billing_mode);
    core(&settings.core_database_url, TASK_CONNECTIONS, mode)
}

/// The context core, for whoever asks it who belongs to a client, and nothing that is paid for.
///
/// # Errors
/// The URL is none.
pub(crate) fn core_of_dispatch(url: &str, connections: u32) -> anyhow::Result<Labelling> {
    core(url, connections, BillingMode::Disabled)
}

fn core(url: &str, connections: u32, mode: BillingMode) -> anyhow::Result<Labelling> {
    let calls = pool_of_statements(url, connections)?;
    Ok(Labelling::new(pool(url, connections)?, calls, mode))
}

/// The context auth, for a task. It signs nobody in, so its keys that sign are made up; and so is its key that seals,
/// unless the task has one.
///
/// # Errors
/// The URL is none, or a secret is too short.
pub(crate) fn accounts_of_task(url: &str, sealing: Option<&Sealing>) -> anyhow::Result<Accounts> {
    let signing = SigningKey::new("task", &rand::random::<[u8; 32]>())?;
    let sealing = match sealing {
        Some(sealing) => sealing_keys(sealing)?,
        None => made_up_keys()?,
    };
    let settings = AccountSettings::new(signing, None, sealing)?;
    Ok(Accounts::new(pool(url, TASK_CONNECTIONS)?, settings)?)
}

/// Notifications, for a task. It opens no secret, so its key is made up.
///
/// # Errors
/// The URL is none.
pub(crate) fn notifications_of_task(url: &str) -> anyhow::Result<Notifications> {
    Ok(Notifications::new(
        pool(url, TASK_CONNECTIONS)?,
        made_up_keys()?,
    ))
}

/// Payments, for a task.
///
/// # Errors
/// The URL is none.
pub(crate) fn billing_of_task(url: &str, prices: &Prices) -> anyhow::Result<Billing> {
    billing(url, TASK_CONNECTIONS, prices)
}

fn sealing_keys(settings: &Sealing) -> anyhow::Result<SealingKeys> {
    let (current, previous) = (&settings.totp_key, &settings.totp_key_previous);
    keys("DATACROWD_TOTP_KEY", current, previous.as_ref())
}

/// What seals the secrets of webhooks.
///
/// # Errors
/// A secret is too short.
pub(crate) fn webhook_keys(settings: &WebhookSealing) -> anyhow::Result<SealingKeys> {
    let (current, previous) = (&settings.webhook_key, &settings.webhook_key_previous);
    keys("DATACROWD_WEBHOOK_KEY", current, previous.as_ref())
}

/// Keys of the secret in this variable, and of the one before it in `…_PREVIOUS`.
fn keys(variable: &str, current: &str, previous: Option<&String>) -> anyhow::Result<SealingKeys> {
    let sealing = |secret: &str| SealingKey::new(secret.as_bytes());
    let seals = sealing(current).with_context(|| format!("reading {variable}"))?;
    let opens = given(previous).as_deref().map(sealing).transpose();
    let opens = opens.with_context(|| format!("reading {variable}_PREVIOUS"))?;
    Ok(SealingKeys::new(seals, opens))
}

/// Keys for who seals and opens nothing.
fn made_up_keys() -> anyhow::Result<SealingKeys> {
    let key = SealingKey::new(&rand::random::<[u8; 32]>())?;
    Ok(SealingKeys::new(key, None))
}

/// What accounts are told of the settings.
///
/// # Errors
/// A secret is too short.
pub(crate) fn account_settings(settings: &Serve) -> anyhow::Result<AccountSettings> {
    let signing = |secret: &str| SigningKey::new(key_id(secret), secret.as_bytes());
    let current = signing(&settings.jwt_secret)?;
    let previous = given(settings.jwt_secret_previous.as_ref());
    let previous = previous.as_deref().map(signing).transpose()?;
    let registration = match settings.registration {
        RegistrationArg::Open => Registration::Open,
        RegistrationArg::Invitation => Registration::Invitation,
    };
    let made = AccountSettings::new(current, previous, sealing_keys(&settings.sealing)?)?;
    Ok(made.with_registration(registration))
}

/// The context payments.
///
/// # Errors
/// The URL is none.
pub(crate) fn billing(url: &str, connections: u32, prices: &Prices) -> anyhow::Result<Billing> {
    let terms = Terms {
        price_cents: prices.price_cents,
        currency: prices.currency.clone(),
        minimum_cents: prices.minimum_payment_cents,
        livemode: prices.stripe_livemode,
    };
    Ok(Billing::new(pool(url, connections)?, terms))
}

/// Stripe, once every setting is there that the purpose needs.
///
/// # Errors
/// A secret is missing, or a setting does not fit.
pub(crate) fn stripe(
    prices: &Prices,
    api: &StripeApi,
    checkout: Option<&Checkout>,
) -> anyhow::Result<Stripe> {
    let secret_key = given(api.stripe_secret_key.as_ref())
        .context("DATACROWD_STRIPE_SECRET_KEY is missing; payments need a key of Stripe")?;
    let mut webhook_secrets = Vec::new();
    let (mut success_url, mut cancel_url) = (String::new(), String::new());
    if let Some(checkout) = checkout {
        let current = given(checkout.stripe_webhook_secret.as_ref()).context(
            "DATACROWD_STRIPE_WEBHOOK_SECRET is missing; without it no payment would ever be credited",
        )?;
        webhook_secrets = [
            Some(current),
            given(checkout.stripe_webhook_secret_previous.as_ref()),
        ]
        .into_iter()
        .flatten()
        .collect();
        success_url.clone_from(&checkout.checkout_success_url);
        cancel_url.clone_from(&checkout.checkout_cancel_url);
    }
    Stripe::new(StripeSettings {
        secret_key,
        api_url: given(api.stripe_api_url.as_ref()),
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
