//! Keeps accounts in order: second steps are sealed under the current key, addresses get the form in which they
//! are compared.

use anyhow::Context;
use datacrowd_accounts::Accounts;

/// One pass over all of it; the one part does not wait for the other. It finds accounts that a person must help.
pub(super) async fn run(accounts: &Accounts) -> anyhow::Result<u32> {
    let (lost, left) = (second_steps(accounts).await, addresses(accounts).await);
    let found = lost?.saturating_add(left?);
    Ok(u32::try_from(found).unwrap_or(u32::MAX))
}

async fn second_steps(accounts: &Accounts) -> anyhow::Result<u64> {
    let pass = accounts.seal_secrets().await;
    let pass = pass.context("sealing second steps")?;
    if pass.sealed > 0 {
        tracing::info!(
            sealed = pass.sealed,
            "second steps were sealed under the current key"
        );
    }
    if pass.lost > 0 {
        tracing::error!(
            lost = pass.lost,
            "second steps are sealed under a key that is not here; give it as DATACROWD_TOTP_KEY_PREVIOUS, or their devices stay refused"
        );
    }
    Ok(pass.lost)
}

async fn addresses(accounts: &Accounts) -> anyhow::Result<u64> {
    let pass = accounts.key_emails().await;
    let left = pass.context("giving addresses their form")?.left.len();
    if left > 0 {
        // Every hour until somebody decides: docs/upgrade.md says how they are found.
        tracing::warn!(
            accounts = left,
            "accounts have an address that another one has in another spelling, or that is none; they sign in by name"
        );
    }
    Ok(left as u64)
}
