//! Promo codes: our own price, so that what Stripe charges always equals what we recorded.

use chrono::{DateTime, Utc};
use datacrowd_protocol::ids::{TenantId, UserId};
use sqlx::PgConnection;

use crate::{Billing, Currency, Discount, Error, Page, Refusal, Result, error::constraint, events};

/// A code to be made.
#[derive(Debug, Clone)]
pub struct NewPromoCode {
    /// Taken in any case, kept in upper case.
    pub code: String,
    /// What it takes off.
    pub discount: Discount,
    /// Uses by everybody together; unlimited when absent.
    pub max_redemptions: Option<i64>,
    /// Uses by one client; unlimited when absent.
    pub max_per_client: Option<i64>,
    /// Good from then on.
    pub valid_from: DateTime<Utc>,
    /// Good until then; for ever when absent.
    pub valid_until: Option<DateTime<Utc>>,
}

/// A code as an ADMIN sees it.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "NewPromoCode documents them")]
pub struct PromoCode {
    pub code: String,
    pub discount: Discount,
    pub currency: Option<String>,
    pub max_redemptions: Option<i64>,
    pub max_per_client: Option<i64>,
    pub redeemed: i64,
    pub valid_from: DateTime<Utc>,
    pub valid_until: Option<DateTime<Utc>>,
}

fn discount(percent: Option<i32>, amount: Option<i64>) -> Result<Discount> {
    match (percent, amount) {
        (Some(percent), None) => Ok(Discount::Percent(percent)),
        (None, Some(amount)) => Ok(Discount::Fixed(amount)),
        _ => Err(Error::Corrupt { what: "promo code" }),
    }
}

/// The one spelling of a code.
pub(crate) fn canonical(code: &str) -> String {
    code.trim().to_ascii_uppercase()
}

