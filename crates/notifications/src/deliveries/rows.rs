//! What statements about deliveries answer.

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::Due;
use crate::{EventType, NewEvent, Notifications, event::EventRow, types::WebhookData};

/// An attempt that begins, as the database keeps it.
pub(super) struct DueRow {
    pub(super) delivery: i64,
    pub(super) begun: i32,
    pub(super) endpoint_id: Uuid,
    pub(super) attempts: i32,
    pub(super) url: String,
    pub(super) secret: Vec<u8>,
    pub(super) secret_key: String,
    pub(super) previous_secret: Option<Vec<u8>>,
    pub(super) previous_key: Option<String>,
    pub(super) previous_until: Option<DateTime<Utc>>,
    pub(super) event_id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) project_id: Option<Uuid>,
    pub(super) sequence: i64,
    pub(super) kind: String,
    pub(super) subject: String,
    pub(super) data: Value,
    pub(super) happened_at: DateTime<Utc>,
    pub(super) traceparent: Option<String>,
}

impl DueRow {
    pub(super) fn due(self, context: &Notifications, now: DateTime<Utc>) -> Due {
        let id = self.endpoint_id;
        let previous = self
            .previous_secret
            .zip(self.previous_key)
            .filter(|_| self.previous_until.is_some_and(|until| until > now))
            .and_then(|(bytes, by)| context.open_secret(id, &bytes, &by));
        let secrets = context.open_secret(id, &self.secret, &self.secret_key);
        Due {
            delivery: self.delivery,
            begun: self.begun,
            endpoint: id,
            url: self.url,
            nth: u32::try_from(self.attempts).unwrap_or(u32::MAX),
            secrets: secrets.into_iter().chain(previous).collect(),
            event: EventRow {
                id: self.event_id,
                tenant_id: self.tenant_id,
                project_id: self.project_id,
                sequence: self.sequence,
                kind: self.kind,
                subject: self.subject,
                data: self.data,
                happened_at: self.happened_at,
                traceparent: self.traceparent,
            }
            .into(),
        }
    }
}

/// An endpoint that was disabled just now.
pub(super) struct DisabledRow {
    pub(super) id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) project_id: Option<Uuid>,
    pub(super) url: String,
    pub(super) reason: String,
}

impl DisabledRow {
    pub(super) fn told(self, now: DateTime<Utc>) -> NewEvent {
        let data = WebhookData {
            endpoint_id: self.id,
            url: self.url,
            reason: Some(self.reason),
        };
        let (tenant, project) = (self.tenant_id, self.project_id);
        NewEvent::of_webhook(EventType::WebhookDisabled, tenant, project, data, now)
    }
}
