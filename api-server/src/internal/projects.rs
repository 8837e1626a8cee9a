//! Projects, as the operator tells of them.

pub mod billing;
pub mod delete;
pub mod put;
