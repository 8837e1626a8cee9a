//! What the context of payments refuses, as answers.

use axum::http::StatusCode;
use datacrowd_billing::{Error as BillingError, Refusal as BillingRefusal};

use super::ApiError;

impl From<BillingError> for ApiError {
    fn from(error: BillingError) -> Self {
        match error {
            BillingError::Refused(refusal) => refusal.into(),
            BillingError::Database(cause) => Self::database(&cause),
            corrupt @ BillingError::Corrupt { .. } => Self::internal(&corrupt),
        }
    }
}

impl From<BillingRefusal> for ApiError {
    fn from(refusal: BillingRefusal) -> Self {
        let error = Self::told(status_of(&refusal), refusal.code(), refusal.message());
        match refusal.member() {
            Some(member) => error.detail(member, refusal.message()),
            None => error,
        }
    }
}

fn status_of(refusal: &BillingRefusal) -> StatusCode {
    use BillingRefusal as R;
    match refusal {
        R::NotFound => StatusCode::NOT_FOUND,
        R::PromoTaken => StatusCode::CONFLICT,
        R::Judgements { .. }
        | R::BelowMinimum { .. }
        | R::RequestKey
        | R::KeyReused
        | R::PromoUnknown
        | R::PromoNotValid
        | R::PromoUsedUp
        | R::PromoUsedByClient
        | R::PromoCurrency { .. }
        | R::PromoInvalid { .. } => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
