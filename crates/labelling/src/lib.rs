//! Bounded context "core": tenants, projects, datasets, tasks, answers, reviews, points, exports, models, predictions.
//!
//! It owns the database `core` and every SQL statement for it. It opens and commits its transactions,
//! makes no network call, and knows neither HTTP nor Kubernetes.

mod answer_form;
mod answers;
mod approvals;
mod audit;
mod backlog;
mod batches;
mod binding;
mod crowd;
mod datasets;
mod debt;
mod departures;
mod error;
mod events;
mod exports;
mod gold;
mod idempotency;
mod labelings;
mod lost;
mod models;
mod outbox;
mod page;
mod plans;
mod points;
mod predictions;
mod projects;
mod quality;
mod reviews;
mod runs;
mod scheduled;
mod sweep;
mod task_state;
mod tasks;
mod tenants;
mod uploads;

use std::sync::Arc;

use labelings::LabelingCache;
use sqlx::{PgPool, Postgres, Transaction};
use tasks::Prefilling;

pub use answer_form::{answer_schema, validate_answer};
pub use answers::{Answer, AnswerFilter};
pub use backlog::Backlog;
pub use crowd::{
    Agreement, HourlyAnswers, RejectionReason, ReviewerConduct, SkipCount, SkipReason, SkippedTask,
    SpentSeconds, Stats, TenantConduct, Void, Voided, Worker, WorkerStats,
};
pub use datasets::{ContentNow, Dataset, DatasetUpsert, Deletion, unpacked};
pub use debt::Owing;
pub use error::{Error, Refusal, Result};
pub use exports::{Export, ExportUpsert, FinishedExport, RunParts};
pub use gold::{GoldItem, GoldSettled, NewGold};
pub use lost::{BoundId, BoundResource, Losses};
pub use models::{Answered, InspectRun, Model, ModelUpsert, Prefilled, RunModel, WarmModel};
pub use outbox::CoreMessage;
pub use page::Page;
pub use points::{Points, PointsEntry};
pub use predictions::{
    CalibrationBin, ComparedLabels, InboxItem, ItemContent, ItemCrowd, ItemSource, ItemWord,
    MOST_ATTEMPTS, ModelAccuracy, NewItem, OpenInbox, PredictRun, Prediction, PredictionItem,
    PredictionUpsert, QueueDepth, QueueLease, Said, UnpredictedItem,
};
pub use projects::{Project, ProjectHead, ProjectUpsert, WorkProject};
pub use quality::{
    Cost, Costs, Estimate, FieldQuality, Fitted, GivenAnswer, HardTask, HardestCursor, HardestPage,
    LabelCount, MadeOf, NewDecision, OwnersDecision, Quality, QualitySample, Share, Skill,
    SkillSample, WorkerQuality, Z_95,
};
pub use reviews::{Decision, ModelSaid, PreviousDecision, ReviewCandidate, Reviewed};
pub use runs::{Begun, Chunk, GenerateRun, RunCaller, RunTarget};
pub use scheduled::{ScheduledRun, ScheduledTask, TaskRuns};
pub use sweep::Swept;
pub use tasks::{Lease, Media, NewAnswer, Submitted, Task};
pub use tenants::Tenant;
pub use uploads::{Accepted, FileUpload, LeftFile, NewFile, StaleUpload};

/// Who pays, and whether the gate asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BillingMode {
    /// Nothing is gated: most self-hosters.
    Disabled,
    /// Quota comes from grants that a trusted caller makes.
    Manual,
    /// Quota comes from payments.
    Stripe,
}

impl BillingMode {
    /// Whether generating tasks needs quota.
    #[must_use]
    pub fn gates(self) -> bool {
        match self {
            Self::Disabled => false,
            Self::Manual | Self::Stripe => true,
        }
    }
}

/// The context's face. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Labelling {
    /// For transactions.
    pool: PgPool,
    /// For single statements.
    calls: PgPool,
    billing: BillingMode,
    labelings: Arc<LabelingCache>,
    prefilling: Arc<Prefilling>,
}

impl Labelling {
    /// A context over the database `core`, reached with the application's role. What is one statement goes through
    /// `calls`: nothing there leaves a transaction open, so its connections need no care between two requests.
    #[must_use]
    pub fn new(pool: PgPool, calls: PgPool, billing: BillingMode) -> Self {
        Self {
            pool,
            calls,
            billing,
            labelings: Arc::default(),
            prefilling: Arc::default(),
        }
    }

    /// Begins a transaction. What it records knows the request that causes it.
    pub(crate) async fn begin(
        &self,
    ) -> std::result::Result<Transaction<'static, Postgres>, sqlx::Error> {
        datacrowd_outbox::begin(&self.pool).await
    }

    /// Who pays.
    #[must_use]
    pub fn billing_mode(&self) -> BillingMode {
        self.billing
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// The database is out of reach.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query!("select 1 as one")
            .fetch_one(&self.calls)
            .await?;
        Ok(())
    }
}
