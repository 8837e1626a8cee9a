//! The stream: what contexts told, numbered for each tenant and read again from any number on.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{ProjectId, TenantId};
use sqlx::{PgConnection, postgres::PgListener};
use uuid::Uuid;

use crate::{
    CloudEvent, EventType, NewEvent, Notifications, Result, Sink, event::EventRow, topics,
};

/// On this channel the database says whose events were recorded.
const CHANNEL: &str = "events";

impl Notifications {
    /// Records events in their order, numbers them, and puts a delivery beside each for every endpoint that wants it. What is there
    /// already stays as it is, so that whoever tells again changes nothing; how many are new.
    ///
    /// # Errors
    /// The database failed, and nothing is recorded.
    pub async fn record(&self, events: &[NewEvent], now: DateTime<Utc>) -> Result<u64> {
        let mut tx = self.pool.begin().await?;
        let recorded = record(&mut tx, events, now).await?;
        tx.commit().await?;
        Ok(recorded)
    }

    /// Events of a tenant, or of one of its projects, after a number, at most `limit`; of these types only, unless
    /// none is named.
    ///
    /// # Errors
    /// The database failed.
    pub async fn events(
        &self,
        tenant: TenantId,
        project: Option<ProjectId>,
        types: &[EventType],
        after: i64,
        limit: i64,
    ) -> Result<Vec<CloudEvent>> {
        let types: Vec<_> = types.iter().map(|t| t.name().to_owned()).collect();
        let rows = sqlx::query_as!(
            EventRow,
            "select id, tenant_id, project_id, sequence, type as kind, subject, data, happened_at, traceparent from events
             where tenant_id = $1 and ($2::uuid is null or project_id = $2) and sequence > $3
               and (cardinality($4::text[]) = 0 or type = any($4))
             order by sequence limit $5",
            tenant.0,
            project.map(|p| p.0),
            after,
            &types,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(Into::into).collect())
    }

    /// The number of a tenant's latest event; 0 before the first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn last_sequence(&self, tenant: TenantId) -> Result<i64> {
        let last = sqlx::query_scalar!("select last_sequence from tenants where id = $1", tenant.0)
            .fetch_optional(&self.pool)
            .await?;
        Ok(last.unwrap_or(0))
    }
}

/// Tells whose events were recorded, from now on. It has a connection of its own, and finds another one when that is
/// lost.
#[derive(Debug)]
pub struct Arrivals(PgListener);

impl Arrivals {
    /// The next tenant with new events. None, when some may have been missed: then all may have.
    ///
    /// # Errors
    /// The database is out of reach; the next call connects again.
    pub async fn next(&mut self) -> Result<Option<TenantId>> {
        let told = self.0.try_recv().await?;
        Ok(told.and_then(|told| told.payload().parse().ok().map(TenantId)))
    }
}

impl Notifications {
    /// Begins to listen.
    ///
    /// # Errors
    /// The database is out of reach.
    pub async fn arrivals(&self) -> Result<Arrivals> {
        let mut listener = PgListener::connect_with(&self.pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Arrivals(listener))
    }
}

/// [`Notifications::record`] within a transaction: makes the months' partitions, records, and wakes whoever listens.
pub(crate) async fn record(
    conn: &mut PgConnection,
    events: &[NewEvent],
    now: DateTime<Utc>,
) -> Result<u64> {
    let Some(first) = events.iter().map(|e| e.at).min() else {
        return Ok(0);
    };
    let last = events.iter().map(|e| e.at).max().unwrap_or(first);
    sqlx::query!("select events_partitions_v1($1, $2)", first, last)
        .fetch_one(&mut *conn)
        .await?;
    let recorded = insert(&mut *conn, events, now).await?;
    if recorded > 0 {
        let tenants: Vec<Uuid> = events.iter().map(|e| e.tenant).collect();
        sqlx::query!(
            "select count(pg_notify($1, id::text)) from (select distinct id from unnest($2::uuid[]) as t (id)) told",
            CHANNEL,
            &tenants
        )
        .fetch_one(conn)
        .await?;
    }
    Ok(recorded)
}

/// The statement behind it: a number is given only to a row that is really new, under the lock of its tenant's count,
/// and is seen after every smaller one.
async fn insert(conn: &mut PgConnection, events: &[NewEvent], now: DateTime<Utc>) -> Result<u64> {
    let ids: Vec<Uuid> = events.iter().map(|e| e.id).collect();
    let tenants: Vec<Uuid> = events.iter().map(|e| e.tenant).collect();
    let projects: Vec<Option<Uuid>> = events.iter().map(|e| e.project).collect();
    let types: Vec<String> = events.iter().map(|e| e.event.name().to_owned()).collect();
    let subjects: Vec<String> = events.iter().map(|e| e.subject.clone()).collect();
    let data: Vec<_> = events.iter().map(|e| e.data.clone()).collect();
    let persons: Vec<Option<Uuid>> = events.iter().map(|e| e.person).collect();
    let times: Vec<DateTime<Utc>> = events.iter().map(|e| e.at).collect();
    let causes: Vec<Option<String>> = events.iter().map(|e| e.traceparent.clone()).collect();
    let recorded = sqlx::query_scalar!(
        r#"with given as (
             select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::jsonb[], $7::timestamptz[], $10::uuid[], $13::text[])
                 with ordinality as g (id, tenant_id, project_id, type, subject, data, happened_at, person_id, traceparent, place)),
         fresh as (
             select g.*, row_number() over (partition by g.tenant_id order by g.place) as nth from given g
             where not exists (select from events e where e.id = g.id and e.happened_at = g.happened_at)),
         counted as (select tenant_id, count(*) as many from fresh group by tenant_id),
         numbered as (
             insert into tenants (id, last_sequence) select tenant_id, many from counted order by tenant_id
             on conflict (id) do update set last_sequence = tenants.last_sequence + excluded.last_sequence
             returning id, last_sequence),
         told as (
             insert into events (id, happened_at, tenant_id, project_id, sequence, type, subject, data, person_id, traceparent, recorded_at)
             select f.id, f.happened_at, f.tenant_id, f.project_id, n.last_sequence - c.many + f.nth, f.type, f.subject, f.data, f.person_id, f.traceparent, $8
             from fresh f join numbered n on n.id = f.tenant_id join counted c on c.tenant_id = f.tenant_id
             returning id, happened_at, tenant_id, project_id, sequence, type),
         owed as (
             insert into deliveries (endpoint_id, event_id, event_at, due_at, created_at)
             select w.id, t.id, t.happened_at, $8, $8 from told t join webhook_endpoints w on w.tenant_id = t.tenant_id
             where t.type <> $9 and w.disabled_at is null and not w.suspended and (w.project_id is null or w.project_id = t.project_id)
               and (cardinality(w.event_types) = 0 or t.type = any(w.event_types))
             on conflict on constraint deliveries_once do nothing),
         queued as (
             insert into sink_queue (sink, event_id, event_at)
             select s.name, t.id, t.happened_at from told t cross join sinks s
             where s.name <> $11 or t.type = any($12) order by t.sequence)
         select count(*) as "recorded!" from told"#,
        &ids,
        &tenants,
        &projects as &[Option<Uuid>],
        &types,
        &subjects,
        &data,
        &times,
        now,
        EventType::WebhookTested.name(),
        &persons as &[Option<Uuid>],
        Sink::People.name(),
        &topics::types(),
        &causes as &[Option<String>]
    )
    .fetch_one(conn)
    .await?;
    Ok(u64::try_from(recorded).unwrap_or(0))
}
