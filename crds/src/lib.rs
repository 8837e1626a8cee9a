//! The Kubernetes resources of the platform: Project, Dataset and Export. This crate owns their
//! shape, their conditions and their names, and nothing else; it talks to no one.

pub mod condition;
pub mod dataset;
pub mod export;
pub mod manifest;
pub mod names;
pub mod project;
mod reason;

pub use dataset::{Dataset, DatasetSpec, DatasetStatus};
pub use export::{Export, ExportSpec, ExportStatus};
pub use project::{Project, ProjectSpec, ProjectStatus};
