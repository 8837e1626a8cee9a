//! Purchases of judgements, and what one of them grants a project.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PaymentId, ProjectId},
    wire_enum,
};

wire_enum! {
    /// Where a purchase stands.
    pub enum PaymentStatus {
        /// The checkout is open.
        Pending = "PENDING" / "pending",
        /// The money arrived, and stayed.
        Paid = "PAID" / "paid",
        /// The checkout ended without a payment.
        Expired = "EXPIRED" / "expired",
        /// The payment was refused.
        Failed = "FAILED" / "failed",
        /// Some of the money went back.
        PartiallyRefunded = "PARTIALLY_REFUNDED" / "partially_refunded",
        /// All of the money went back.
        Refunded = "REFUNDED" / "refunded",
        /// The payer's bank holds the money until it has decided.
        Disputed = "DISPUTED" / "disputed",
        /// The payer's bank took the money back.
        Lost = "LOST" / "lost",
    }
}

/// What a payment grants a project, whole: a later version replaces an earlier one, and never adds to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PaymentGrant {
    /// The payment.
    pub payment: PaymentId,
    /// The project it is for.
    pub project: ProjectId,
    /// Judgements granted now.
    pub judgements: i64,
    /// Whether the checkout is open.
    pub pending: bool,
    /// Grows with every change of the payment.
    pub version: i64,
}
