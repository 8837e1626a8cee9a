//! Bounded context "payments": prices, purchases, Stripe's events, the ledger, promo codes.
//!
//! It owns the database `payments` and every SQL statement for it. It opens and commits its transactions,
//! makes no network call, and knows neither HTTP nor Stripe's client: what Stripe says comes in as a [`StripeEvent`],
//! what the context core must hear goes out through the outbox.

mod backlog;
mod checkout;
mod error;
mod events;
mod facts;
mod ledger;
mod outbox;
mod payments;
mod price;
mod promo;
mod receive;
mod reconcile;
mod stripe_event;

use sqlx::PgPool;

pub use backlog::Backlog;
pub use checkout::{Checkout, NewCheckout};
pub use error::{Error, Refusal, Result};
pub use ledger::{Ledger, LedgerEntry};
pub use outbox::PaymentsMessage;
pub use payments::{Page, Payment};
pub use price::{Currency, Discount, Terms};
pub use promo::{NewPromoCode, PromoCode};
pub use receive::{Outcome, Received};
pub use reconcile::ListedSession;
pub use stripe_event::{StripeEvent, StripeEventError};

/// The context's face. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Billing {
    pool: PgPool,
    terms: Terms,
}

impl Billing {
    /// A context over the database `payments`, reached with the application's role.
    #[must_use]
    pub fn new(pool: PgPool, terms: Terms) -> Self {
        Self { pool, terms }
    }

    /// What a judgement costs, and in which currency.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// The database is out of reach.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query!("select 1 as one")
            .fetch_one(&self.pool)
            .await?;
        Ok(())
    }
}
