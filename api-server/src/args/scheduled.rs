//! Settings of the tasks that `run` makes: each asks for what its work needs, and for nothing else.

use clap::{Args as ClapArgs, Subcommand};
use datacrowd_labelling::ScheduledTask;

use super::{Billing, Objects, Prices, StripeApi};

/// A task that runs on a schedule.
#[derive(Debug, Clone, Subcommand)]
pub enum TaskCommand {
    /// Remove uploads that nobody finished within a day.
    ForgottenUploads(ForgottenUploads),
    /// Remove sessions, links, idempotency keys and events that are over.
    Retention(Retention),
    /// Seal second steps under the current key, and give addresses the form in which they are compared.
    AccountUpkeep(AccountUpkeep),
    /// Compare payments with the ledger.
    LedgerDrift(LedgerDrift),
    /// Find what the cluster lost.
    LostResources(LostResources),
    /// Fit how often each worker is right, and do what projects say about those who are not.
    Consensus(Consensus),
    /// Compare Stripe's sessions of the last days with the payments, and repair what is missing.
    ReconcilePayments(Reconcile),
}

impl TaskCommand {
    /// Which task it is.
    #[must_use]
    pub fn task(&self) -> ScheduledTask {
        match self {
            Self::ForgottenUploads(_) => ScheduledTask::ForgottenUploads,
            Self::Retention(_) => ScheduledTask::Retention,
            Self::AccountUpkeep(_) => ScheduledTask::AccountUpkeep,
            Self::LedgerDrift(_) => ScheduledTask::LedgerDrift,
            Self::LostResources(_) => ScheduledTask::LostResources,
            Self::Consensus(_) => ScheduledTask::Consensus,
            Self::ReconcilePayments(_) => ScheduledTask::ReconcilePayments,
        }
    }

    /// Where its runs are recorded.
    #[must_use]
    pub fn core(&self) -> &Core {
        match self {
            Self::ForgottenUploads(ForgottenUploads { core, .. })
            | Self::Retention(Retention { core, .. })
            | Self::AccountUpkeep(AccountUpkeep { core, .. })
            | Self::LedgerDrift(LedgerDrift { core, .. })
            | Self::LostResources(LostResources { core })
            | Self::Consensus(Consensus { core })
            | Self::ReconcilePayments(Reconcile { core, .. }) => core,
        }
    }
}

/// The context core: every task is locked and recorded there.
#[derive(Debug, Clone, ClapArgs)]
pub struct Core {
    /// Database `core`, as the application's role.
    #[arg(long, env = "CORE_DATABASE_URL", hide_env_values = true)]
    pub core_database_url: String,
    /// Who pays, as the server has it.
    #[arg(long, env = "DATACROWD_BILLING_MODE", default_value = "manual")]
    pub billing_mode: Billing,
}

/// Settings of `forgotten-uploads`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct ForgottenUploads {
    #[command(flatten)]
    pub core: Core,
    #[command(flatten)]
    pub objects: Objects,
}

/// Settings of `retention`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct Retention {
    #[command(flatten)]
    pub core: Core,
    /// Database `auth`, as the application's role.
    #[arg(long, env = "AUTH_DATABASE_URL", hide_env_values = true)]
    pub auth_database_url: String,
    /// Database `notifications`, as the application's role.
    #[arg(long, env = "NOTIFICATIONS_DATABASE_URL", hide_env_values = true)]
    pub notifications_database_url: String,
}

/// Settings of `account-upkeep`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct AccountUpkeep {
    #[command(flatten)]
    pub core: Core,
    /// Database `auth`, as the application's role.
    #[arg(long, env = "AUTH_DATABASE_URL", hide_env_values = true)]
    pub auth_database_url: String,
    #[command(flatten)]
    pub sealing: super::Sealing,
}

/// Settings of `ledger-drift`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct LedgerDrift {
    #[command(flatten)]
    pub core: Core,
    /// Database `payments`, as the application's role.
    #[arg(long, env = "PAYMENTS_DATABASE_URL", hide_env_values = true)]
    pub payments_database_url: String,
    #[command(flatten)]
    pub prices: Prices,
}

/// Settings of `lost-resources`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct LostResources {
    #[command(flatten)]
    pub core: Core,
}

/// Settings of `consensus`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct Consensus {
    #[command(flatten)]
    pub core: Core,
}

/// Settings of `reconcile-payments`.
#[derive(Debug, Clone, ClapArgs)]
#[expect(missing_docs, reason = "the help texts say it")]
pub struct Reconcile {
    #[command(flatten)]
    pub core: Core,
    /// Database `payments`, as the application's role.
    #[arg(long, env = "PAYMENTS_DATABASE_URL", hide_env_values = true)]
    pub payments_database_url: String,
    #[command(flatten)]
    pub prices: Prices,
    #[command(flatten)]
    pub stripe: StripeApi,
    /// How many days back.
    #[arg(long, env = "DATACROWD_RECONCILE_DAYS", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=365))]
    pub reconcile_days: u32,
}
