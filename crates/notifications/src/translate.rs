//! What a context records, in the words in which clients are told. A context's own kinds may change with its code;
//! these types may not.

mod row;

use datacrowd_outbox::Happened;
use datacrowd_protocol::payment::PaymentStatus;
use serde::Serialize;
use uuid::Uuid;

use self::row::Row;
use crate::{
    EventType, NewEvent,
    event::identity,
    types::{
        AnswerData, BatchData, DatasetData, ExportData, InvitationData, ModelData, PaymentData,
        PredictionData, ProjectData, QuotaData, TaskData, WorkerData,
    },
};

/// A row that says what nobody knows how to tell.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{kind}\" of {subject} has no {missing} that can be told")]
pub struct Untold {
    /// The context's kind.
    pub kind: String,
    /// Id of what it happened to.
    pub subject: String,
    /// The member that is absent, or means nothing.
    pub missing: &'static str,
}

/// What happened by this row of a context's `events`; nothing, where it is of no interest outside.
///
/// # Errors
/// The row lacks what its kind says.
pub fn translate(context: &str, row: &Happened) -> Result<Vec<NewEvent>, Untold> {
    let read = Row(row);
    let told = match row.kind.split('.').next().unwrap_or_default() {
        "project" => read.project()?,
        "dataset" => read.dataset()?,
        "batch" => read.batch()?,
        "task" => read.task()?,
        "answer" | "review" => read.answer()?,
        "export" => read.export()?,
        "model" => read.model()?,
        "prediction" => read.prediction()?,
        "worker" => read.worker()?,
        "payment" => read.payment()?,
        "invitation" => read.invitation()?,
        _ => return Err(read.missing("kind")),
    };
    Ok(told
        .into_iter()
        .enumerate()
        .map(|(part, (event, subject, data))| NewEvent {
            id: identity(context, row.event, part, row.at),
            event,
            tenant: row.tenant,
            project: row.project,
            subject,
            data,
            person: read.person(),
            at: row.at,
            traceparent: row.traceparent.clone(),
        })
        .collect())
}

/// A type, a subject, and data.
type Told = (EventType, String, serde_json::Value);

