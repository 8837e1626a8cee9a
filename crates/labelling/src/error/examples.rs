//! One refusal of each kind, for the list of errors.

use datacrowd_protocol::{
    ids::{DatasetId, ProjectId},
    problem::{BLANK, BLANK_ID, BLANK_NUMBER},
    work::NoTask,
};

use super::Refusal;
use crate::Owing;

impl Refusal {
    /// One of each kind, with blanks for what differs.
    pub fn examples() -> impl Iterator<Item = Self> {
        std::iter::successors(Some(Self::NotFound), Self::next_example)
    }

    /// The example after this one: a new kind comes between two.
    #[expect(clippy::too_many_lines, reason = "an arm for each kind")]
    fn next_example(&self) -> Option<Self> {
        use Refusal as R;
        Some(match self {
            R::NotFound => R::Tombstoned,
            R::Tombstoned => R::ProjectNotFound { name: BLANK.into() },
            R::ProjectNotFound { .. } => R::DatasetNotFound { name: BLANK.into() },
            R::DatasetNotFound { .. } => R::ModelNotFound { name: BLANK.into() },
            R::ModelNotFound { .. } => R::PredictionNotDue {
                waiting_for: BLANK.into(),
            },
            R::PredictionNotDue { .. } => R::ProjectNotActive { state: BLANK },
            R::ProjectNotActive { .. } => R::ProjectEnded,
            R::ProjectEnded => R::ProjectNotAccepted,
            R::ProjectNotAccepted => R::ProjectDeleted {
                id: ProjectId(BLANK_ID),
                namespace: BLANK.into(),
                name: BLANK.into(),
            },
            R::ProjectDeleted { .. } => R::DatasetDeleted {
                id: DatasetId(BLANK_ID),
                namespace: BLANK.into(),
                name: BLANK.into(),
            },
            R::DatasetDeleted { .. } => R::IdentityChanged {
                id: DatasetId(BLANK_ID),
                namespace: BLANK.into(),
                name: BLANK.into(),
            },
            R::IdentityChanged { .. } => R::ExportIdentityChanged,
            R::ExportIdentityChanged => R::ModelIdentityChanged,
            R::ModelIdentityChanged => R::PredictionIdentityChanged,
            R::PredictionIdentityChanged => R::RowsGoing,
            R::RowsGoing => R::InboxNotFound,
            R::InboxNotFound => R::InboxAmbiguous,
            R::InboxAmbiguous => R::InboxSuspended,
            R::InboxSuspended => R::NoWarmModel,
            R::NoWarmModel => R::OtherItems { columns: None },
            R::OtherItems { .. } => R::InvalidSpec {
                details: [(BLANK.into(), BLANK.into())].into(),
            },
            R::InvalidSpec { .. } => R::InUse { by: used() },
            R::InUse { .. } => R::PaymentRequired {
                remaining: BLANK_NUMBER.into(),
                needed: BLANK_NUMBER.into(),
            },
            R::PaymentRequired { .. } => R::DebtOwed {
                owing: vec![owing()],
            },
            R::DebtOwed { .. } => R::GrantConflict,
            R::GrantConflict => R::InvalidGrant,
            R::InvalidGrant => R::AlreadyGenerating,
            R::AlreadyGenerating => R::AlreadyGenerated,
            R::AlreadyGenerated => R::NothingToRetry,
            R::NothingToRetry => R::RunHeld {
                seconds: BLANK_NUMBER.into(),
            },
            R::RunHeld { .. } => R::Fenced,
            R::Fenced => R::QuotaExhausted {
                accepted: BLANK_NUMBER.into(),
            },
            R::QuotaExhausted { .. } => R::OutOfOrder {
                expected: BLANK_NUMBER.into(),
            },
            R::OutOfOrder { .. } => R::NoTaskAvailable {
                why: NoTask::AllSeen,
                retry_after: BLANK_NUMBER.into(),
                leased_until: None,
            },
            R::NoTaskAvailable { .. } => R::TaskLocked,
            R::TaskLocked => R::TooManyLeases {
                limit: BLANK_NUMBER.into(),
            },
            R::TooManyLeases { .. } => R::LeaseLost,
            R::LeaseLost => R::Blocked,
            R::Blocked => R::InvalidAnswer {
                details: [(BLANK.into(), BLANK.into())].into(),
            },
            R::InvalidAnswer { .. } => R::NoReviewAvailable,
            R::NoReviewAvailable => R::OwnTask,
            R::OwnTask => R::OwnProject,
            R::OwnProject => R::AlreadyReviewed,
            R::AlreadyReviewed => R::AlreadyDecided,
            R::AlreadyDecided => R::AnswerReviewed,
            R::AnswerReviewed => R::UndoTooLate { why: BLANK },
            R::UndoTooLate { .. } => R::NoConsensus,
            R::NoConsensus => R::TaskNotApproved,
            R::TaskNotApproved => R::GoldFixed,
            R::GoldFixed => R::NoMedia {
                column: BLANK.into(),
            },
            R::NoMedia { .. } => R::MediaEmpty {
                column: BLANK.into(),
            },
            R::MediaEmpty { .. } => R::ExportNotDue {
                waiting_for: BLANK.into(),
            },
            R::ExportNotDue { .. } => R::ExportNotReady { state: BLANK },
            R::ExportNotReady { .. } => R::ExportExpired,
            R::ExportExpired => R::TenantTaken,
            R::TenantTaken => R::NamespaceNotBound,
            R::NamespaceNotBound => return None,
        })
    }
}

fn owing() -> Owing {
    Owing {
        project: ProjectId(BLANK_ID),
        name: BLANK.into(),
        judgements: BLANK_NUMBER.into(),
    }
}

fn used() -> [(&'static str, i64); 4] {
    let none = |what| (what, 0);
    let datasets = ("datasets", BLANK_NUMBER.into());
    [
        datasets,
        none("exports"),
        none("models"),
        none("predictions"),
    ]
}
