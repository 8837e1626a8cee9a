//! Compares payments with the ledger. It reads every payment.

use datacrowd_billing::Billing;

/// How many payments the ledger does not fit. They are for a person and do not fail the run: an alert of their
/// own tells of them.
pub(super) async fn run(billing: &Billing) -> anyhow::Result<u32> {
    let drifted = billing.ledger_drift().await?;
    for payment in &drifted {
        tracing::error!(payment.id = %payment, "the ledger does not hold what the payment says");
    }
    Ok(u32::try_from(drifted.len()).unwrap_or(u32::MAX))
}
