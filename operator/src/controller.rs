//! How a controller runs: its passes, and what follows one that failed. Once for all kinds.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::{Stream, StreamExt, stream};
use kube::{
    Resource, ResourceExt,
    runtime::{Controller, controller, controller::Action, reflector::ObjectRef},
};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

use crate::{
    backoff::pause,
    context::Context,
    error::Error,
    guarded::Guarded,
    lifecycle::{self, Orphan},
    managed::Managed,
    metrics, report,
};

/// What starts and ends a controller's work besides its watches.
#[derive(Clone)]
pub(crate) struct Control {
    /// Ends it after the passes under way.
    pub shutdown: CancellationToken,
    /// Each message asks for a pass over everything.
    pub nudges: broadcast::Sender<()>,
}

/// Runs a controller until it is told to stop and its passes under way have ended.
pub(crate) async fn run<K: Managed>(
    controller: Controller<Guarded<K>>,
    ctx: Arc<Context>,
    control: Control,
) {
    let config = controller::Config::default().concurrency(ctx.settings.concurrency);
    metrics::MAX_CONCURRENT_RECONCILES
        .with([K::KIND])
        .set(f64::from(ctx.settings.concurrency));
    let shutdown = control.shutdown.clone();
    controller
        .with_config(config)
        .reconcile_all_on(every(control.nudges.subscribe()))
        .graceful_shutdown_on(async move { shutdown.cancelled().await })
        .run(pass::<K>, error_policy::<K>, ctx)
        .for_each(|result| async move {
            match result {
                // Failed passes were logged by the error policy; a deleted object is no failure.
                Ok(_)
                | Err(
                    controller::Error::ReconcilerFailed(..) | controller::Error::ObjectNotFound(_),
                ) => {}
                Err(error) => {
                    tracing::warn!(
                        kind = K::KIND,
                        error = &error as &dyn std::error::Error,
                        "watching"
                    );
                }
            }
        })
        .await;
}

fn every(nudges: broadcast::Receiver<()>) -> impl Stream<Item = ()> + Send {
    stream::unfold(nudges, |mut nudges| async move {
        match nudges.recv().await {
            Ok(()) | Err(broadcast::error::RecvError::Lagged(_)) => Some(((), nudges)),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    })
}

async fn pass<K: Managed>(object: Arc<Guarded<K>>, ctx: Arc<Context>) -> Result<Action, Error> {
    let begun = Instant::now();
    let _permit = K::width(&ctx).acquire().await;
    let active = metrics::ACTIVE_WORKERS.with([K::KIND]);
    active.increment(1.0);
    let result = match &object.0 {
        Ok(object) => lifecycle::reconcile(&ctx, Arc::new(object.clone())).await,
        Err(invalid) => {
            let orphan = Orphan::new(&invalid.metadata, &invalid.error);
            lifecycle::undecodable::<K>(&ctx, orphan).await
        }
    };
    active.decrement(1.0);
    match &result {
        Ok(_) => {
            ctx.backoff.forget(&object.uid().unwrap_or_default());
            report::passed(K::KIND, begun.elapsed());
        }
        Err(error) => {
            let name = ObjectRef::from_obj(&*object).to_string();
            report::failed(K::KIND, &name, error, begun.elapsed());
        }
    }
    result
}

fn error_policy<K: Managed>(object: Arc<Guarded<K>>, error: &Error, ctx: Arc<Context>) -> Action {
    if error.is_conflict() {
        return Action::requeue(Duration::from_secs(1));
    }
    let uid = object.uid().unwrap_or_default();
    let failures = ctx.backoff.failed(&uid, object.meta().generation);
    Action::requeue(pause(failures, rand::random()))
}
