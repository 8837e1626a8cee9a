//! Reviews: who may decide on an answer, and what a majority does to it.

mod decide;
mod next;
mod undo;

use datacrowd_protocol::ids::AnswerId;

pub(crate) use decide::reject_slot;
pub(crate) use next::REVIEW_LEASE_SECONDS;
pub use next::{PreviousDecision, ReviewCandidate};

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
    /// `in_review`, `approved` or `rejected`.
    pub status: String,
}

/// The answer's status after these votes: approved by a strict majority, rejected as soon as that is impossible.
fn status_after(needed: i16, approvals: i16, rejections: i16) -> &'static str {
    if approvals * 2 > needed {
        "approved"
    } else if rejections * 2 >= needed {
        "rejected"
    } else {
        "in_review"
    }
}

#[cfg(test)]
mod tests {
    use super::status_after;

    #[test]
    fn a_strict_majority_approves_and_an_impossible_one_rejects_at_once() {
        let table = [
            (1, 1, 0, "approved"),
            (1, 0, 1, "rejected"),
            (2, 1, 0, "in_review"),
            (2, 2, 0, "approved"),
            (2, 1, 1, "rejected"),
            (2, 0, 1, "rejected"),
            (3, 2, 0, "approved"),
            (3, 1, 1, "in_review"),
            (3, 1, 2, "rejected"),
            (5, 2, 2, "in_review"),
            (5, 3, 2, "approved"),
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
