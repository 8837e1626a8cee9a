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
        let error = Self::told(status_of(&refusal), refusal.code(), refusal.message());
        match refusal.member() {
            Some(member) => error.detail(member, refusal.message()),
            None => error,
        }
    }
}

fn status_of(refusal: &NotificationsRefusal) -> StatusCode {
    use NotificationsRefusal as R;
    match refusal {
        R::NotFound | R::Unsubscribed => StatusCode::NOT_FOUND,
        R::TooManyEndpoints { .. } | R::Taken | R::NamespaceNotBound | R::Disabled => {
            StatusCode::CONFLICT
        }
        R::Tombstoned => StatusCode::GONE,
        R::TelegramTries => StatusCode::TOO_MANY_REQUESTS,
        R::Url { .. } | R::EventType { .. } | R::TooLong { .. } | R::TelegramCode => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
    }
}
