//! An event as it is told: CloudEvents 1.0, in its JSON format.

use chrono::{DateTime, Utc};
use datacrowd_outbox::Traceparent;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use crate::{EventType, types::WebhookData};

/// What happened, before it has its place among what else did.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    /// Never changes, however often the event is told.
    pub id: Uuid,
    /// What happened.
    pub event: EventType,
    /// Whose.
    pub tenant: Uuid,
    /// In which project; none where it concerns the client as a whole.
    pub project: Option<Uuid>,
    /// To what, below the project.
    pub subject: String,
    /// As the type's schema has it.
    pub data: Value,
    /// The person whom it concerns beside its tenant; told to that person, and in no event.
    pub person: Option<Uuid>,
    /// When.
    pub at: DateTime<Utc>,
    /// The request that caused it, where it said which it is.
    pub traceparent: Option<String>,
}

impl NewEvent {
    /// What happens to an endpoint of webhooks: nothing but this tells of it, so its identity is new.
    pub(crate) fn of_webhook(
        event: EventType,
        tenant: Uuid,
        project: Option<Uuid>,
        data: WebhookData,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            event,
            tenant,
            project,
            subject: format!("webhook-endpoints/{}", data.endpoint_id),
            data: serde_json::to_value(data).unwrap_or_default(),
            person: None,
            at: now,
            traceparent: Traceparent::current().map(|cause| cause.to_string()),
        }
    }
}

/// A CloudEvent.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CloudEvent {
    #[schema(example = "1.0")]
    specversion: &'static str,
    /// Unique; the same in every attempt to tell of the event.
    id: Uuid,
    /// Where it happened.
    #[schema(
        example = "/tenants/0197c0f0-0000-7000-8000-000000000001/projects/0197c0f0-0000-7000-8000-000000000002"
    )]
    source: String,
    /// What happened: `GET /events/schemas` lists every type.
    #[serde(rename = "type")]
    #[schema(example = "io.datacrowd.task.approved.v1")]
    kind: String,
    /// To what, below the source.
    #[schema(example = "tasks/4711")]
    subject: String,
    /// When.
    time: DateTime<Utc>,
    #[schema(example = "application/json")]
    datacontenttype: &'static str,
    /// Its number among the events of the tenant, without gaps, as text that sorts.
    #[schema(example = "00000000000000000042")]
    sequence: String,
    /// The request that caused it, as W3C Trace Context has it; absent where that named no trace.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")]
    traceparent: Option<String>,
    /// What the type says.
    #[schema(value_type = Object)]
    data: Value,
}

/// An event as the database keeps it.
#[derive(Debug, Clone)]
pub(crate) struct EventRow {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Uuid,
    pub(crate) project_id: Option<Uuid>,
    pub(crate) sequence: i64,
    pub(crate) kind: String,
    pub(crate) subject: String,
    pub(crate) data: Value,
    pub(crate) happened_at: DateTime<Utc>,
    pub(crate) traceparent: Option<String>,
}

impl From<EventRow> for CloudEvent {
    fn from(row: EventRow) -> Self {
        Self {
            specversion: "1.0",
            id: row.id,
            source: match row.project_id {
                Some(project) => format!("/tenants/{}/projects/{project}", row.tenant_id),
                None => format!("/tenants/{}", row.tenant_id),
            },
            kind: row.kind,
            subject: row.subject,
            time: row.happened_at,
            datacontenttype: "application/json",
            sequence: format!("{:020}", row.sequence),
            traceparent: row.traceparent,
            data: row.data,
        }
    }
}

impl CloudEvent {
    /// Its identity.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Whose it is.
    #[must_use]
    pub fn tenant(&self) -> &str {
        self.source.split('/').nth(2).unwrap_or_default()
    }

    /// Its number among the events of its tenant.
    #[must_use]
    pub fn sequence(&self) -> i64 {
        self.sequence.parse().unwrap_or_default()
    }

    /// When it happened.
    #[must_use]
    pub fn time(&self) -> DateTime<Utc> {
        self.time
    }

    /// The name of its type.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// What its type says.
    #[must_use]
    pub fn data(&self) -> &Value {
        &self.data
    }
}

/// The identity of what a row of a context's `events` records, of which it may record several things: a version 7 UUID
/// whose random part is made of the row. Told twice, or told again from a backup, it is the same.
pub(crate) fn identity(context: &str, row: i64, part: usize, at: DateTime<Utc>) -> Uuid {
    let digest = Sha256::new()
        .chain_update(context)
        .chain_update([0])
        .chain_update(row.to_be_bytes())
        .chain_update(part.to_be_bytes())
        .chain_update(at.timestamp_micros().to_be_bytes())
        .finalize();
    let mut random = [0; 10];
    random.copy_from_slice(&digest[..10]);
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::*;

    #[test]
    fn an_identity_is_made_of_its_row() {
        let at = Utc.timestamp_millis_opt(1_795_000_000_123).unwrap();
        let id = identity("core", 7, 0, at);
        assert_eq!(id, identity("core", 7, 0, at));
        assert_eq!(id.get_version_num(), 7);
        let (seconds, nanos) = id.get_timestamp().unwrap().to_unix();
        assert_eq!((seconds, nanos), (1_795_000_000, 123_000_000));
        let others = [
            identity("core", 7, 1, at),
            identity("core", 8, 0, at),
            identity("payments", 7, 0, at),
        ];
        assert!(others.iter().all(|other| *other != id));
    }
}
