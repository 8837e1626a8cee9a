//! How a change becomes known: one log line, one Event, one metric, all in this place.

use std::time::Duration;

use datacrowd_crds::condition::{Condition, Phase, Reason, Verdict};
use k8s_openapi::api::core::v1::ObjectReference;
use kube::runtime::events::{Event, EventType};

use crate::{
    context::Context,
    error::{Error, is_terminating, refused},
    managed::Managed,
    platform::causes,
};

/// Longest note that the Events API accepts.
const MAX_NOTE_BYTES: usize = 1024;

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
    metrics::counter!("datacrowd_operator_transitions_total", "controller" => K::KIND, "reason" => reason)
        .increment(1);
    let failed = verdict.phase == Phase::Failed || verdict.reason == Reason::CleanupFailed;
    let severity = if failed {
        EventType::Warning
    } else {
        EventType::Normal
    };
    publish(ctx, object, severity, reason, &verdict.message, related).await;
}

/// The platform had rows of an earlier resource. Worth knowing, though it changes no condition.
pub(crate) async fn adopted<K: Managed>(ctx: &Context, object: &K) {
    let text = "The rows of an earlier resource of this name were taken over.";
    publish(ctx, object, EventType::Normal, "Adopted", text, None).await;
}

async fn publish<K: Managed>(
    ctx: &Context,
    object: &K,
    severity: EventType,
    reason: &str,
    text: &str,
    related: Option<ObjectReference>,
) {
    let event = Event {
        type_: severity,
        reason: reason.to_owned(),
        note: Some(truncate(text, MAX_NOTE_BYTES).to_owned()),
        action: "Reconcile".to_owned(),
        // Without it a repeat within minutes patches the first note instead of telling the new one.
        secondary: related,
    };
    let Err(error) = ctx.recorder.publish(&event, &object.object_ref(&())).await else {
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
    metrics::counter!("datacrowd_operator_reconcile_errors_total", "controller" => kind, "category" => error.category())
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
    metrics::counter!("datacrowd_operator_reconcile_total", "controller" => kind, "result" => result)
        .increment(1);
    metrics::histogram!("datacrowd_operator_reconcile_time_seconds", "controller" => kind)
        .record(took.as_secs_f64());
}

fn truncate(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::truncate;

    #[test]
    fn a_note_is_cut_between_characters() {
        assert_eq!(truncate("äöü", 3), "ä");
        assert_eq!(truncate("short", 1024), "short");
    }
}