/// Uses the code once and says what it takes off. Each limit is checked by the statement that counts.
pub(crate) async fn redeem(
    conn: &mut PgConnection,
    code: &str,
    tenant: TenantId,
    currency: &Currency,
    now: DateTime<Utc>,
) -> Result<Discount> {
    let used = sqlx::query!(
        "update promo_codes set redeemed = redeemed + 1
         where code = $1 and valid_from <= $2 and (valid_until is null or $2 < valid_until) and (currency is null or currency = $3)
           and (max_redemptions is null or redeemed < max_redemptions)
         returning percent_off, amount_off_cents, max_per_client",
        code,
        now,
        currency.as_str()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(used) = used else {
        return Err(why_not(conn, code, currency, now).await?.into());
    };
    let counted = sqlx::query!(
        "insert into promo_clients as c (code, tenant_id, redeemed) values ($1, $2, 1)
         on conflict (code, tenant_id) do update set redeemed = c.redeemed + 1 where $3::bigint is null or c.redeemed < $3",
        code,
        tenant.0,
        used.max_per_client
    )
    .execute(conn)
    .await?;
    if counted.rows_affected() == 0 {
        return Err(Refusal::PromoUsedByClient.into());
    }
    discount(used.percent_off, used.amount_off_cents)
}

async fn why_not(
    conn: &mut PgConnection,
    code: &str,
    currency: &Currency,
    now: DateTime<Utc>,
) -> Result<Refusal> {
    let row = sqlx::query!(
        "select valid_from <= $2 and (valid_until is null or $2 < valid_until) as \"valid!\", currency from promo_codes where code = $1",
        code,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(match row {
        None => Refusal::PromoUnknown,
        Some(row) if !row.valid => Refusal::PromoNotValid,
        Some(row) => match row.currency.filter(|c| c != currency.as_str()) {
            Some(currency) => Refusal::PromoCurrency { currency },
            None => Refusal::PromoUsedUp,
        },
    })
}

/// Counts a use without asking for a limit.
pub(crate) async fn count(
    conn: &mut PgConnection,
    code: &str,
    tenant: TenantId,
    uses: i64,
) -> Result<()> {
    sqlx::query!(
        "update promo_codes set redeemed = redeemed + $2 where code = $1",
        code,
        uses
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "update promo_clients set redeemed = redeemed + $3 where code = $1 and tenant_id = $2",
        code,
        tenant.0,
        uses
    )
    .execute(conn)
    .await?;
    Ok(())
}

impl NewPromoCode {
    fn refuse(&self, code: &str) -> Option<Refusal> {
        let invalid = |member, why| Some(Refusal::PromoInvalid { member, why });
        let spelled = (3..=40).contains(&code.len())
            && code.starts_with(|c: char| c.is_ascii_alphanumeric())
            && code
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !spelled {
            return invalid(
                "code",
                "has 3 to 40 letters, digits, - and _, and begins with a letter or digit",
            );
        }
        match self.discount {
            Discount::Percent(percent) if !(1..=100).contains(&percent) => {
                return invalid("percentOff", "must be between 1 and 100");
            }
            Discount::Fixed(amount) if amount < 1 => {
                return invalid("amountOffCents", "must be at least 1");
            }
            _ => {}
        }
        if self.max_redemptions.is_some_and(|n| n < 1) {
            return invalid("maxRedemptions", "must be at least 1");
        }
        if self.max_per_client.is_some_and(|n| n < 1) {
            return invalid("maxPerClient", "must be at least 1");
        }
        if self
            .valid_until
            .is_some_and(|until| until <= self.valid_from)
        {
            return invalid("validUntil", "must be after validFrom");
        }
        None
    }
}

impl Billing {
    /// Makes a promo code; a fixed amount is in this installation's currency.
    ///
    /// # Errors
    /// `invalid_request`, `promo_code_taken`; or the database failed.
    pub async fn promo_create(
        &self,
        new: &NewPromoCode,
        by: UserId,
        now: DateTime<Utc>,
    ) -> Result<PromoCode> {
        let code = canonical(&new.code);
        if let Some(refusal) = new.refuse(&code) {
            return Err(refusal.into());
        }
        let (percent, amount) = match new.discount {
            Discount::Percent(percent) => (Some(percent), None),
            Discount::Fixed(amount) => (None, Some(amount)),
        };
        let currency = amount.map(|_| self.terms.currency.to_string());
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        // The period comes back as it was stored, in microseconds.
        let period = sqlx::query!(
            "insert into promo_codes (code, percent_off, amount_off_cents, currency, max_redemptions, max_per_client, valid_from, valid_until, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning valid_from, valid_until",
            code,
            percent,
            amount,
            currency,
            new.max_redemptions,
            new.max_per_client,
            new.valid_from,
            new.valid_until,
            now
        )
        .fetch_one(&mut *tx)
        .await
        .map_err(|error| match constraint(&error) {
            Some("promo_codes_pkey") => Refusal::PromoTaken.into(),
            _ => Error::Database(error),
        })?;
        events::record(
            &mut tx,
            "promo_code.created",
            &code,
            &by.to_string(),
            serde_json::json!({}),
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(PromoCode {
            code,
            discount: new.discount,
            currency,
            max_redemptions: new.max_redemptions,
            max_per_client: new.max_per_client,
            redeemed: 0,
            valid_from: period.valid_from,
            valid_until: period.valid_until,
        })
    }

    /// Promo codes by name, after the one given.
    ///
    /// # Errors
    /// The database failed.
    pub async fn promo_list(&self, after: &str, limit: i64) -> Result<Page<PromoCode, String>> {
        let rows = sqlx::query!(
            "select code, percent_off, amount_off_cents, currency, max_redemptions, max_per_client, redeemed, valid_from, valid_until
             from promo_codes where code > $1 order by code limit $2",
            after,
            limit + 1
        )
        .fetch_all(&self.pool)
        .await?;
        let items = rows
            .into_iter()
            .map(|r| {
                Ok(PromoCode {
                    discount: discount(r.percent_off, r.amount_off_cents)?,
                    code: r.code,
                    currency: r.currency,
                    max_redemptions: r.max_redemptions,
                    max_per_client: r.max_per_client,
                    redeemed: r.redeemed,
                    valid_from: r.valid_from,
                    valid_until: r.valid_until,
                })
            })
            .collect::<Result<_>>()?;
        Ok(Page::cut(items, limit, |p: &PromoCode| p.code.clone()))
    }

    /// Ends a promo code now; purchases made with it stay as they are.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn promo_end(&self, code: &str, by: UserId, now: DateTime<Utc>) -> Result<()> {
        let code = canonical(code);
        let mut tx = datacrowd_outbox::begin(&self.pool).await?;
        let ended = sqlx::query!(
            "update promo_codes set valid_until = greatest($2, valid_from + interval '1 microsecond')
             where code = $1 and (valid_until is null or valid_until > $2) returning code",
            code,
            now
        )
        .fetch_optional(&mut *tx)
        .await?;
        if ended.is_none() {
            let known = sqlx::query!("select code from promo_codes where code = $1", code)
                .fetch_optional(&mut *tx)
                .await?;
            return known.map(|_| ()).ok_or_else(|| Refusal::NotFound.into());
        }
        events::record(
            &mut tx,
            "promo_code.ended",
            &code,
            &by.to_string(),
            serde_json::json!({}),
            now,
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
