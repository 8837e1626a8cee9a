//! Stripe: opens Checkout Sessions, lists them, and knows its own signature. What events mean is the business
//! of the context "payments".

mod signature;

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use datacrowd_billing::{ListedSession, Payment};
use futures::{Stream, StreamExt};
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_checkout::checkout_session::{
    CreateCheckoutSession, CreateCheckoutSessionAdaptivePricing, CreateCheckoutSessionLineItems,
    CreateCheckoutSessionLineItemsPriceData, CreateCheckoutSessionPaymentIntentData,
    ListCheckoutSession, ProductData,
};
use stripe_shared::{CheckoutSession, CheckoutSessionMode};
use stripe_types::{Currency, Expandable, RangeBoundsTs, RangeQueryTs};
use thiserror::Error;

pub use signature::SignatureError;

/// How long one call may take; a client waits for it.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Sessions per page while listing; the most that Stripe gives.
const PAGE: i64 = 100;

/// How this installation uses Stripe.
#[derive(Debug, Clone)]
pub struct StripeSettings {
    /// Secret or restricted key.
    pub secret_key: String,
    /// Where the API is; Stripe itself when absent.
    pub api_url: Option<String>,
    /// Whether real money moves; the key must be of the same kind.
    pub livemode: bool,
    /// Signing secrets of the webhook endpoint: current, then previous.
    pub webhook_secrets: Vec<String>,
    /// Where people go who paid.
    pub success_url: String,
    /// Where people go who did not.
    pub cancel_url: String,
}

/// Stripe, as this installation may use it.
#[derive(Debug, Clone)]
pub struct Stripe {
    client: Client,
    settings: StripeSettings,
}

/// An open session.
#[derive(Debug, Clone)]
pub struct OpenedSession {
    /// Its id.
    pub id: String,
    /// Where the client pays.
    pub url: String,
}

