//! Which items of an inbox people are asked about.

use serde::{Deserialize, Serialize};

use crate::wire_enum;

wire_enum! {
    /// Whether people are asked about the items of an inbox.
    pub enum InboxCrowd {
        /// Models answer. No place of a worker opens, and nothing is charged.
        Never = "NEVER" / "never",
        /// People answer what a model is less sure of than `askBelow`, what it cannot read, and what waits for longer than `holdSeconds`.
        Uncertain = "UNCERTAIN" / "uncertain",
        /// People answer every item, at once.
        Always = "ALWAYS" / "always",
    }
}

wire_enum! {
    /// How far people are with an item of an inbox.
    pub enum ItemCrowdState {
        /// It is not settled yet whether they are asked, or they are about to be.
        Pending = "PENDING" / "pending",
        /// The models are sure enough.
        NotNeeded = "NOT_NEEDED" / "not_needed",
        /// They are to be asked as soon as the project has quota for it.
        AwaitingQuota = "AWAITING_QUOTA" / "awaiting_quota",
        /// They are asked.
        Asked = "ASKED" / "asked",
        /// As many have answered as were wanted.
        Answered = "ANSWERED" / "answered",
        /// It ended without as many answers as were wanted.
        Ended = "ENDED" / "ended",
    }
}

/// How long an item waits for a model before people are asked, when nothing is said of it.
pub const DEFAULT_HOLD_SECONDS: i32 = 300;
/// The longest that it may wait.
pub const MOST_HOLD_SECONDS: i32 = 86_400;

/// Which items of an inbox people are asked about. Both numbers are there with [`InboxCrowd::Uncertain`] only.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxRule {
    /// Whether they are asked.
    pub crowd: InboxCrowd,
    /// About what a model gives a smaller probability than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask_below: Option<f64>,
    /// And about what has no prediction after so many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i32>,
}

impl InboxRule {
    /// What is said, made whole.
    ///
    /// # Errors
    /// The member at fault, and a sentence without its subject and stop.
    pub fn of(
        crowd: Option<InboxCrowd>,
        ask_below: Option<f64>,
        hold_seconds: Option<i32>,
    ) -> Result<Self, (&'static str, &'static str)> {
        let crowd = crowd.unwrap_or(InboxCrowd::Never);
        let is_uncertain = crowd == InboxCrowd::Uncertain;
        match (ask_below, hold_seconds) {
            (Some(_), _) if !is_uncertain => {
                Err(("askBelow", "belongs to crowd: Uncertain; remove it"))
            }
            (_, Some(_)) if !is_uncertain => {
                Err(("holdSeconds", "belongs to crowd: Uncertain; remove it"))
            }
            (None, _) if is_uncertain => Err((
                "askBelow",
                "says below which probability people are asked; set it, from 0 to 1",
            )),
            (Some(below), _) if !(0.0..=1.0).contains(&below) => {
                Err(("askBelow", "must be a probability, from 0 to 1"))
            }
            (_, Some(hold)) if !(1..=MOST_HOLD_SECONDS).contains(&hold) => {
                Err(("holdSeconds", "must be between 1 and 86400"))
            }
            _ => Ok(Self {
                crowd,
                ask_below,
                hold_seconds: is_uncertain.then(|| hold_seconds.unwrap_or(DEFAULT_HOLD_SECONDS)),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_belong_to_an_uncertain_crowd_and_one_of_them_is_needed() {
        let (never, uncertain, always) = (
            Some(InboxCrowd::Never),
            Some(InboxCrowd::Uncertain),
            Some(InboxCrowd::Always),
        );
        let fine = InboxRule::of(uncertain, Some(0.9), None).unwrap();
        assert_eq!(
            (fine.ask_below, fine.hold_seconds),
            (Some(0.9), Some(DEFAULT_HOLD_SECONDS))
        );
        let nothing = InboxRule::of(None, None, None).unwrap();
        assert_eq!(nothing, InboxRule::of(never, None, None).unwrap());
        assert_eq!((nothing.ask_below, nothing.hold_seconds), (None, None));
        assert!(InboxRule::of(always, None, None).is_ok());
        for (crowd, below, hold, member) in [
            (None, Some(0.9), None, "askBelow"),
            (always, Some(0.9), None, "askBelow"),
            (never, None, Some(60), "holdSeconds"),
            (uncertain, None, Some(60), "askBelow"),
            (uncertain, Some(1.1), None, "askBelow"),
            (uncertain, Some(f64::NAN), None, "askBelow"),
            (uncertain, Some(0.9), Some(0), "holdSeconds"),
            (uncertain, Some(0.9), Some(86_401), "holdSeconds"),
        ] {
            let refused = InboxRule::of(crowd, below, hold).unwrap_err();
            assert_eq!(refused.0, member, "{crowd:?} {below:?} {hold:?}");
        }
    }
}
