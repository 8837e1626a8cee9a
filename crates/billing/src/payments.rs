//! Payments as their owners see them, and the one place where a payment changes.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{PaymentId, ProjectId, TenantId, UserId},
    payment::{PaymentGrant, PaymentStatus},
};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    Billing, Error, Refusal, Result, events,
    facts::{CheckoutState, Dispute, DisputeStatus, Facts, PaymentUpdate},
    ledger, outbox, promo,
};

/// A purchase of judgements.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the columns document themselves in migrations/payments"
)]
pub struct Payment {
    pub id: PaymentId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub user: UserId,
    pub judgements: i64,
    pub granted: i64,
    pub list_cents: i64,
    pub amount_cents: i64,
    pub refunded_cents: i64,
    pub currency: String,
    pub promo_code: Option<String>,
    pub status: PaymentStatus,
    pub session: Option<String>,
    pub checkout_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub paid_at: Option<DateTime<Utc>>,
}

/// A page of a list, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T, C> {
    /// In the list's order.
    pub items: Vec<T>,
    /// Where to go on, when there is more.
    pub next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// A page of the first `limit` of `items`, of which one more was read to know whether another page follows.
    pub(crate) fn cut(mut items: Vec<T>, limit: i64, cursor: impl Fn(&T) -> C) -> Self {
        let more = i64::try_from(items.len()).unwrap_or(i64::MAX) > limit;
        if more {
            items.pop();
        }
        let next = items.last().filter(|_| more).map(cursor);
        Self { items, next }
    }
}

/// A payment's row, locked until the transaction ends, with what is known of it.
pub(crate) struct Locked {
    pub id: PaymentId,
    pub tenant: TenantId,
    pub project: ProjectId,
    pub currency: String,
    pub livemode: bool,
    pub session: Option<String>,
    pub intent: Option<String>,
    pub promo_code: Option<String>,
    pub promo_held: bool,
    pub version: i64,
    pub facts: Facts,
}

pub(crate) fn checkout_state(column: &str) -> Result<CheckoutState> {
    Ok(match column {
        "pending" => CheckoutState::Pending,
        "expired" => CheckoutState::Expired,
        "failed" => CheckoutState::Failed,
        "paid" => CheckoutState::Paid,
        _ => return Err(Error::Corrupt { what: "checkout" }),
    })
}

fn checkout_column(state: CheckoutState) -> &'static str {
    match state {
        CheckoutState::Pending => "pending",
        CheckoutState::Expired => "expired",
        CheckoutState::Failed => "failed",
        CheckoutState::Paid => "paid",
    }
}

fn dispute_status(column: &str) -> Result<DisputeStatus> {
    Ok(match column {
        "inquiry" => DisputeStatus::Inquiry,
        "open" => DisputeStatus::Open,
        "lost" => DisputeStatus::Lost,
        "won" => DisputeStatus::Won,
        _ => return Err(Error::Corrupt { what: "dispute" }),
    })
}

fn dispute_status_column(status: DisputeStatus) -> &'static str {
    match status {
        DisputeStatus::Inquiry => "inquiry",
        DisputeStatus::Open => "open",
        DisputeStatus::Lost => "lost",
        DisputeStatus::Won => "won",
    }
}

/// Disputes by id, each an array of amount and status.
fn disputes(column: Value) -> Result<BTreeMap<String, Dispute>> {
    let disputes: BTreeMap<String, (i64, String)> =
        serde_json::from_value(column).map_err(|_| Error::Corrupt { what: "dispute" })?;
    let read = disputes.into_iter().map(|(id, (amount, column))| {
        let status = dispute_status(&column)?;
        Ok((id, Dispute { amount, status }))
    });
    read.collect()
}

impl Locked {
    /// Locks the payment; one transaction at a time changes it.
    pub(crate) async fn read(conn: &mut PgConnection, id: PaymentId) -> Result<Option<Self>> {
        let Some(p) = sqlx::query!(
            "select id, tenant_id, project_id, judgements, amount_cents, currency, livemode, stripe_session_id, stripe_payment_intent_id,
                    promo_code, promo_held, checkout, refunded_cents, version
             from payments where id = $1 for update",
            id.0
        )
        .fetch_optional(&mut *conn)
        .await?
        else {
            return Ok(None);
        };
        let disputes = sqlx::query!(
            "select id, amount_cents, standing from disputes where payment_id = $1",
            id.0
        )
        .fetch_all(conn)
        .await?;
        let disputes = disputes
            .into_iter()
            .map(|d| {
                let dispute = Dispute {
                    amount: d.amount_cents,
                    status: dispute_status(&d.standing)?,
                };
                Ok((d.id, dispute))
            })
            .collect::<Result<_>>()?;
        Ok(Some(Self {
            id: PaymentId(p.id),
            tenant: TenantId(p.tenant_id),
            project: ProjectId(p.project_id),
            currency: p.currency,
            livemode: p.livemode,
            session: p.stripe_session_id,
            intent: p.stripe_payment_intent_id,
            promo_code: p.promo_code,
            promo_held: p.promo_held,
            version: p.version,
            facts: Facts {
                judgements: p.judgements,
                amount: p.amount_cents,
                checkout: checkout_state(&p.checkout)?,
                refunded: p.refunded_cents,
                disputes,
            },
        }))
    }

