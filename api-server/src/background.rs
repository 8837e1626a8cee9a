//! What runs beside requests and must be prompt: leases end, the outbox is emptied, deletions go on, and
//! monitoring is told what waits. What may wait for its hour is [`crate::scheduled`]'s.

use std::time::Duration;

use chrono::{DateTime, Utc};
use datacrowd_billing::PaymentsMessage;
use datacrowd_crds::{Project, names::BILLING_REVISION};
use datacrowd_labelling::CoreMessage;
use datacrowd_outbox::{Failure, Message, Receiver};
use datacrowd_telemetry::Gauge;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::{
    error::ApiResult,
    membership::invited::settle_invitations,
    metrics::{server, set_backlog},
    scheduled::gauges,
    state::App,
};

/// Begins all of it, in every replica: the database decides who does what. It goes on until `stop`.
pub fn begin(app: &App, sweep: Duration, stop: &CancellationToken) -> JoinSet<()> {
    let mut begun = Begun {
        app,
        stop,
        tasks: JoinSet::new(),
    };
    begun.every(sweep, leases);
    begun.every(sweep, deletions);
    begun.every(Duration::from_secs(1), answers);
    begun.every(Duration::from_secs(1), outbox);
    begun.every(Duration::from_secs(1), payments);
    begun.every(Duration::from_secs(30), backlog);
    begun.every(Duration::from_mins(1), limits);
    begun.every(Duration::from_secs(15), settle_invitations);
    begun.listen();
    begun.tasks
}

struct Begun<'a> {
    app: &'a App,
    stop: &'a CancellationToken,
    tasks: JoinSet<()>,
}

impl Begun<'_> {
    /// Hears of new events; it has no pass that ends.
    fn listen(&mut self) {
        let (app, stop) = (self.app.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            stop.run_until_cancelled(arrivals(app)).await;
        });
    }

    /// A pass now, and another one so long after each has ended.
    fn every<F>(&mut self, period: Duration, pass: fn(App) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (app, stop) = (self.app.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            loop {
                pass(app.clone()).await;
                let pause = tokio::time::sleep(period);
                if stop.run_until_cancelled(pause).await.is_none() {
                    return;
                }
            }
        });
    }
}

/// Ends leases that are over.
async fn leases(app: App) {
    match app.core.sweep(app.now()).await {
        Ok(swept) => {
            server::LEASES_EXPIRED.only().increment(swept.leases);
            server::GOLD_DECIDED.only().increment(swept.gold.decided);
            let charged = swept.gold.charged.unsigned_abs();
            server::GOLD_CHARGED.only().increment(charged);
        }
        Err(error) => {
            tracing::warn!(error.cause = %error, "a sweep failed; the next one tries again");
        }
    }
}

/// Has models answer what they are sure enough of.
async fn answers(app: App) {
    match app.core.models_answer(app.now()).await {
        Ok(answers) => server::MODEL_ANSWERS.only().increment(answers),
        Err(error) => {
            tracing::warn!(error.cause = %error, "models cannot answer; the next pass tries again");
        }
    }
}

/// Goes on with deletions that nobody ended.
async fn deletions(app: App) {
    let bucket = app.objects.bucket().name();
    if let Err(error) = app.core.sweep_deleted(bucket, app.now()).await {
        tracing::warn!(error.cause = %error, "deleted datasets cannot be let go; the next pass tries again");
    }
}

async fn outbox(app: App) {
    if let Err(error) = outbox_pass(&app).await {
        tracing::warn!(error.cause = %error, "the outbox cannot be emptied; the next pass tries again");
    }
}

/// Acts on what the context core has to tell.
///
/// # Errors
/// The database failed.
pub async fn outbox_pass(app: &App) -> datacrowd_labelling::Result<()> {
    let outbox = app.core.outbox();
    outbox.relay(&Neighbours(app), || app.now()).await?;
    Ok(())
}

async fn payments(app: App) {
    if let Err(error) = payments_pass(&app).await {
        tracing::warn!(error.cause = %error, "payments cannot be told on; the next pass tries again");
    }
}

/// Settles parked events and tells the context core what payments grant.
///
/// # Errors
/// The payments database failed.
pub async fn payments_pass(app: &App) -> datacrowd_billing::Result<()> {
    app.billing.events_unpark(app.now()).await?;
    let outbox = app.billing.outbox();
    outbox.relay(&Core(app), || app.now()).await?;
    Ok(())
}

/// The cluster and the object store: what the context core tells.
struct Neighbours<'a>(&'a App);

impl Receiver<CoreMessage> for Neighbours<'_> {
    async fn take(&self, message: &Message<CoreMessage>) -> Result<(), Failure> {
        let Self(app) = self;
        let told = match &message.body {
            CoreMessage::BillingRevision { namespace, name } => {
                billing_revision(app, namespace, name, message.id.0).await
            }
            CoreMessage::DeleteObject { key } => app.objects.delete_written(key).await,
        };
        // The refusal logged itself.
        told.map_err(|_| Failure::Later)
    }
}

