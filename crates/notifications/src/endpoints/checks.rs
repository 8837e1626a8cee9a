//! What an endpoint may say of itself.

use url::Url;

use crate::{EventType, Refusal, Result};

/// Characters of an address.
const URL_LENGTH: usize = 2000;
/// Characters of a description.
const DESCRIPTION_LENGTH: usize = 500;

/// An address as it is sent to, in one spelling.
pub(super) fn checked_url(text: &str) -> Result<String> {
    let refused = |why: &str| Refusal::Url { why: why.into() };
    check_length("url", text, URL_LENGTH)?;
    let url = Url::parse(text).map_err(|_| {
        refused("url must be an absolute address such as https://example.com/hooks")
    })?;
    if !matches!(url.scheme(), "https" | "http") {
        return Err(refused("url must begin with https:// or http://").into());
    }
    if url.host().is_none() {
        return Err(refused("url must name a host").into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "url must hold no user name and no password; check the signature instead",
        )
        .into());
    }
    if url.fragment().is_some() {
        return Err(refused("url must hold no fragment").into());
    }
    Ok(url.into())
}

pub(super) fn check_types(names: &[String]) -> Result<()> {
    match names
        .iter()
        .find(|name| EventType::from_name(name).is_none())
    {
        Some(name) => Err(Refusal::EventType { name: name.clone() }.into()),
        None => Ok(()),
    }
}

fn check_length(member: &'static str, text: &str, most: usize) -> Result<()> {
    match text.chars().count() > most {
        true => Err(Refusal::TooLong { member, most }.into()),
        false => Ok(()),
    }
}

/// A text for people.
pub(super) fn check_description(text: &str) -> Result<()> {
    check_length("description", text, DESCRIPTION_LENGTH)
}
