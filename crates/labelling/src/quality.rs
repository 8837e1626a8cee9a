//! What an owner reads of the quality of a project's answers, what the owner decides,
//! and how far each worker's answers are trusted.

mod agreement;
mod costs;
mod decide;
mod hardest;
mod made_of;
mod measure;
mod qualify;
mod sample;
mod skill_sample;
mod skills;

pub use costs::{Cost, Costs};
pub use datacrowd_consensus::{Share, Z_95, agreement::Estimate};
pub(crate) use decide::decided_tasks;
pub use decide::{NewDecision, OwnersDecision};
pub use hardest::{GivenAnswer, HardTask, HardestCursor, HardestPage};
pub use made_of::MadeOf;
pub use measure::{FieldQuality, LabelCount, Quality, WorkerQuality};
pub use sample::QualitySample;
pub use skill_sample::SkillSample;
pub use skills::{Fitted, Skill};
