//! What a person is told, in the console, by e-mail and in Telegram.

pub mod list;
pub mod read;
pub mod settings;
pub mod telegram;
pub mod unsubscribe;

use datacrowd_notifications::Topic;
use datacrowd_protocol::{Upper, WireEnum, variants};
use utoipa::openapi::{RefOr, Schema};

/// Every topic, as REST names it.
fn topics() -> RefOr<Schema> {
    let names: Vec<_> = Topic::ALL.iter().copied().map(Upper).collect();
    variants(&names)
}
