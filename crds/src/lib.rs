//! The Kubernetes resources of the platform: Project, Dataset, Export, Model, Prediction and Webhook. This crate owns
//! their shape, their conditions and their names, and nothing else; it talks to no one.

pub mod condition;
pub mod dataset;
pub mod export;
pub mod manifest;
pub mod model;
pub mod names;
pub mod prediction;
pub mod project;
mod reason;
pub mod webhook;

pub use dataset::{Dataset, DatasetSpec, DatasetStatus};
pub use export::{Export, ExportSpec, ExportStatus};
pub use model::{Model, ModelSpec, ModelStatus};
pub use prediction::{Prediction, PredictionSpec, PredictionStatus};
pub use project::{Project, ProjectSpec, ProjectStatus};
pub use webhook::{Webhook, WebhookSpec, WebhookStatus};
