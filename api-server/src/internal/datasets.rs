//! Datasets, as the operator and their runners tell of them.

pub mod delete;
pub mod fence;
pub mod load;
pub mod put;
pub mod run;
pub mod status;
