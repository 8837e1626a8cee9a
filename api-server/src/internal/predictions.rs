//! Predictions, as the operator tells of them.

pub mod delete;
pub mod put;
pub mod run;
pub mod status;