/// The context core: what payments tell.
struct Core<'a>(&'a App);

impl Receiver<PaymentsMessage> for Core<'_> {
    async fn take(&self, message: &Message<PaymentsMessage>) -> Result<(), Failure> {
        let PaymentsMessage::PaymentGrant(grant) = &message.body;
        match self.0.core.payment_grant(grant).await {
            Ok(_) => Ok(()),
            // Also a refusal: a core that was restored to an earlier time may know the project again.
            Err(error) => {
                tracing::warn!(error.cause = %error, payment.id = %grant.payment, "a payment's grant cannot be told; it is tried again");
                Err(Failure::Later)
            }
        }
    }
}

/// Wakes what waits for a project's budget. A Project that is gone, replaced or in somebody else's namespace by now
/// has nothing to be told.
async fn billing_revision(app: &App, namespace: &str, name: &str, row: i64) -> ApiResult<()> {
    for (tenant, uid) in app.core.projects_bound(namespace, name).await? {
        let tenant = app.core.tenant_get(tenant).await?;
        let told = match app.cluster.bound(namespace, &tenant).await {
            Ok(at) => {
                let revision = row.to_string();
                app.cluster
                    .annotate::<Project>(&at, name, Some(uid), BILLING_REVISION, &revision)
                    .await
            }
            Err(error) => Err(error),
        };
        match told {
            Err(error) if !error.is_refusal() => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// Wakes who reads events, for ever.
async fn arrivals(app: App) {
    loop {
        if let Err(error) = hear(&app).await {
            tracing::warn!(error.cause = %error, "new events cannot be heard of; readers look for themselves meanwhile");
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

async fn hear(app: &App) -> datacrowd_notifications::Result<()> {
    let mut arrivals = app.notifications.arrivals().await?;
    // Something may have come before.
    app.arrived(None);
    loop {
        app.arrived(arrivals.next().await?);
    }
}

/// Forgets the counts of clients that have been quiet.
async fn limits(app: App) {
    app.limits().forget_idle();
}

/// Sets the gauges of the queue, of the outboxes, of parked events and of tasks on a schedule. Each replica reads the same rows. A gauge
/// keeps its value while its database does not answer.
pub async fn backlog(app: App) {
    let now = app.now();
    match app.core.backlog(now).await {
        Ok(backlog) => core_gauges(&backlog, now),
        Err(error) => {
            tracing::warn!(error.cause = %error, "what waits in the context core cannot be counted; the next pass tries again");
        }
    }
    match app.core.queue_depth().await {
        Ok(depth) => {
            let gauges = (
                server::PREDICTION_QUEUE_ITEMS,
                server::PREDICTION_QUEUE_OLDEST_SECONDS,
            );
            set_backlog(gauges, [], (depth.waiting, depth.since), now);
        }
        Err(error) => {
            tracing::warn!(error.cause = %error, "what waits for models cannot be counted; the next pass tries again");
        }
    }
    match app.billing.backlog().await {
        Ok(backlog) => payments_gauges(&backlog, now),
        Err(error) => {
            tracing::warn!(error.cause = %error, "what waits in payments cannot be counted; the next pass tries again");
        }
    }
    gauges(&app).await;
}

/// What a context's outbox holds.
const OUTBOX: (Gauge<1>, Gauge<1>) = (server::OUTBOX_ROWS, server::OUTBOX_LAG_SECONDS);

fn core_gauges(backlog: &datacrowd_labelling::Backlog, now: DateTime<Utc>) {
    let ready = (server::TASKS_READY, server::TASKS_OLDEST_READY_SECONDS);
    set_backlog(ready, [], (backlog.ready, backlog.ready_since), now);
    server::LEASES.only().set(backlog.leases as f64);
    server::ANSWERS_IN_REVIEW
        .only()
        .set(backlog.in_review as f64);
    server::TASKS_BELOW_CONFIDENCE
        .only()
        .set(backlog.below_confidence as f64);
    for (action, workers) in backlog.below_skill {
        server::WORKERS_BELOW_SKILL
            .with([action])
            .set(workers as f64);
    }
    server::LOST_RESOURCES.only().set(backlog.lost as f64);
    server::LOST_SWEEP_STOPPED
        .only()
        .set(f64::from(u8::from(backlog.lost_stopped)));
    set_backlog(
        OUTBOX,
        ["core"],
        (backlog.outbox, backlog.outbox_since),
        now,
    );
}

fn payments_gauges(backlog: &datacrowd_billing::Backlog, now: DateTime<Utc>) {
    set_backlog(
        OUTBOX,
        ["payments"],
        (backlog.outbox, backlog.outbox_since),
        now,
    );
    let parked = (
        server::STRIPE_EVENTS_PARKED,
        server::STRIPE_EVENTS_OLDEST_PARKED_SECONDS,
    );
    set_backlog(parked, [], (backlog.parked, backlog.parked_since), now);
}
