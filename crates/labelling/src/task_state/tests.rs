//! Every event in every state, against a model of the counters.

use datacrowd_protocol::{
    labeling::OnReject,
    work::TaskStatus::{self, Approved, InReview, Locked, New, Rejected},
};

use super::{Delta, TaskEvent};

/// A task's counters, as `task_apply_v3` moves them where no task grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Counters {
    slots: i32,
    free: i32,
    leased: i32,
    in_review: i32,
    approved: i32,
    rejections: i32,
}

impl Counters {
    /// The counters after an event; none when there is nothing that it could happen to.
    fn after(self, d: &Delta, closed: bool) -> Option<Self> {
        let rejections = self.rejections + d.rejections;
        let free = match d.all {
            Some(true) => self.slots - self.leased - self.in_review - self.approved,
            Some(false) => 0,
            None if d.limit.is_some_and(|limit| rejections >= limit) => 0,
            None => self.free + d.places + i32::from(d.reopens && !closed),
        };
        let after = Self {
            slots: self.slots,
            free,
            leased: self.leased + d.leased,
            in_review: self.in_review + d.in_review,
            approved: self.approved + d.approved,
            rejections: if d.all == Some(true) { 0 } else { rejections },
        };
        after.is_possible().then_some(after)
    }

    /// What the table's constraints allow.
    fn is_possible(self) -> bool {
        let counts = [
            self.free,
            self.leased,
            self.in_review,
            self.approved,
            self.rejections,
        ];
        counts.iter().all(|count| *count >= 0) && counts[..4].iter().sum::<i32>() <= self.slots
    }

    /// The generated column `tasks.status`.
    fn status(self) -> TaskStatus {
        if self.approved >= self.slots {
            Approved
        } else if self.free > 0 {
            New
        } else if self.leased > 0 {
            Locked
        } else if self.in_review > 0 {
            InReview
        } else {
            Rejected
        }
    }
}

/// A task of one place in each status.
fn alone(status: TaskStatus) -> Counters {
    let none = Counters {
        slots: 1,
        free: 0,
        leased: 0,
        in_review: 0,
        approved: 0,
        rejections: 0,
    };
    match status {
        New => Counters { free: 1, ..none },
        Locked => Counters { leased: 1, ..none },
        InReview => Counters {
            in_review: 1,
            ..none
        },
        Approved => Counters {
            approved: 1,
            ..none
        },
        Rejected => Counters {
            rejections: 1,
            ..none
        },
    }
}

const REQUEUE: TaskEvent = TaskEvent::Rejected {
    on_reject: OnReject::Requeue,
    max_rejections: 3,
    gated: false,
};
const CLOSE: TaskEvent = TaskEvent::Rejected {
    on_reject: OnReject::Close,
    max_rejections: 3,
    gated: false,
};
const LAST: TaskEvent = TaskEvent::Rejected {
    on_reject: OnReject::Requeue,
    max_rejections: 1,
    gated: false,
};
const CLOSED_BY_REJECTION: TaskEvent = TaskEvent::RejectionUndone { places_opened: 0 };
const OPENED_BY_REJECTION: TaskEvent = TaskEvent::RejectionUndone { places_opened: 1 };
const ALL: [TaskStatus; 5] = [New, Locked, InReview, Approved, Rejected];

#[test]
fn every_event_in_every_state() {
    use TaskEvent as E;
    let submitted = |approved| E::Submitted {
        approved,
        gated: false,
    };
    let withdrawn = |leased| E::Withdrawn { leased };
    let voided = |approved| E::Voided { approved };
    // New, Locked, InReview, Approved, Rejected: what a task of one place becomes; none where it cannot happen.
    let table: &[(TaskEvent, [Option<TaskStatus>; 5])] = &[
        (E::Leased, [Some(Locked), None, None, None, None]),
        (E::LeaseEnded, [None, Some(New), None, None, None]),
        (submitted(false), [None, Some(InReview), None, None, None]),
        (submitted(true), [None, Some(Approved), None, None, None]),
        (withdrawn(true), [None, None, Some(Locked), None, None]),
        (withdrawn(false), [None, None, Some(New), None, None]),
        (voided(false), [None, None, Some(New), None, None]),
        (voided(true), [None, None, None, Some(New), None]),
        (E::Approved, [None, None, Some(Approved), None, None]),
        (REQUEUE, [None, None, Some(New), None, None]),
        (CLOSE, [None, None, Some(Rejected), None, None]),
        (LAST, [None, None, Some(Rejected), None, None]),
        (E::ApprovalUndone, [None, None, None, Some(InReview), None]),
        (
            CLOSED_BY_REJECTION,
            [None, None, None, None, Some(InReview)],
        ),
        // The place that the rejection opened is not free: somebody has it, or it was closed by hand.
        (OPENED_BY_REJECTION, [None, None, None, None, None]),
        (
            E::Requeued,
            [
                Some(New),
                Some(Locked),
                Some(InReview),
                Some(Approved),
                Some(New),
            ],
        ),
        (
            E::Cancelled,
            [
                Some(Rejected),
                Some(Locked),
                Some(InReview),
                Some(Approved),
                Some(Rejected),
            ],
        ),
    ];
    for (event, expected) in table {
        for (before, expected) in ALL.into_iter().zip(expected) {
            let after = alone(before).after(&event.delta(), false);
            let after = after.map(Counters::status);
            assert_eq!(after, *expected, "{event:?} in {before:?}");
        }
    }
}

#[test]
fn nothing_opens_in_a_closed_project() {
    let table = [
        (TaskEvent::LeaseEnded, Locked),
        (TaskEvent::Withdrawn { leased: false }, InReview),
        (TaskEvent::Voided { approved: false }, InReview),
        (TaskEvent::Voided { approved: true }, Approved),
        (REQUEUE, InReview),
    ];
    for (event, before) in table {
        let after = alone(before).after(&event.delta(), true).unwrap();
        assert_eq!((after.free, after.status()), (0, Rejected), "{event:?}");
    }
}

#[test]
fn what_is_undone_is_as_it_was() {
    for slots in 1..=4 {
        for rejected_before in 0..3 {
            for rejection in [REQUEUE, CLOSE, LAST] {
                for free in 0..slots {
                    let before = Counters {
                        slots,
                        free,
                        in_review: 1,
                        leased: 0,
                        approved: 0,
                        rejections: rejected_before,
                    };
                    let after = before.after(&rejection.delta(), false).unwrap();
                    let places_opened = i16::try_from(after.free - before.free).unwrap();
                    let undone = TaskEvent::RejectionUndone { places_opened };
                    assert_eq!(after.after(&undone.delta(), false), Some(before));
                }
            }
        }
    }
    let waits = alone(InReview);
    let approved = waits.after(&TaskEvent::Approved.delta(), false).unwrap();
    let undone = approved.after(&TaskEvent::ApprovalUndone.delta(), false);
    assert_eq!(undone, Some(waits));
}
