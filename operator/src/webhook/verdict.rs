//! What is to be said of a Webhook. Pure.

use chrono::SecondsFormat;
use datacrowd_crds::condition::{Phase, Reason, Verdict};
use datacrowd_protocol::internal::{WebhookState, WebhookView};

use crate::{command::kubectl, managed::Identity};

pub(super) fn verdict(who: &Identity, view: &WebhookView) -> Verdict {
    let id = view.id;
    match view.state {
        WebhookState::Active => Verdict::new(
            Phase::Done,
            Reason::Accepted,
            format!(
                "Events are posted to the address; its secret comes from POST /webhook-endpoints/{id}/secret."
            ),
        ),
        WebhookState::Failing => {
            let since = view.failing_since.map_or_else(String::new, |at| {
                format!(" since {}", at.to_rfc3339_opts(SecondsFormat::Secs, true))
            });
            Verdict::new(
                Phase::Running,
                Reason::EndpointFailing,
                format!(
                    "Every attempt failed{since}; each event is tried again for days. Mend the receiver; GET /webhook-endpoints/{id}/deliveries says what it answered."
                ),
            )
        }
        WebhookState::Suspended => Verdict::new(
            Phase::Waiting,
            Reason::Suspended,
            "spec.suspend is true, so nothing is sent; set it to false.",
        ),
        WebhookState::Disabled => {
            let why = view.disabled_reason.as_deref().unwrap_or_default();
            let command = kubectl(
                who,
                format_args!(
                    "patch webhook {} --type merge -p '{{\"spec\":{{\"suspend\":true}}}}'",
                    who.name
                ),
            );
            Verdict::new(
                Phase::Failed,
                Reason::EndpointDisabled,
                format!(
                    "{why} Mend the receiver, then enable it by any change of the spec: {command}, and the same with false."
                ),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::*;

    fn said(state: WebhookState) -> Verdict {
        let who = Identity {
            namespace: "team-a".into(),
            name: "done".into(),
            uid: Uuid::nil(),
            generation: 1,
        };
        let view = WebhookView {
            id: Uuid::nil(),
            state,
            failing_since: DateTime::from_timestamp(1_800_000_000, 0),
            disabled_reason: Some("It answered 410 Gone.".into()),
            pending: 3,
            adopted: false,
        };
        verdict(&who, &view)
    }

    #[test]
    fn each_state_says_what_to_do() {
        let active = said(WebhookState::Active);
        assert_eq!(
            (active.phase, active.reason),
            (Phase::Done, Reason::Accepted)
        );
        let failing = said(WebhookState::Failing);
        assert_eq!(failing.reason, Reason::EndpointFailing);
        assert!(
            failing.message.contains("since 2027-01-15T08:00:00Z"),
            "{}",
            failing.message
        );
        assert_eq!(said(WebhookState::Suspended).phase, Phase::Waiting);
        let disabled = said(WebhookState::Disabled);
        assert_eq!(disabled.phase, Phase::Failed);
        assert!(
            disabled.message.starts_with("It answered 410 Gone. Mend"),
            "{}",
            disabled.message
        );
        assert!(
            disabled
                .message
                .contains("kubectl -n team-a patch webhook done"),
            "{}",
            disabled.message
        );
    }
}
