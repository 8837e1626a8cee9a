//! Exports, as the operator tells of them and their runners read them.

pub mod answers;
pub mod delete;
pub mod labels;
pub mod put;
pub mod run;
pub mod status;
