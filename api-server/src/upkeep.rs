//! What keeps accounts in order beside requests: what is over is forgotten, second steps are sealed under the current
//! key, addresses get the form in which they are compared.

use crate::state::App;

/// One pass over all of it.
pub async fn accounts(app: App) {
    if let Err(error) = app.accounts.sweep(app.now()).await {
        tracing::warn!(error.cause = %error, "old sessions cannot be removed");
    }
    if let Err(error) = app.core.idempotency().sweep(app.now()).await {
        tracing::warn!(error.cause = %error, "old idempotency keys cannot be removed");
    }
    second_steps(&app).await;
    addresses(&app).await;
}

async fn second_steps(app: &App) {
    match app.accounts.seal_secrets().await {
        Ok(pass) if pass.lost > 0 => tracing::error!(
            lost = pass.lost,
            "second steps are sealed under a key that is not here; give it as DATACROWD_TOTP_KEY_PREVIOUS, or their devices stay refused"
        ),
        Ok(pass) if pass.sealed > 0 => {
            tracing::info!(
                sealed = pass.sealed,
                "second steps were sealed under the current key"
            );
        }
        Ok(_) => {}
        Err(error) => {
            tracing::warn!(error.cause = %error, "second steps cannot be sealed; the next pass tries again");
        }
    }
}

async fn addresses(app: &App) {
    match app.accounts.key_emails().await {
        Ok(pass) if pass.left.is_empty() => {}
        // Every hour until somebody decides: docs/upgrade.md says how they are found.
        Ok(pass) => tracing::warn!(
            accounts = pass.left.len(),
            "accounts have an address that another one has in another spelling, or that is none; they sign in by name"
        ),
        Err(error) => {
            tracing::warn!(error.cause = %error, "addresses cannot be compared in one form yet; the next pass tries again");
        }
    }
}