impl Row<'_> {
    /// The worker whom it concerns; nobody where another event of the same act tells them, or it is a model.
    fn person(&self) -> Option<Uuid> {
        let is_worker = self.0.kind.starts_with("worker.");
        let is_told = self.0.data["disqualified"].as_bool().unwrap_or_default();
        let is_model = self.0.data["model"].is_string();
        (is_worker && !is_told && !is_model)
            .then(|| self.uuid().ok())
            .flatten()
    }

    fn told(&self, event: EventType, kind: &str, data: impl Serialize) -> Result<Told, Untold> {
        let data = serde_json::to_value(data).map_err(|_| self.missing("data"))?;
        Ok((event, format!("{kind}/{}", self.0.subject), data))
    }

    fn project(&self) -> Result<Vec<Told>, Untold> {
        let event = match self.0.kind.as_str() {
            "project.granted" | "project.low" | "project.exhausted" => return self.quota(),
            "project.deleted" => EventType::ProjectDeleted,
            "project.applied" if self.number("generation")? == 1 => EventType::ProjectCreated,
            "project.applied" => EventType::ProjectUpdated,
            "project.changed" => match (self.text("from")?, self.text("to")?) {
                (_, "paused") => EventType::ProjectPaused,
                (_, "completed") => EventType::ProjectCompleted,
                (_, "closed") => EventType::ProjectClosed,
                ("paused", "active") => EventType::ProjectResumed,
                _ => return Ok(Vec::new()),
            },
            _ => return Err(self.missing("kind")),
        };
        let data = ProjectData {
            project_id: self.project_id()?,
            name: self.name()?,
        };
        Ok(vec![self.told(event, "projects", data)?])
    }

    fn quota(&self) -> Result<Vec<Told>, Untold> {
        let data = QuotaData {
            project_id: self.project_id()?,
            name: self.name()?,
            judgements: self.0.data["judgements"].as_i64(),
            payment_id: self.id("paymentId").ok(),
            used: self.0.data["used"].as_i64(),
        };
        let event = match self.0.kind.as_str() {
            "project.granted" => EventType::QuotaGranted,
            "project.low" => EventType::QuotaLow,
            _ => EventType::QuotaExhausted,
        };
        Ok(vec![self.told(event, "projects", data)?])
    }

    fn dataset(&self) -> Result<Vec<Told>, Untold> {
        let event = match self.0.kind.as_str() {
            "dataset.applied" if self.number("generation")? == 1 => EventType::DatasetCreated,
            "dataset.applied" => return Ok(Vec::new()),
            "dataset.generating" => EventType::DatasetGenerating,
            "dataset.ready" => EventType::DatasetReady,
            "dataset.stopped" => EventType::DatasetFailed,
            "dataset.deleted" => EventType::DatasetDeleted,
            "dataset.settled" => match self.text("state")? {
                "completed" => EventType::DatasetCompleted,
                "ready" => EventType::DatasetReady,
                _ => return Err(self.missing("state")),
            },
            _ => return Err(self.missing("kind")),
        };
        let data = DatasetData {
            project_id: self.project_id()?,
            dataset_id: self.uuid()?,
            name: self.name()?,
            rows: self.0.data["rows"].as_i64(),
            reason: self.text("reason").ok().map(ToOwned::to_owned),
        };
        Ok(vec![self.told(event, "datasets", data)?])
    }

    fn batch(&self) -> Result<Vec<Told>, Untold> {
        let event = match (self.text("from")?, self.text("to")?) {
            ("new", "ready") => EventType::BatchReady,
            ("ready", "in_progress") => EventType::BatchStarted,
            ("done", "in_progress") => EventType::BatchReopened,
            (_, "done") => EventType::BatchDone,
            _ => return Ok(Vec::new()),
        };
        let data = BatchData {
            project_id: self.project_id()?,
            dataset_id: self.id("dataset")?,
            batch_id: self.row()?,
            tasks: self.number("tasks")?,
            approved: self.number("approved")?,
            rejected: self.number("rejected")?,
        };
        Ok(vec![self.told(event, "batches", data)?])
    }

    fn task(&self) -> Result<Vec<Told>, Untold> {
        let ended = |status: &str| matches!(status, "approved" | "rejected");
        let event = match self.0.kind.as_str() {
            "task.starved" => EventType::TaskStarved,
            _ => match (self.text("from")?, self.text("to")?) {
                (_, "approved") => EventType::TaskApproved,
                (_, "rejected") => EventType::TaskRejected,
                (from, _) if ended(from) => EventType::TaskReopened,
                _ => return Ok(Vec::new()),
            },
        };
        let data = TaskData {
            project_id: self.project_id()?,
            dataset_id: self.id("dataset")?,
            batch_id: self.number("batch")?,
            task_id: self.row()?,
        };
        Ok(vec![self.told(event, "tasks", data)?])
    }

    /// What a decision does to the answer is an event of its own.
    fn answer(&self) -> Result<Vec<Told>, Untold> {
        let status = || self.text("status");
        let (event, becomes) = match self.0.kind.as_str() {
            "answer.submitted" => (EventType::AnswerSubmitted, Some(status()?)),
            "answer.reviewed" => (EventType::ReviewDecided, Some(status()?)),
            "answer.withdrawn" => (EventType::AnswerWithdrawn, None),
            "answer.voided" => (EventType::AnswerVoided, None),
            "review.undone" => (EventType::ReviewUndone, None),
            _ => return Err(self.missing("kind")),
        };
        let data = AnswerData {
            project_id: self.project_id()?,
            dataset_id: self.id("dataset")?,
            task_id: self.number("task")?,
            answer_id: self.row()?,
            decision: self.upper("decision"),
        };
        let decided = match becomes {
            Some("approved") => Some(EventType::AnswerApproved),
            Some("rejected") => Some(EventType::AnswerRejected),
            _ => None,
        };
        let mut told = vec![self.told(event, "answers", &data)?];
        if let Some(decided) = decided {
            let data = AnswerData {
                decision: None,
                ..data
            };
            told.push(self.told(decided, "answers", data)?);
        }
        Ok(told)
    }

    fn export(&self) -> Result<Vec<Told>, Untold> {
        let event = match self.0.kind.as_str() {
            "export.expired" => EventType::ExportExpired,
            "export.ended" => match self.text("state")? {
                "ready" => EventType::ExportReady,
                "failed" => EventType::ExportFailed,
                _ => return Err(self.missing("state")),
            },
            _ => return Err(self.missing("kind")),
        };
        let data = ExportData {
            project_id: self.project_id()?,
            export_id: self.uuid()?,
            name: self.name()?,
            rows: self.0.data["rows"].as_i64(),
        };
        Ok(vec![self.told(event, "exports", data)?])
    }

    fn model(&self) -> Result<Vec<Told>, Untold> {
        let event = match self.text("state")? {
            "ready" => EventType::ModelReady,
            "failed" => EventType::ModelFailed,
            _ => return Err(self.missing("state")),
        };
        let data = ModelData {
            project_id: self.project_id()?,
            model_id: self.uuid()?,
            name: self.name()?,
        };
        Ok(vec![self.told(event, "models", data)?])
    }

    fn prediction(&self) -> Result<Vec<Told>, Untold> {
        let event = match self.text("state")? {
            "ready" => EventType::PredictionCompleted,
            "failed" => EventType::PredictionFailed,
            _ => return Err(self.missing("state")),
        };
        let data = PredictionData {
            project_id: self.project_id()?,
            dataset_id: self.id("dataset")?,
            prediction_id: self.uuid()?,
            name: self.name()?,
            predicted: self.number("predicted")?,
            failed: self.number("failed")?,
        };
        Ok(vec![self.told(event, "predictions", data)?])
    }

    /// The account of a worker is nobody's to know: the pseudonym stands for it.
    fn worker(&self) -> Result<Vec<Told>, Untold> {
        let event = match self.0.kind.as_str() {
            "worker.member" => EventType::WorkerAdded,
            "worker.blocked" => EventType::WorkerBlocked,
            "worker.removed" => EventType::WorkerRemoved,
            "worker.qualified" => EventType::WorkerQualified,
            "worker.disqualified" => EventType::WorkerDisqualified,
            _ => return Err(self.missing("kind")),
        };
        let worker = self.text("worker").ok().map(ToOwned::to_owned);
        let subject = match &worker {
            Some(pseudonym) => format!("workers/{pseudonym}"),
            None => "workers".to_owned(),
        };
        let data = WorkerData {
            project_id: self.project_id()?,
            worker,
            action: self.upper("action"),
            correct: self.0.data["correct"].as_i64(),
            total: self.0.data["total"].as_i64(),
        };
        let (event, _, data) = self.told(event, "workers", data)?;
        Ok(vec![(event, subject, data)])
    }

    fn payment(&self) -> Result<Vec<Told>, Untold> {
        let status = serde_json::from_value(self.0.data["status"].clone());
        let event = match status.map_err(|_| self.missing("status"))? {
            PaymentStatus::Paid => EventType::PaymentPaid,
            PaymentStatus::Expired | PaymentStatus::Failed => EventType::PaymentFailed,
            PaymentStatus::PartiallyRefunded | PaymentStatus::Refunded => {
                EventType::PaymentRefunded
            }
            PaymentStatus::Disputed => EventType::PaymentDisputed,
            PaymentStatus::Lost => EventType::PaymentLost,
            PaymentStatus::Pending => return Ok(Vec::new()),
        };
        let data = PaymentData {
            project_id: self.project_id()?,
            payment_id: self.uuid()?,
            judgements: self.number("judgements")?,
            granted: self.number("granted")?,
            amount_cents: self.number("amount_cents")?,
            refunded_cents: self.number("refunded_cents")?,
            currency: self.text("currency")?.to_owned(),
        };
        Ok(vec![self.told(event, "payments", data)?])
    }

    /// Who invites is the platform's, and nobody's to know.
    fn invitation(&self) -> Result<Vec<Told>, Untold> {
        let expires_at = serde_json::from_value(self.0.data["expiresAt"].clone());
        let data = InvitationData {
            invitation_id: self.uuid()?,
            role: self.text("role")?.to_owned(),
            expires_at: expires_at.map_err(|_| self.missing("expiresAt"))?,
        };
        Ok(vec![self.told(
            EventType::UserInvited,
            "invitations",
            data,
        )?])
    }
}
