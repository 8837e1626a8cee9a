//! A Webhook's status from the platform's view. Pure; every field is written every time.

use datacrowd_crds::{Webhook, WebhookStatus};
use datacrowd_protocol::internal::WebhookView;

use crate::managed::time;

pub(super) fn status(webhook: &Webhook, view: &WebhookView) -> WebhookStatus {
    let old = webhook.status.clone().unwrap_or_default();
    WebhookStatus {
        id: Some(view.id.to_string()),
        state: Some(view.state),
        failing_since: view.failing_since.and_then(time),
        pending: Some(view.pending),
        // Set when it is written.
        observed_generation: old.observed_generation,
        conditions: old.conditions,
    }
}
