//! What is known of one payment, and what follows from it. Pure.
//!
//! Every fact only grows: the checkout moves towards paid, the refund is the most seen, a dispute moves
//! towards its verdict. Joining updates is therefore commutative, associative and idempotent, so events in any
//! order, any number of times, end in the same facts; quota and ledger are functions of them.

use std::collections::BTreeMap;

use datacrowd_protocol::payment::PaymentStatus;

/// How the checkout ended; a later variant wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CheckoutState {
    Pending,
    Expired,
    Failed,
    /// Last: money that arrived is never forgotten, whatever else is said.
    Paid,
}

/// How a dispute stands; a later variant wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum DisputeStatus {
    /// The bank asks; no money has moved.
    Inquiry,
    Open,
    Lost,
    Won,
}

/// One dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dispute {
    pub amount: i64,
    pub status: DisputeStatus,
}

/// What an event adds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PaymentUpdate {
    /// Nothing beyond which payment it is about.
    Nothing,
    Checkout(CheckoutState),
    /// All that was refunded so far.
    Refunded(i64),
    Disputed {
        id: String,
        dispute: Dispute,
    },
}

/// All that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts {
    pub judgements: i64,
    pub amount: i64,
    pub checkout: CheckoutState,
    pub refunded: i64,
    pub disputes: BTreeMap<String, Dispute>,
}

/// What the ledger is to hold of a payment: by kind, what the project's account gained (negative: gave).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Postings {
    pub payment: i64,
    pub refund: i64,
    pub dispute: i64,
}

impl Facts {
    /// Takes an update in; whether anything changed.
    pub(crate) fn join(&mut self, update: &PaymentUpdate) -> bool {
        let before = self.clone();
        match update {
            PaymentUpdate::Nothing => {}
            PaymentUpdate::Checkout(state) => self.checkout = self.checkout.max(*state),
            PaymentUpdate::Refunded(amount) => self.refunded = self.refunded.max(*amount),
            PaymentUpdate::Disputed { id, dispute } => {
                let known = self.disputes.entry(id.clone()).or_insert(*dispute);
                known.status = known.status.max(dispute.status);
                known.amount = known.amount.max(dispute.amount);
            }
        }
        *self != before
    }

    fn has_dispute(&self, status: DisputeStatus) -> bool {
        self.disputes.values().any(|d| d.status == status)
    }

    /// What is held back or lost by disputes, of what was not refunded.
    fn disputed(&self) -> i64 {
        let held: i64 = self
            .disputes
            .values()
            .filter(|d| matches!(d.status, DisputeStatus::Open | DisputeStatus::Lost))
            .map(|d| d.amount)
            .sum();
        held.min(self.amount - self.refunded)
    }

    pub(crate) fn status(&self) -> PaymentStatus {
        match self.checkout {
            CheckoutState::Pending => PaymentStatus::Pending,
            CheckoutState::Expired => PaymentStatus::Expired,
            CheckoutState::Failed => PaymentStatus::Failed,
            CheckoutState::Paid if self.has_dispute(DisputeStatus::Open) => PaymentStatus::Disputed,
            CheckoutState::Paid if self.has_dispute(DisputeStatus::Lost) => PaymentStatus::Lost,
            CheckoutState::Paid if self.refunded == 0 => PaymentStatus::Paid,
            CheckoutState::Paid if self.refunded < self.amount => PaymentStatus::PartiallyRefunded,
            CheckoutState::Paid => PaymentStatus::Refunded,
        }
    }

    /// Judgements that the money which stayed pays for, rounded down.
    pub(crate) fn granted(&self) -> i64 {
        if self.checkout != CheckoutState::Paid {
            return 0;
        }
        if self.amount == 0 {
            return self.judgements;
        }
        let kept = self.amount - self.refunded - self.disputed();
        let granted = i128::from(self.judgements) * i128::from(kept) / i128::from(self.amount);
        i64::try_from(granted).unwrap_or(0)
    }

    pub(crate) fn postings(&self) -> Postings {
        if self.checkout == CheckoutState::Paid {
            Postings {
                payment: self.amount,
                refund: -self.refunded,
                dispute: -self.disputed(),
            }
        } else {
            Postings::default()
        }
    }
}

#[cfg(test)]
mod tests;
