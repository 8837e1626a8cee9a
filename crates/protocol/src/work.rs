//! What becomes of people's work, as REST and columns spell it.

use crate::wire_enum;

wire_enum! {
    /// What a project's owner decided about a worker.
    pub enum Membership {
        /// On the list: may work, also when the audience is Members.
        Member = "MEMBER" / "member",
        /// May neither work nor review.
        Blocked = "BLOCKED" / "blocked",
    }
}

wire_enum! {
    /// Where a task stands, as the database derives it from its counters.
    pub enum TaskStatus {
        /// A place is free.
        New = "NEW" / "new",
        /// No place is free, and somebody holds one.
        Locked = "LOCKED" / "locked",
        /// No place is free or held, and an answer waits for its review.
        InReview = "IN_REVIEW" / "in_review",
        /// Every place has an approved answer.
        Approved = "APPROVED" / "approved",
        /// Nobody will answer any more, and a place has no approved answer.
        Rejected = "REJECTED" / "rejected",
    }
}

wire_enum! {
    /// Where an answer stands.
    pub enum AnswerStatus {
        /// Reviewers have not decided yet.
        InReview = "IN_REVIEW" / "in_review",
        /// A majority approved, or none was asked for.
        Approved = "APPROVED" / "approved",
        /// A majority became impossible.
        Rejected = "REJECTED" / "rejected",
        /// Its author took it back.
        Withdrawn = "WITHDRAWN" / "withdrawn",
        /// The project's owner took it back.
        Voided = "VOIDED" / "voided",
    }
}

wire_enum! {
    /// Why there is no task for a worker.
    pub enum NoTask {
        /// The project is paused.
        Paused = "PAUSED" / "paused",
        /// The project has ended.
        Ended = "ENDED" / "ended",
        /// This worker answered, reviewed, skipped or holds every open task.
        AllSeen = "ALL_SEEN" / "all_seen",
        /// Every open task is with another worker.
        AllLeased = "ALL_LEASED" / "all_leased",
        /// Tasks are being generated.
        Generating = "GENERATING" / "generating",
        /// Answers wait for their review; a rejected one opens its task again.
        InReview = "IN_REVIEW" / "in_review",
        /// Every task is done, or none was made yet.
        Done = "DONE" / "done",
    }
}
