//! Money: checkout through the vendor's fake Stripe, signed webhooks, the grant they end in, promo codes,
//! reconciliation.

mod checkout;
mod order;
mod promo;
mod race;
pub mod reconcile;
pub mod sender;
mod signature;
mod webhooks;
