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
        let status = match refusal {
            BillingRefusal::NotFound => StatusCode::NOT_FOUND,
            BillingRefusal::PromoTaken => StatusCode::CONFLICT,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let error = Self::new(status, refusal.code(), refusal.message());
        match refusal.member() {
            Some(member) => error.detail(member, refusal.message()),
            None => error,
        }
    }
}
