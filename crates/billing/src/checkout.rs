//! A purchase from its price to an open Checkout Session. The row is there before Stripe is asked, and holds
//! the key that every attempt to ask carries: a repeat, by the client or after a crash, opens the same session.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{PaymentId, ProjectId, TenantId, UserId},
    payment::PaymentStatus,
};
use sqlx::PgConnection;

use crate::{
    Billing, Error, Payment, Refusal, Result, events,
    facts::{CheckoutState, PaymentUpdate},
    payments::Locked,
    promo,
};

/// What a client wants to buy.
#[derive(Debug, Clone)]
pub struct NewCheckout {
    /// The id for the purchase, should it be a new one.
    pub id: PaymentId,
    /// Who pays.
    pub tenant: TenantId,
    /// What it is for.
    pub project: ProjectId,
    /// Who asked.
    pub user: UserId,
    /// How many.
    pub judgements: i64,
    /// A code that lowers the price.
    pub promo_code: Option<String>,
    /// The client's Idempotency-Key.
    pub request_key: Option<String>,
}

/// A purchase, and what Stripe is to be asked for if it has not been.
#[derive(Debug, Clone)]
pub struct Checkout {
    /// The purchase.
    pub payment: Payment,
    /// Key of the call that opens the session; none when there is nothing to open.
    pub open_with: Option<String>,
}

impl NewCheckout {
    fn promo(&self) -> Option<String> {
        self.promo_code.as_deref().map(promo::canonical)
    }

    /// What a repeat must ask for again.
    fn request(&self) -> String {
        format!(
            "{} {} {}",
            self.project,
            self.judgements,
            self.promo().unwrap_or_default()
        )
    }
}

impl Billing {
    /// Makes a purchase, or finds the one that this request made before.
    ///
    /// # Errors
    /// `invalid_request`, `below_minimum`, `idempotency_key_reused`, a refused promo code; or the database failed.
    pub async fn checkout_begin(&self, new: &NewCheckout, now: DateTime<Utc>) -> Result<Checkout> {
        let sound = |key: &String| {
            (1..=200).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic())
        };
        if !new.request_key.as_ref().is_none_or(sound) {
            return Err(Refusal::RequestKey.into());
        }
        let list = self.terms.list(new.judgements)?;
        if let Some(known) = self.checkout_known(new).await? {
            return self.checkout_of(known).await;
        }
        let id = match self.checkout_create(new, list, now).await {
            Ok(Some(id)) => id,
            // The same request, a moment earlier: it made the row, or used the code up.
            Ok(None) => self.checkout_known(new).await?.unwrap_or(new.id),
            Err(Error::Refused(refusal)) => match self.checkout_known(new).await? {
                Some(known) => known,
                None => return Err(refusal.into()),
            },
            Err(error) => return Err(error),
        };
        self.checkout_of(id).await
    }

    async fn checkout_known(&self, new: &NewCheckout) -> Result<Option<PaymentId>> {
        let row = sqlx::query!(
            "select id, request from payments
             where tenant_id = $1 and user_id = $2 and case when $3::text is not null then request_key = $3
                   else request_key is null and request = $4 and stripe_session_id is null and checkout = 'pending' end",
            new.tenant.0,
            new.user.0,
            new.request_key,
            new.request()
        )
        .fetch_optional(&self.pool)
        .await?;
        match row {
            Some(row) if row.request != new.request() => Err(Refusal::KeyReused.into()),
            row => Ok(row.map(|r| PaymentId(r.id))),
        }
    }

    /// One transaction: the code is used, the row is there, core hears that a checkout is open.
    async fn checkout_create(
        &self,
        new: &NewCheckout,
        list: i64,
        now: DateTime<Utc>,
    ) -> Result<Option<PaymentId>> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let promo = new.promo();
        let amount = match &promo {
            Some(code) => promo::redeem(&mut tx, code, new.tenant, &self.terms.currency, now)
                .await?
                .of(list),
            None => list,
        };
        self.terms.payable(amount)?;
        let made = sqlx::query!(
            "insert into payments (id, tenant_id, project_id, user_id, judgements, list_cents, amount_cents, currency, livemode, promo_code,
                                   promo_held, request_key, request, stripe_idempotency_key, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $15) on conflict do nothing",
            new.id.0,
            new.tenant.0,
            new.project.0,
            new.user.0,
            new.judgements,
            list,
            amount,
            self.terms.currency.as_str(),
            self.terms.livemode,
            promo,
            promo.is_some(),
            new.request_key,
            new.request(),
            format!("checkout-{}", new.id),
            now
        )
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() == 0 {
            return Ok(None);
        }
        let mut payment = lock(&mut tx, new.id).await?;
        payment.tell(&mut tx, &new.user.to_string(), now).await?;
        if amount == 0 {
            // Nothing to pay, so nobody to ask.
            let paid = PaymentUpdate::Checkout(CheckoutState::Paid);
            payment
                .take(&mut tx, &paid, &new.user.to_string(), now)
                .await?;
        }
        tx.commit().await?;
        Ok(Some(new.id))
    }

    async fn checkout_of(&self, id: PaymentId) -> Result<Checkout> {
        let payment = self.payment_get(None, id).await?;
        let row = sqlx::query!(
            "select stripe_idempotency_key from payments where id = $1",
            id.0
        )
        .fetch_one(&self.pool)
        .await?;
        let unopened = payment.status == PaymentStatus::Pending && payment.checkout_url.is_none();
        Ok(Checkout {
            open_with: unopened.then_some(row.stripe_idempotency_key),
            payment,
        })
    }

    /// Keeps where the client pays.
    ///
    /// # Errors
    /// The database failed.
    pub async fn checkout_opened(
        &self,
        id: PaymentId,
        session: &str,
        url: &str,
        now: DateTime<Utc>,
    ) -> Result<Payment> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        sqlx::query!(
            "update payments set stripe_session_id = $2, checkout_url = $3
             where id = $1 and (stripe_session_id is null or stripe_session_id = $2)",
            id.0,
            session,
            url
        )
        .execute(&mut *tx)
        .await?;
        let data = serde_json::json!({"session": session});
        events::record(
            &mut tx,
            "checkout.opened",
            &id.to_string(),
            "stripe",
            data,
            now,
        )
        .await?;
        tx.commit().await?;
        self.payment_get(None, id).await
    }

    /// Ends a purchase that Stripe will never open.
    ///
    /// # Errors
    /// The database failed.
    pub async fn checkout_refused(&self, id: PaymentId, now: DateTime<Utc>) -> Result<()> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let failed = PaymentUpdate::Checkout(CheckoutState::Failed);
        lock(&mut tx, id)
            .await?
            .take(&mut tx, &failed, "stripe", now)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends purchases that began before `before` and never reached Stripe: nobody was told where to pay.
    ///
    /// # Errors
    /// The database failed.
    pub async fn checkouts_abandon(
        &self,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<usize> {
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let stale = sqlx::query!(
            "select id from payments where checkout = 'pending' and stripe_session_id is null and created_at < $1
             order by id limit 200 for update skip locked",
            before
        )
        .fetch_all(&mut *tx)
        .await?;
        let expired = PaymentUpdate::Checkout(CheckoutState::Expired);
        for row in &stale {
            lock(&mut tx, PaymentId(row.id))
                .await?
                .take(&mut tx, &expired, "reconciliation", now)
                .await?;
        }
        tx.commit().await?;
        Ok(stale.len())
    }
}

async fn lock(conn: &mut PgConnection, id: PaymentId) -> Result<Locked> {
    Locked::read(conn, id)
        .await?
        .ok_or_else(|| Refusal::NotFound.into())
}