    /// Takes an update in, and with it everything that follows: ledger, promo code, what core is told. One
    /// transaction, the caller's; whether anything changed.
    pub(crate) async fn take(
        &mut self,
        conn: &mut PgConnection,
        update: &PaymentUpdate,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        if !self.facts.join(update) {
            return Ok(false);
        }
        self.version += 1;
        if let PaymentUpdate::Disputed { id, .. } = update
            && let Some(dispute) = self.facts.disputes.get(id)
        {
            sqlx::query!(
                "insert into disputes (id, payment_id, amount_cents, standing) values ($1, $2, $3, $4)
                 on conflict (id) do update set amount_cents = excluded.amount_cents, standing = excluded.standing
                 where disputes.payment_id = excluded.payment_id",
                id,
                self.id.0,
                dispute.amount,
                dispute_status_column(dispute.status)
            )
            .execute(&mut *conn)
            .await?;
        }
        self.settle_promo(conn).await?;
        sqlx::query!(
            "update payments set checkout = $2, refunded_cents = $3, promo_held = $4, version = $5, updated_at = $6,
                    paid_at = case when $2 = 'paid' then coalesce(paid_at, $6) end
             where id = $1",
            self.id.0,
            checkout_column(self.facts.checkout),
            self.facts.refunded,
            self.promo_held,
            self.version,
            now
        )
        .execute(&mut *conn)
        .await?;
        ledger::post(conn, self, now).await?;
        self.tell(conn, actor, now).await?;
        Ok(true)
    }

    /// A purchase that came to nothing gives its use of the code back; money that arrives after all takes it
    /// again, even beyond the limit, since the price was agreed.
    async fn settle_promo(&mut self, conn: &mut PgConnection) -> Result<()> {
        let Some(code) = &self.promo_code else {
            return Ok(());
        };
        let wanted = matches!(
            self.facts.checkout,
            CheckoutState::Pending | CheckoutState::Paid
        );
        if wanted != self.promo_held {
            promo::count(conn, code, self.tenant, if wanted { 1 } else { -1 }).await?;
            self.promo_held = wanted;
        }
        Ok(())
    }

    /// Queues the payment's state for core, and records that it changed.
    pub(crate) async fn tell(
        &self,
        conn: &mut PgConnection,
        actor: &str,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let grant = PaymentGrant {
            payment: self.id,
            project: self.project,
            judgements: self.facts.granted(),
            pending: self.facts.checkout == CheckoutState::Pending,
            version: self.version,
        };
        let status = self.facts.status();
        let data = serde_json::json!({"status": status, "granted": grant.judgements, "version": self.version});
        outbox::grant_changed(conn, grant).await?;
        let subject = self.id.to_string();
        events::record(conn, "payment.changed", &subject, actor, data, now).await
    }
}

impl Billing {
    /// A payment of this tenant; of any tenant when none is given.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn payment_get(&self, tenant: Option<TenantId>, id: PaymentId) -> Result<Payment> {
        let mut found = self.payment_rows(tenant, Some(id), None, 1).await?;
        found.pop().ok_or_else(|| Refusal::NotFound.into())
    }

    /// Payments of this tenant, newest first.
    ///
    /// # Errors
    /// The database failed.
    pub async fn payment_list(
        &self,
        tenant: Option<TenantId>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Page<Payment, Uuid>> {
        let items = self.payment_rows(tenant, None, before, limit + 1).await?;
        Ok(Page::cut(items, limit, |p| p.id.0))
    }

    async fn payment_rows(
        &self,
        tenant: Option<TenantId>,
        id: Option<PaymentId>,
        before: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Payment>> {
        let rows = sqlx::query!(
            "select p.id, p.tenant_id, p.project_id, p.user_id, p.judgements, p.list_cents, p.amount_cents, p.currency, p.promo_code,
                    p.stripe_session_id, p.checkout_url, p.checkout, p.refunded_cents, p.created_at, p.paid_at,
                    (select coalesce(jsonb_object_agg(d.id, jsonb_build_array(d.amount_cents, d.standing)), '{}')
                     from disputes d where d.payment_id = p.id) as \"disputes!\"
             from payments p
             where ($1::uuid is null or p.tenant_id = $1) and ($2::uuid is null or p.id = $2) and ($3::uuid is null or p.id < $3)
             order by p.id desc limit $4",
            tenant.map(|t| t.0),
            id.map(|i| i.0),
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|p| {
                let facts = Facts {
                    judgements: p.judgements,
                    amount: p.amount_cents,
                    checkout: checkout_state(&p.checkout)?,
                    refunded: p.refunded_cents,
                    disputes: disputes(p.disputes)?,
                };
                Ok(Payment {
                    id: PaymentId(p.id),
                    tenant: TenantId(p.tenant_id),
                    project: ProjectId(p.project_id),
                    user: UserId(p.user_id),
                    judgements: p.judgements,
                    granted: facts.granted(),
                    list_cents: p.list_cents,
                    amount_cents: p.amount_cents,
                    refunded_cents: p.refunded_cents,
                    currency: p.currency,
                    promo_code: p.promo_code,
                    status: facts.status(),
                    session: p.stripe_session_id,
                    checkout_url: p.checkout_url,
                    created_at: p.created_at,
                    paid_at: p.paid_at,
                })
            })
            .collect()
    }
}
