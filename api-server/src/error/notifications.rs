//! What the context of notifications refuses, as answers.

use axum::http::StatusCode;
use datacrowd_notifications::{Error as NotificationsError, Refusal as NotificationsRefusal};

use super::ApiError;

impl From<NotificationsError> for ApiError {
    fn from(error: NotificationsError) -> Self {
        match error {
            NotificationsError::Refused(refusal) => refusal.into(),
            NotificationsError::Database(cause) => Self::database(&cause),
            corrupt @ NotificationsError::Corrupt { .. } => Self::internal(&corrupt),
        }
    }
}

impl From<NotificationsRefusal> for ApiError {
    fn from(refusal: NotificationsRefusal) -> Self {
        let status = match refusal {
            NotificationsRefusal::NotFound | NotificationsRefusal::Unsubscribed => {
                StatusCode::NOT_FOUND
            }
            NotificationsRefusal::TooManyEndpoints { .. }
            | NotificationsRefusal::Taken
            | NotificationsRefusal::NamespaceNotBound
            | NotificationsRefusal::Disabled => StatusCode::CONFLICT,
            NotificationsRefusal::Tombstoned => StatusCode::GONE,
            NotificationsRefusal::TelegramTries => StatusCode::TOO_MANY_REQUESTS,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        let error = Self::new(status, refusal.code(), refusal.message());
        match refusal.member() {
            Some(member) => error.detail(member, refusal.message()),
            None => error,
        }
    }
}
