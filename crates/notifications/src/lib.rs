//! Bounded context "notifications": what happened, as one stream of CloudEvents, and who is told of it.
//!
//! It owns the database `notifications` and every SQL statement for it. It opens and commits its transactions, makes
//! no network call, and knows neither HTTP nor where a webhook leads: whoever delivers asks for what is due, and says
//! how it went.

mod deliveries;
mod endpoints;
mod error;
mod event;
mod history;
mod messages;
mod notices;
mod preferences;
mod retention;
mod schedule;
mod secrets;
mod sinks;
mod stream;
mod telegram;
mod topics;
mod translate;
pub mod types;
mod unsubscribe;

use datacrowd_sealing::SealingKeys;
use sqlx::PgPool;

pub use deliveries::{Attempted, Due, Verdict};
pub use endpoints::{
    Disabled, Endpoint, EndpointPatch, EndpointResource, EndpointUpsert, NewEndpoint,
};
pub use error::{Error, Refusal, Result};
pub use event::{CloudEvent, NewEvent};
pub use history::{Attempt, Delivery, DeliveryState};
pub use messages::{Blame, Channel, Message, Sending};
pub use notices::Notice;
pub use preferences::{Language, Preferences, Wish};
pub use schedule::{ATTEMPT_TIME, pause, verdict};
pub use sinks::{Sent, Sink};
pub use stream::Arrivals;
pub use telegram::Poller;
pub use topics::{Audience, Topic};
pub use translate::{Untold, translate};
pub use types::{EventType, schemas};

/// The context's face. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Notifications {
    pool: PgPool,
    keys: SealingKeys,
}

impl Notifications {
    /// A context over the database `notifications`, reached with the application's role. `keys` seal what webhooks are
    /// signed with, and who a link that ends e-mails belongs to.
    #[must_use]
    pub fn new(pool: PgPool, keys: SealingKeys) -> Self {
        Self { pool, keys }
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
