//! Reviews: who may decide on an answer, and what a majority does to it.

mod decide;
mod next;
mod undo;

use datacrowd_protocol::{ids::AnswerId, work::AnswerStatus};

pub(crate) use next::REVIEW_LEASE_SECONDS;
pub use next::{ModelSaid, PreviousDecision, ReviewCandidate};

/// A reviewer's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The answer is right.
    Approve {
        /// May be empty.
        comment: String,
    },
    /// The answer is wrong, and why.
    Reject {
        /// Never empty.
        comment: String,
    },
}

impl Decision {
    fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Approve { comment } => ("approved", comment),
            Self::Reject { comment } => ("rejected", comment),
        }
    }
}

/// What a decision made of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// The answer.
    pub answer_id: AnswerId,
    /// In review, approved or rejected.
    pub status: AnswerStatus,
}

/// The answer's status after these votes: approved by a strict majority, rejected as soon as that is impossible.
fn status_after(needed: i16, approvals: i16, rejections: i16) -> AnswerStatus {
    if approvals * 2 > needed {
        AnswerStatus::Approved
    } else if rejections * 2 >= needed {
        AnswerStatus::Rejected
    } else {
        AnswerStatus::InReview
    }
}

#[cfg(test)]
mod tests {
    use datacrowd_protocol::work::AnswerStatus::{Approved, InReview, Rejected};

    use super::status_after;

    #[test]
    fn a_strict_majority_approves_and_an_impossible_one_rejects_at_once() {
        let table = [
            (1, 1, 0, Approved),
            (1, 0, 1, Rejected),
            (2, 1, 0, InReview),
            (2, 2, 0, Approved),
            (2, 1, 1, Rejected),
            (2, 0, 1, Rejected),
            (3, 2, 0, Approved),
            (3, 1, 1, InReview),
            (3, 1, 2, Rejected),
            (5, 2, 2, InReview),
            (5, 3, 2, Approved),
        ];
        for (needed, approvals, rejections, expected) in table {
            assert_eq!(
                status_after(needed, approvals, rejections),
                expected,
                "{needed} {approvals} {rejections}"
            );
        }
    }
}
