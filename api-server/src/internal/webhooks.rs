//! Webhooks, as the operator tells of them.

pub mod delete;
pub mod put;
