//! How a change becomes known: one log line, one Event, one metric, all in this place.

use std::time::Duration;

use datacrowd_crds::condition::{Condition, Phase, Reason, Verdict};
use k8s_openapi::{api::core::v1::ObjectReference, jiff::Timestamp};

use crate::{
    context::Context,
    error::{Error, is_terminating, refused},
    events::Note,
    managed::Managed,
    metrics,
    platform::{Resource, causes},
};

/// A status was written. Only a change of reason is news; counters are not.
pub(crate) async fn transition<K: Managed>(
    ctx: &Context,
    object: &K,
    before: Option<&Condition>,
    verdict: &Verdict,
    related: Option<ObjectReference>,
) {
    let reason = verdict.reason.as_str();
    if before.is_some_and(|c| c.reason == reason) {
        return;
    }
    let meta = object.meta();
    tracing::info!(
        kind = K::KIND,
        namespace = meta.namespace,
        name = meta.name,
        reason,
        before = before.map(|c| c.reason.as_str()),
        "{}",
        verdict.message
    );
    metrics::TRANSITIONS.with([K::KIND, reason]).increment(1);
    let note = Note {
        is_warning: verdict.phase == Phase::Failed || verdict.reason == Reason::CleanupFailed,
        reason,
        text: &verdict.message,
        related,
    };
    publish(ctx, object, note).await;
}

/// The platform had rows already that the resource speaks for from now on. Worth knowing, though it changes no condition.
pub(crate) async fn adopted<K: Managed>(ctx: &Context, object: &K) {
    let text = match K::RESOURCE {
        Resource::Webhook => {
            "An endpoint that was there was taken over, with its secret and its history."
        }
        _ => "The rows of an earlier resource of this name were taken over.",
    };
    let note = Note {
        is_warning: false,
        reason: "Adopted",
        text,
        related: None,
    };
    publish(ctx, object, note).await;
}

#[expect(clippy::disallowed_methods, reason = "an Event says when it happened")]
async fn publish<K: Managed>(ctx: &Context, object: &K, note: Note<'_>) {
    let regarding = object.object_ref(&());
    let published = ctx.events.publish(note, regarding, Timestamp::now());
    let Err(error) = published.await else {
        return;
    };
    match refused(&error) {
        // Nobody will read it: a namespace that goes takes its Events along.
        Some(status) if is_terminating(status) => {}
        Some(status) => tracing::warn!(status.code, status.message, "publishing an Event"),
        None => tracing::warn!(
            error = &error as &dyn std::error::Error,
            "publishing an Event"
        ),
    }
}

/// A pass ended well.
pub(crate) fn passed(kind: &'static str, took: Duration) {
    count(kind, "success", took);
}

/// A pass ended in an error. A conflict is no news: the next pass decides on fresh facts.
pub(crate) fn failed(kind: &'static str, object: &str, error: &Error, took: Duration) {
    if error.is_conflict() {
        count(kind, "requeue", took);
        return;
    }
    count(kind, "error", took);
    metrics::RECONCILE_ERRORS
        .with([kind, error.category()])
        .increment(1);
    tracing::warn!(
        kind,
        object,
        category = error.category(),
        error = causes(error),
        "a pass failed"
    );
}

fn count(kind: &'static str, result: &'static str, took: Duration) {
    metrics::RECONCILES.with([kind, result]).increment(1);
    metrics::RECONCILE_SECONDS
        .with([kind])
        .record(took.as_secs_f64());
}