/// Why a call failed.
#[derive(Debug, Error)]
pub enum StripeFailure {
    /// The same call may succeed later.
    #[error("Stripe does not answer")]
    Unavailable(#[source] StripeError),
    /// The same call will never succeed.
    #[error("Stripe refuses the session")]
    Refused(#[source] StripeError),
}

impl From<StripeError> for StripeFailure {
    fn from(error: StripeError) -> Self {
        // 401 and 403 are the installation's own key, which somebody corrects; 409 and 429 pass.
        match &error {
            StripeError::Stripe(_, 400 | 402 | 404) => Self::Refused(error),
            _ => Self::Unavailable(error),
        }
    }
}

impl Stripe {
    /// Over these settings; nothing is asked yet.
    ///
    /// # Errors
    /// The settings contradict each other.
    pub fn new(settings: StripeSettings) -> anyhow::Result<Self> {
        let key = &settings.secret_key;
        let live = key.starts_with("sk_live_") || key.starts_with("rk_live_");
        let test = key.starts_with("sk_test_") || key.starts_with("rk_test_");
        if !(live || test) {
            bail!(
                "DATACROWD_STRIPE_SECRET_KEY is no key of Stripe; it begins with sk_test_, rk_test_, sk_live_ or rk_live_"
            );
        }
        if live != settings.livemode {
            bail!(
                "DATACROWD_STRIPE_LIVEMODE is {}, and the key is for the other mode; correct one of the two",
                settings.livemode
            );
        }
        let mut builder = ClientBuilder::new(key).timeout(TIMEOUT);
        if let Some(url) = &settings.api_url {
            builder = builder.url(format!("{}/", url.trim_end_matches('/')));
        }
        let client = builder.build().context("setting up Stripe's client")?;
        Ok(Self { client, settings })
    }

    /// Whether Stripe wrote this body.
    ///
    /// # Errors
    /// It did not, or too long ago.
    pub fn verify(
        &self,
        header: Option<&[u8]>,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<(), SignatureError> {
        signature::verify(header, body, &self.settings.webhook_secrets, now)
    }

    /// Opens the payment's session. The same key opens the same session, however often it is asked.
    ///
    /// # Errors
    /// Stripe does not answer, or refuses.
    pub async fn session_open(
        &self,
        payment: &Payment,
        key: &str,
    ) -> Result<OpenedSession, StripeFailure> {
        let metadata = HashMap::from([
            ("paymentId".to_owned(), payment.id.to_string()),
            ("projectId".to_owned(), payment.project.to_string()),
            ("userId".to_owned(), payment.user.to_string()),
        ]);
        let currency: Currency = payment
            .currency
            .to_ascii_lowercase()
            .parse()
            .unwrap_or_else(|never| match never {});
        let mut price = CreateCheckoutSessionLineItemsPriceData::new(currency);
        price.unit_amount = Some(payment.amount_cents);
        price.product_data = Some(ProductData::new(format!(
            "{} judgements",
            payment.judgements
        )));
        let mut line = CreateCheckoutSessionLineItems::new();
        line.price_data = Some(price);
        line.quantity = Some(1);
        let mut intent = CreateCheckoutSessionPaymentIntentData::new();
        intent.metadata = Some(metadata.clone());
        // Our currency is the one that is charged: a session in another could not be compared with our record.
        let mut adaptive = CreateCheckoutSessionAdaptivePricing::new();
        adaptive.enabled = Some(false);
        let key = IdempotencyKey::new(key)
            .map_err(|e| StripeFailure::Refused(StripeError::ClientError(e.to_string())))?;
        let session = CreateCheckoutSession::new()
            .mode(CheckoutSessionMode::Payment)
            .client_reference_id(payment.id.to_string())
            .line_items(vec![line])
            .metadata(metadata)
            .payment_intent_data(intent)
            .adaptive_pricing(adaptive)
            .success_url(self.settings.success_url.as_str())
            .cancel_url(self.settings.cancel_url.as_str())
            .customize()
            .request_strategy(RequestStrategy::Idempotent(key))
            .send(&self.client)
            .await?;
        let url = session.url.ok_or_else(|| {
            StripeFailure::Unavailable(StripeError::ClientError("a session without url".into()))
        })?;
        Ok(OpenedSession {
            id: session.id.to_string(),
            url,
        })
    }

    /// Our sessions that were made since, with what was refunded of them.
    /// An item is an error where its page could not be read.
    pub fn sessions(
        &self,
        since: DateTime<Utc>,
    ) -> impl Stream<Item = Result<ListedSession, StripeFailure>> {
        let bounds = RangeBoundsTs {
            gte: Some(since.timestamp()),
            ..RangeBoundsTs::default()
        };
        let list = ListCheckoutSession::new()
            .created(RangeQueryTs::Bounds(bounds))
            .limit(PAGE)
            .expand(vec!["data.payment_intent.latest_charge".to_owned()]);
        let pages = list.paginate().stream(&self.client);
        pages.filter_map(async |session| match session {
            Ok(session) => listed(session).map(Ok),
            Err(error) => Some(Err(error.into())),
        })
    }
}

/// What matters of a session; none for another product's.
fn listed(session: CheckoutSession) -> Option<ListedSession> {
    let payment = session.metadata?.get("paymentId")?.parse().ok()?;
    let refunded = session
        .payment_intent
        .as_ref()
        .and_then(Expandable::as_object)
        .and_then(|intent| intent.latest_charge.as_ref()?.as_object())
        .map(|charge| charge.amount_refunded);
    Some(ListedSession {
        id: session.id.to_string(),
        payment,
        livemode: session.livemode,
        amount_total: session.amount_total,
        currency: session.currency.map(|c| c.to_string()),
        status: session
            .status
            .map(|s| s.as_str().to_owned())
            .unwrap_or_default(),
        payment_status: session.payment_status.as_str().to_owned(),
        payment_intent: session.payment_intent.map(|i| i.id().to_string()),
        refunded,
    })
}
