//! Why the context refuses: a finite list of codes, each with what to do next.

use datacrowd_protocol::problem::{BLANK, BLANK_NUMBER};
use thiserror::Error as ThisError;

/// Result of every call into the context.
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal, or a database that failed.
#[derive(Debug, ThisError)]
pub enum Error {
    /// The caller may act on it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// Nobody's request is at fault.
    #[error("the notifications database failed")]
    Database(#[from] sqlx::Error),
    /// A row says what no code wrote.
    #[error("a stored {what} cannot be read")]
    Corrupt {
        /// What was read.
        what: &'static str,
    },
}

/// Every reason for which the context says no.
#[derive(Debug, Clone, PartialEq, Eq, ThisError)]
#[error("{}", self.message())]
#[expect(missing_docs, reason = "codes and messages below say what each means")]
pub enum Refusal {
    NotFound,
    Url { why: String },
    EventType { name: String },
    TooLong { member: &'static str, most: usize },
    TooManyEndpoints { most: i64 },
    Taken,
    Disabled,
    Tombstoned,
    NamespaceNotBound,
    Unsubscribed,
    TelegramCode,
    TelegramTries,
}

impl Refusal {
    /// Stable code of the refusal, as in the error body.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Url { .. } | Self::EventType { .. } | Self::TooLong { .. } => "invalid_request",
            Self::TooManyEndpoints { .. } => "too_many_webhook_endpoints",
            Self::Taken => "webhook_endpoint_taken",
            Self::Disabled => "webhook_endpoint_disabled",
            Self::Tombstoned => "tombstoned",
            Self::NamespaceNotBound => "namespace_not_bound",
            Self::Unsubscribed => "unsubscribe_unknown",
            Self::TelegramCode => "telegram_code_unknown",
            Self::TelegramTries => "too_many_telegram_codes",
        }
    }

    /// The member of the request that is at fault, if one is.
    #[must_use]
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::Url { .. } | Self::Taken => Some("url"),
            Self::EventType { .. } => Some("eventTypes"),
            Self::TooLong { member, .. } => Some(member),
            Self::TelegramCode => Some("code"),
            Self::NotFound
            | Self::TooManyEndpoints { .. }
            | Self::Disabled
            | Self::Tombstoned
            | Self::NamespaceNotBound
            | Self::Unsubscribed
            | Self::TelegramTries => None,
        }
    }

    /// A sentence for the caller that ends with what to do.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NotFound => "Nothing was found at this address; check the id.".into(),
            Self::Url { why } => format!("{why}; correct it."),
            Self::EventType { name } => format!(
                "There is no event type \"{name}\"; GET /events/schemas lists every type."
            ),
            Self::TooLong { member, most } => {
                format!("{member} may have {most} characters; shorten it.")
            }
            Self::TooManyEndpoints { most } => format!(
                "A client has {most} webhook endpoints at most; delete one that is not needed."
            ),
            Self::Taken => "There is an endpoint of this address for the same project already; change that one.".into(),
            Self::Disabled => "Nothing is sent to this endpoint while it is suspended or disabled; send {\"suspended\": false} with PATCH /webhook-endpoints/{id} first.".into(),
            Self::Tombstoned => "This resource was replaced or deleted; read it again and use the new one.".into(),
            Self::NamespaceNotBound => "The resource was bound before its namespace got the label it has; delete it and apply it again, or give the namespace its earlier label back.".into(),
            Self::Unsubscribed => "This link ends no e-mails; it may be cut off or too old. Sign in and choose what you are told in the settings.".into(),
            Self::TelegramCode => "This code is not one that the bot gave out in the last five minutes; send it /connect for a new one.".into(),
            Self::TelegramTries => "Too many wrong codes; wait five minutes, then send /connect to the bot for a new one.".into(),
        }
    }

    /// One of each kind, with blanks for what differs.
    pub fn examples() -> impl Iterator<Item = Self> {
        std::iter::successors(Some(Self::NotFound), Self::next_example)
    }

    /// The example after this one: a new kind comes between two.
    fn next_example(&self) -> Option<Self> {
        Some(match self {
            Self::NotFound => Self::Url { why: BLANK.into() },
            Self::Url { .. } => Self::EventType { name: BLANK.into() },
            Self::EventType { .. } => Self::TooLong {
                member: BLANK,
                most: BLANK_NUMBER.into(),
            },
            Self::TooLong { .. } => Self::TooManyEndpoints {
                most: BLANK_NUMBER.into(),
            },
            Self::TooManyEndpoints { .. } => Self::Taken,
            Self::Taken => Self::Disabled,
            Self::Disabled => Self::Tombstoned,
            Self::Tombstoned => Self::NamespaceNotBound,
            Self::NamespaceNotBound => Self::Unsubscribed,
            Self::Unsubscribed => Self::TelegramCode,
            Self::TelegramCode => Self::TelegramTries,
            Self::TelegramTries => return None,
        })
    }
}

/// The name of the constraint that refused, if one did.
pub(crate) fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
