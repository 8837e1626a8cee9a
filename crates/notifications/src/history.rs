//! What was sent to an endpoint, and how it went: read, sent again, tried out.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum, ids::TenantId, wire_enum};
use uuid::Uuid;

use crate::{
    EventType, NewEvent, Notifications, Refusal, Result, endpoints::one, stream::record,
    types::WebhookData,
};

wire_enum! {
    /// How a delivery stands.
    pub enum DeliveryState {
        /// An attempt is under way, or another one will be made.
        Pending = "PENDING" / "pending",
        /// The endpoint answered with 2xx.
        Delivered = "DELIVERED" / "delivered",
        /// No attempt is made any more.
        Failed = "FAILED" / "failed",
    }
}

/// One event on its way to one endpoint.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the columns of migrations/notifications say it"
)]
pub struct Delivery {
    pub id: i64,
    pub event: Uuid,
    pub kind: String,
    pub subject: String,
    pub sequence: i64,
    pub state: DeliveryState,
    /// Since it was sent, or sent again.
    pub attempts: i32,
    /// The next attempt; none where there is none.
    pub due_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
    pub ended_at: Option<DateTime<Utc>>,
    /// Status of the latest answer.
    pub last_status: Option<i16>,
    /// Why the latest attempt failed.
    pub last_failure: Option<String>,
}

/// One attempt.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the columns of migrations/notifications say it"
)]
pub struct Attempt {
    pub began_at: DateTime<Utc>,
    pub millis: Option<i32>,
    pub status: Option<i16>,
    pub answer: Option<String>,
    pub failure: Option<String>,
}

impl Notifications {
    /// Deliveries to an endpoint, newest first, from before one of them.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn delivery_list(
        &self,
        tenant: Option<TenantId>,
        endpoint: Uuid,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        self.endpoint_get(tenant, endpoint).await?;
        self.deliveries(endpoint, None, state, before, limit).await
    }

    /// A delivery with its attempts, the latest first.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn delivery_get(
        &self,
        tenant: Option<TenantId>,
        endpoint: Uuid,
        id: i64,
    ) -> Result<(Delivery, Vec<Attempt>)> {
        self.endpoint_get(tenant, endpoint).await?;
        let mut found = self.deliveries(endpoint, Some(id), None, None, 1).await?;
        let delivery = found.pop().ok_or(Refusal::NotFound)?;
        let attempts = sqlx::query_as!(
            Attempt,
            r#"select began_at as "began_at!", millis, status, answer, failure from (
                 select 0 as kept, 0 as id, began_at, millis, status, answer, failure from deliveries where id = $1 and began_at is not null
                 union all
                 select 1, id, began_at, millis, status, answer, failure from attempts where delivery_id = $1) a
               order by kept, id desc limit 100"#,
            id
        )
        .fetch_all(&self.pool)
        .await?;
        Ok((delivery, attempts))
    }

    async fn deliveries(
        &self,
        endpoint: Uuid,
        id: Option<i64>,
        state: Option<DeliveryState>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Delivery>> {
        let rows = sqlx::query!(
            r#"select d.id, d.event_id, d.state, d.attempts, greatest(d.due_at, d.held_until) as "due_at!", d.created_at, d.ended_at,
                      e.type as kind, e.subject, e.sequence,
                      coalesce(d.status, a.status) as status, coalesce(d.failure, a.failure) as failure
               from deliveries d join events e on e.id = d.event_id and e.happened_at = d.event_at
               left join lateral (
                   select status, failure from attempts a where a.delivery_id = d.id and d.began_at is null order by a.id desc limit 1) a on true
               where d.endpoint_id = $1 and ($2::bigint is null or d.id = $2) and ($3::text is null or d.state = $3)
                 and ($4::bigint is null or d.id < $4)
               order by d.id desc limit $5"#,
            endpoint,
            id,
            state.map(WireEnum::column),
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        let delivery = rows.into_iter().map(|row| {
            let state = DeliveryState::from_column(&row.state).unwrap_or(DeliveryState::Failed);
            Delivery {
                id: row.id,
                event: row.event_id,
                kind: row.kind,
                subject: row.subject,
                sequence: row.sequence,
                state,
                attempts: row.attempts,
                due_at: (state == DeliveryState::Pending).then_some(row.due_at),
                created_at: row.created_at,
                ended_at: row.ended_at,
                last_status: row.status,
                last_failure: row.failure,
            }
        });
        Ok(delivery.collect())
    }

    /// Sends something again, whatever became of it: with as many attempts as if it were new.
    ///
    /// # Errors
    /// `not_found`, `webhook_endpoint_disabled`; or the database failed.
    pub async fn delivery_resend(
        &self,
        tenant: Option<TenantId>,
        endpoint: Uuid,
        id: i64,
        now: DateTime<Utc>,
    ) -> Result<Delivery> {
        self.open_endpoint(tenant, endpoint).await?;
        // What is under way at this moment ends first: it stays held.
        sqlx::query!(
            "update deliveries set state = 'pending', attempts = 0, ended_at = null, due_at = $3
             where id = $1 and endpoint_id = $2",
            id,
            endpoint,
            now
        )
        .execute(&self.pool)
        .await?;
        let mut found = self.deliveries(endpoint, Some(id), None, None, 1).await?;
        found.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Sends again whatever failed since a time; how many that is.
    ///
    /// # Errors
    /// `not_found`, `webhook_endpoint_disabled`; or the database failed.
    pub async fn delivery_resend_since(
        &self,
        tenant: Option<TenantId>,
        endpoint: Uuid,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        self.open_endpoint(tenant, endpoint).await?;
        let again = sqlx::query!(
            "update deliveries set state = 'pending', attempts = 0, ended_at = null, due_at = $3
             where endpoint_id = $1 and state = 'failed' and created_at >= $2",
            endpoint,
            since,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(again.rows_affected())
    }

    /// Sends an endpoint, and nobody else, an event to try it with.
    ///
    /// # Errors
    /// `not_found`, `webhook_endpoint_disabled`; or the database failed.
    pub async fn endpoint_test(
        &self,
        tenant: Option<TenantId>,
        id: Uuid,
        now: DateTime<Utc>,
    ) -> Result<Delivery> {
        let endpoint = self.open_endpoint(tenant, id).await?;
        let data = WebhookData {
            endpoint_id: id,
            url: endpoint.url,
            reason: None,
        };
        let (tenant, project) = (endpoint.tenant.0, endpoint.project.map(|p| p.0));
        let event = NewEvent::of_webhook(EventType::WebhookTested, tenant, project, data, now);
        let mut tx = self.pool.begin().await?;
        record(&mut tx, std::slice::from_ref(&event), now).await?;
        let delivery = sqlx::query_scalar!(
            "insert into deliveries (endpoint_id, event_id, event_at, due_at, created_at) values ($1, $2, $3, $3, $3) returning id",
            id,
            event.id,
            now
        )
        .fetch_one(&mut *tx)
        .await?;
        tx.commit().await?;
        let mut found = self.deliveries(id, Some(delivery), None, None, 1).await?;
        found.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    async fn open_endpoint(&self, tenant: Option<TenantId>, id: Uuid) -> Result<crate::Endpoint> {
        let mut conn = self.pool.acquire().await?;
        let endpoint = one(&mut conn, tenant, id).await?;
        match endpoint.suspended || endpoint.disabled.is_some() {
            true => Err(Refusal::Disabled.into()),
            false => Ok(endpoint),
        }
    }
}
