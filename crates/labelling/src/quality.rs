//! What an owner reads of the quality of a project's answers, and what the owner decides.

mod decide;

pub(crate) use decide::decided_tasks;
pub use decide::{NewDecision, OwnersDecision};
