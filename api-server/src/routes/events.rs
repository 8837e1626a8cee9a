//! What happened in a client's projects, as CloudEvents.

pub mod list;
pub mod schemas;
pub mod stream;

use datacrowd_notifications::EventType;

use crate::error::{ApiError, ApiResult};

/// Types named in a query, apart by commas; none is all.
fn types(names: Option<&str>) -> ApiResult<Vec<EventType>> {
    let names = names.unwrap_or_default().split(',').map(str::trim);
    let named = names.filter(|name| !name.is_empty());
    named
        .map(|name| {
            EventType::from_name(name).ok_or_else(|| {
                let why = format!("names \"{name}\", which is no type of event; GET /events/schemas lists every type");
                ApiError::invalid_member("types", why)
            })
        })
        .collect()
}
