//! Tasks that run on a schedule: `run <task>` makes one, and ends. A CronJob of the chart calls it.
//!
//! Each is idempotent, runs once at a time, and is recorded; what must be prompt is [`crate::background`]'s.

mod account_upkeep;
mod consensus;
mod forgotten_uploads;
mod gauges;
mod ledger_drift;
mod retention;

use std::{future::Future, pin::pin};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use datacrowd_labelling::{Labelling, ScheduledTask};

use crate::{
    args::TaskCommand,
    cluster::Cluster,
    connect::{accounts_of_task, billing_of_task, core_of_task, notifications_of_task, stripe},
    lost,
    objects::Objects,
    reconcile,
};

pub use gauges::{AwaitedTask, gauges};

/// How a run went that did not fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ran {
    /// It did its work, and left so much for a person to look at.
    Done {
        /// Sessions, payments, accounts: as the task counts.
        found: u32,
    },
    /// Another run of the task goes on; this one did nothing.
    AlreadyRunning,
}

/// The command: one run, which is given up once `stop` ends.
///
/// # Errors
/// The task failed, or was told to stop; the record says so, if its database answers.
#[expect(
    clippy::disallowed_methods,
    reason = "the one clock of the command, handed to all who ask for the time"
)]
pub async fn run(command: &TaskCommand, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let core = core_of_task(command.core())?;
    let work = async {
        tokio::select! {
            done = work(command, &core, Utc::now()) => done,
            () = stop => bail!("the task was told to stop before it had ended"),
        }
    };
    once(&core, command.task(), Utc::now, work).await?;
    Ok(())
}

/// One run of a task, unless another one goes on.
///
/// # Errors
/// The work failed, which is recorded, or the record cannot be written.
pub async fn once(
    core: &Labelling,
    task: ScheduledTask,
    clock: fn() -> DateTime<Utc>,
    work: impl Future<Output = anyhow::Result<u32>>,
) -> anyhow::Result<Ran> {
    let name = task.name();
    let run = core.scheduled_run_begin(task, clock()).await;
    let Some(run) = run.with_context(|| format!("beginning {name}"))? else {
        tracing::info!(task = name, "already running");
        return Ok(Ran::AlreadyRunning);
    };
    match pin!(work).await {
        Ok(found) => {
            let recorded = run.succeed(found, clock()).await;
            recorded.with_context(|| format!("recording that {name} succeeded"))?;
            tracing::info!(task = name, found, "the task is done");
            Ok(Ran::Done { found })
        }
        Err(error) => {
            // The reason why the task failed matters more than that it is not recorded.
            if let Err(unrecorded) = run.fail(&format!("{error:#}"), clock()).await {
                tracing::warn!(task = name, error.cause = %unrecorded, "that the task failed cannot be recorded");
            }
            Err(error.context(format!("running {name}")))
        }
    }
}

/// What each task does, over what it needs.
async fn work(command: &TaskCommand, core: &Labelling, now: DateTime<Utc>) -> anyhow::Result<u32> {
    match command {
        TaskCommand::ForgottenUploads(settings) => {
            let objects = Objects::connect(&settings.objects).await;
            forgotten_uploads::run(core, &objects, now).await
        }
        TaskCommand::Retention(settings) => {
            let accounts = accounts_of_task(&settings.auth_database_url, None)?;
            let notifications = notifications_of_task(&settings.notifications_database_url)?;
            retention::run(&accounts, core, &notifications, now).await
        }
        TaskCommand::AccountUpkeep(settings) => {
            let url = &settings.auth_database_url;
            account_upkeep::run(&accounts_of_task(url, Some(&settings.sealing))?).await
        }
        TaskCommand::LedgerDrift(settings) => {
            let billing = billing_of_task(&settings.payments_database_url, &settings.prices)?;
            ledger_drift::run(&billing).await
        }
        TaskCommand::LostResources(_) => {
            let client = kube::Client::try_default().await;
            let cluster = Cluster::new(client.context("finding the cluster")?);
            lost::pass(core, &cluster, now).await?;
            Ok(0)
        }
        TaskCommand::Consensus(_) => consensus::run(core, now).await,
        TaskCommand::ReconcilePayments(settings) => {
            let billing = billing_of_task(&settings.payments_database_url, &settings.prices)?;
            // Nothing is opened and no event is taken: neither secrets nor addresses are needed.
            let stripe = stripe(&settings.prices, &settings.stripe, None)?;
            reconcile::run(&billing, &stripe, settings.reconcile_days, now).await?;
            Ok(0)
        }
    }
}
