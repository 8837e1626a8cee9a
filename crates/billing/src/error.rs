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
    #[error("the payments database failed")]
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
    Judgements {
        most: i64,
    },
    BelowMinimum {
        least: i64,
        minimum_cents: i64,
    },
    RequestKey,
    KeyReused,
    PromoUnknown,
    PromoNotValid,
    PromoUsedUp,
    PromoUsedByClient,
    PromoCurrency {
        currency: String,
    },
    PromoInvalid {
        member: &'static str,
        why: &'static str,
    },
    PromoTaken,
}

impl Refusal {
    /// Stable code of the refusal, as in the error body.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::Judgements { .. } | Self::RequestKey | Self::PromoInvalid { .. } => {
                "invalid_request"
            }
            Self::BelowMinimum { .. } => "below_minimum",
            Self::KeyReused => "idempotency_key_reused",
            Self::PromoUnknown => "promo_code_unknown",
            Self::PromoNotValid => "promo_code_not_valid",
            Self::PromoUsedUp => "promo_code_used_up",
            Self::PromoUsedByClient => "promo_code_used",
            Self::PromoCurrency { .. } => "promo_code_currency",
            Self::PromoTaken => "promo_code_taken",
        }
    }

    /// The member of the request that is at fault, if one is.
    #[must_use]
    pub fn member(&self) -> Option<&'static str> {
        match self {
            Self::NotFound => None,
            Self::Judgements { .. } | Self::BelowMinimum { .. } => Some("judgements"),
            Self::RequestKey | Self::KeyReused => Some("Idempotency-Key"),
            Self::PromoInvalid { member, .. } => Some(member),
            Self::PromoTaken => Some("code"),
            Self::PromoUnknown
            | Self::PromoNotValid
            | Self::PromoUsedUp
            | Self::PromoUsedByClient
            | Self::PromoCurrency { .. } => Some("promoCode"),
        }
    }

    /// A sentence for the caller that ends with what to do.
    #[must_use]
    pub fn message(&self) -> String {
        match self {
            Self::NotFound => "Nothing was found at this address; check the id.".into(),
            Self::Judgements { most } => {
                format!("judgements must be between 1 and {most}; split a larger purchase.")
            }
            Self::BelowMinimum {
                least,
                minimum_cents,
            } => {
                format!(
                    "A payment is at least {minimum_cents} in minor units; buy {least} judgements or more."
                )
            }
            Self::RequestKey => {
                "An Idempotency-Key has 1 to 200 visible characters; send another one.".into()
            }
            Self::KeyReused => {
                "This Idempotency-Key was used for another purchase; use a new key.".into()
            }
            Self::PromoUnknown => "There is no such promo code; check it, or leave it out.".into(),
            Self::PromoNotValid => "The promo code is not valid now; leave it out.".into(),
            Self::PromoUsedUp => {
                "The promo code was used as often as it may be; leave it out.".into()
            }
            Self::PromoUsedByClient => {
                "You used this promo code as often as you may; leave it out.".into()
            }
            Self::PromoCurrency { currency } => {
                format!("The promo code is for payments in {currency}; leave it out.")
            }
            Self::PromoInvalid { member, why } => format!("{member} {why}; correct it."),
            Self::PromoTaken => {
                "There is a promo code of this name already; choose another name.".into()
            }
        }
    }

    /// One of each kind, with blanks for what differs.
    pub fn examples() -> impl Iterator<Item = Self> {
        std::iter::successors(Some(Self::NotFound), Self::next_example)
    }

    /// The example after this one: a new kind comes between two.
    fn next_example(&self) -> Option<Self> {
        let some = i64::from(BLANK_NUMBER);
        Some(match self {
            Self::NotFound => Self::Judgements { most: some },
            Self::Judgements { .. } => Self::BelowMinimum {
                least: some,
                minimum_cents: some,
            },
            Self::BelowMinimum { .. } => Self::RequestKey,
            Self::RequestKey => Self::KeyReused,
            Self::KeyReused => Self::PromoUnknown,
            Self::PromoUnknown => Self::PromoNotValid,
            Self::PromoNotValid => Self::PromoUsedUp,
            Self::PromoUsedUp => Self::PromoUsedByClient,
            Self::PromoUsedByClient => Self::PromoCurrency {
                currency: BLANK.into(),
            },
            Self::PromoCurrency { .. } => Self::PromoInvalid {
                member: BLANK,
                why: BLANK,
            },
            Self::PromoInvalid { .. } => Self::PromoTaken,
            Self::PromoTaken => return None,
        })
    }
}

/// The name of the constraint that refused, if one did.
pub(crate) fn constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}
