//! What a context tells other systems after a commit. A context instantiates [`Outbox`] on its own database, where the
//! table is `outbox`, and pushes a row in the transaction of what it tells; [`Outbox::relay`] tells it afterwards.
//!
//! - **At least once.** A row is told until its receiver took it, so what it says is absolute: told twice changes
//!   nothing.
//! - **In order per key.** A row waits for every earlier one of its key. Whoever pushes under a key holds the lock of
//!   what the key names, so ids follow commits.
//! - **By any number of replicas.** A claim is one statement (`for update skip locked`) and no transaction stays open
//!   while a receiver is called. The claim of a replica that died ends by itself.
//! - **Backing off.** A failure doubles the wait of its key, from a second to a minute, for as long as it takes: a
//!   receiver that was away for a day is told everything when it is back.
//! - **Parking.** What no receiver will ever take is set aside for a person, and its key goes on without it. It stays
//!   counted as waiting.
//!
//! What clients are told of goes another way, since all of it goes to one place, in bulk: [`Stream`].
//!
//! This crate knows neither what is told nor to whom.

mod backlog;
mod cause;
mod claim;
mod message;
pub mod metrics;
mod push;
mod relay;
mod retry;
mod stream;

use std::marker::PhantomData;

use sqlx::PgPool;

pub use backlog::Backlog;
pub use cause::{Traceparent, begin, go_on};
pub use message::{Failure, Message, MessageId, Receiver};
pub use push::push;
pub use stream::{Happened, Stream, Taken};

/// The outbox of one context, whose messages are `M`: an enumeration that serializes as `{"kind", "payload"}`. Cheap
/// to clone.
#[derive(Debug, Clone)]
pub struct Outbox<M> {
    context: &'static str,
    pool: PgPool,
    messages: PhantomData<fn() -> M>,
}

impl<M> Outbox<M> {
    /// The outbox in this database; `context` names it in metrics and logs.
    #[must_use]
    pub fn new(context: &'static str, pool: PgPool) -> Self {
        Self {
            context,
            pool,
            messages: PhantomData,
        }
    }
}
