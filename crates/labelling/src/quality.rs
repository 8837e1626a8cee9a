//! What an owner reads of the quality of a project's answers, and what the owner decides.

mod agreement;
mod decide;
mod hardest;
mod measure;
mod sample;

pub use datacrowd_consensus::agreement::Estimate;
pub(crate) use decide::decided_tasks;
pub use decide::{NewDecision, OwnersDecision};
pub use hardest::{GivenAnswer, HardTask, HardestCursor, HardestPage};
pub use measure::{FieldQuality, LabelCount, Quality, WorkerQuality};
pub use sample::QualitySample;
