//! Settings of payments.

use clap::Args as ClapArgs;
use datacrowd_billing::Currency;

/// What judgements cost.
#[derive(Debug, Clone, ClapArgs)]
pub struct Prices {
    /// Price of one judgement in the currency's minor unit, such as cents.
    #[arg(long, env = "DATACROWD_PRICE_CENTS", default_value_t = 5, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    pub price_cents: i64,
    /// Currency of prices and payments, three letters.
    #[arg(long, env = "DATACROWD_CURRENCY", default_value = "EUR")]
    pub currency: Currency,
    /// The least that Stripe takes for one payment in this currency, in its minor unit.
    #[arg(long, env = "DATACROWD_MINIMUM_PAYMENT_CENTS", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
    pub minimum_payment_cents: i64,
    /// Whether real money moves: `true` with a live key of Stripe, `false` with a test key.
    #[arg(long, env = "DATACROWD_STRIPE_LIVEMODE", action = clap::ArgAction::Set, default_value_t = false)]
    pub stripe_livemode: bool,
}

/// How Stripe is asked.
#[derive(Debug, Clone, ClapArgs)]
pub struct StripeApi {
    /// Stripe's secret or restricted key: sk_test_…, rk_live_…; needed while billing mode is `stripe`.
    #[arg(long, env = "DATACROWD_STRIPE_SECRET_KEY", hide_env_values = true)]
    pub stripe_secret_key: Option<String>,
    /// Where Stripe's API is; Stripe itself when absent, a fake for tests.
    #[arg(long, env = "DATACROWD_STRIPE_API_URL")]
    pub stripe_api_url: Option<String>,
}

/// How clients pay, and how Stripe tells of it.
#[derive(Debug, Clone, ClapArgs)]
pub struct Checkout {
    /// Signing secret of Stripe's webhook endpoint: whsec_…; needed while billing mode is `stripe`.
    #[arg(long, env = "DATACROWD_STRIPE_WEBHOOK_SECRET", hide_env_values = true)]
    pub stripe_webhook_secret: Option<String>,
    /// The previous signing secret, accepted while it is being replaced.
    #[arg(
        long,
        env = "DATACROWD_STRIPE_WEBHOOK_SECRET_PREVIOUS",
        hide_env_values = true
    )]
    pub stripe_webhook_secret_previous: Option<String>,
    /// Where Stripe sends people who paid; may hold {CHECKOUT_SESSION_ID}.
    #[arg(
        long,
        env = "DATACROWD_CHECKOUT_SUCCESS_URL",
        default_value = "http://localhost:8080/app/client/payments/return"
    )]
    pub checkout_success_url: String,
    /// Where Stripe sends people who changed their mind.
    #[arg(
        long,
        env = "DATACROWD_CHECKOUT_CANCEL_URL",
        default_value = "http://localhost:8080/app/client/payments"
    )]
    pub checkout_cancel_url: String,
}
