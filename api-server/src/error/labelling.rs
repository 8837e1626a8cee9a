//! What the context core refuses, as answers.

use axum::http::StatusCode;
use datacrowd_labelling::{Error as CoreError, Refusal};
use datacrowd_protocol::WireEnum;
use serde_json::{Value, json};

use super::{ApiError, Code};

impl ApiError {
    /// 409 when a change over a resource was overtaken again and again.
    pub fn changing() -> Self {
        Self::new(Code::Changing).retry_after(1)
    }

    /// 503 while a source is read again, to see whether it is what rows were made from.
    pub fn source_compared() -> Self {
        Self::new(Code::SourceCompared).retry_after(5)
    }
}

impl From<CoreError> for ApiError {
    fn from(error: CoreError) -> Self {
        match error {
            CoreError::Refused(refusal) => refusal.into(),
            // Whoever upserts looks and asks again; who did not is asked to.
            CoreError::ContentUnseen { .. } => Self::source_compared(),
            CoreError::Database(cause) => Self::database(&cause),
            corrupt @ CoreError::Corrupt { .. } => Self::internal(&corrupt),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let mut error = Self::told(status_of(&refusal), refusal.code(), refusal.message());
        match refusal {
            Refusal::InvalidSpec { details } | Refusal::InvalidAnswer { details } => {
                error.details = details
                    .into_iter()
                    .map(|(k, v)| (k, Value::String(v)))
                    .collect();
            }
            Refusal::NoTaskAvailable {
                why,
                retry_after,
                leased_until,
            } => {
                error.retry_after = Some(retry_after);
                error = error
                    .detail("reason", why.upper())
                    .detail("retryAfter", retry_after);
                error = error.detail(
                    "leasedUntil",
                    leased_until.map_or(Value::Null, |t| json!(t)),
                );
            }
            Refusal::RunHeld { seconds } => error.retry_after = Some(seconds),
            Refusal::QuotaExhausted { accepted } => error = error.detail("accepted", accepted),
            Refusal::OutOfOrder { expected } => error = error.detail("expectedRow", expected),
            Refusal::DebtOwed { owing } => {
                let owed = owing.iter().map(|o| o.judgements).sum::<i64>();
                error = error.detail("owed", owed);
            }
            Refusal::PaymentRequired { remaining, needed } => {
                error = error
                    .detail("remaining", remaining)
                    .detail("needed", needed);
            }
            _ => {}
        }
        error
    }
}

fn status_of(refusal: &Refusal) -> StatusCode {
    use Refusal as R;
    match refusal {
        R::NotFound
        | R::ProjectNotFound { .. }
        | R::DatasetNotFound { .. }
        | R::ModelNotFound { .. }
        | R::InboxNotFound
        | R::NoTaskAvailable { .. }
        | R::NoReviewAvailable
        | R::NoMedia { .. }
        | R::MediaEmpty { .. } => StatusCode::NOT_FOUND,
        R::Tombstoned | R::ProjectDeleted { .. } | R::DatasetDeleted { .. } | R::ExportExpired => {
            StatusCode::GONE
        }
        R::PaymentRequired { .. } | R::QuotaExhausted { .. } | R::DebtOwed { .. } => {
            StatusCode::PAYMENT_REQUIRED
        }
        R::InvalidSpec { .. } | R::InvalidAnswer { .. } | R::InvalidGrant => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
        R::OtherItems { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        R::OwnTask | R::OwnProject | R::Blocked => StatusCode::FORBIDDEN,
        R::ProjectNotActive { .. }
        | R::ProjectEnded
        | R::ProjectNotAccepted
        | R::IdentityChanged { .. }
        | R::ExportIdentityChanged
        | R::ModelIdentityChanged
        | R::PredictionIdentityChanged
        | R::PredictionNotDue { .. }
        | R::RowsGoing
        | R::InboxAmbiguous
        | R::InboxSuspended
        | R::NoWarmModel
        | R::InUse { .. }
        | R::GrantConflict
        | R::AlreadyGenerating
        | R::AlreadyGenerated
        | R::NothingToRetry
        | R::NoConsensus
        | R::TaskNotApproved
        | R::GoldFixed
        | R::RunHeld { .. }
        | R::Fenced
        | R::OutOfOrder { .. }
        | R::TaskLocked
        | R::TooManyLeases { .. }
        | R::LeaseLost
        | R::AlreadyReviewed
        | R::AlreadyDecided
        | R::AnswerReviewed
        | R::UndoTooLate { .. }
        | R::ExportNotDue { .. }
        | R::ExportNotReady { .. }
        | R::TenantTaken
        | R::NamespaceNotBound => StatusCode::CONFLICT,
    }
}
