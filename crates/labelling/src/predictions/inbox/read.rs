//! An item as its client sees it: what models and people say of it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    ids::{DatasetId, ItemId, ModelId, TaskId, TenantId},
    model::{ItemFailed, PredictedWindow},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Labelling, Refusal, Result, models::stored, predictions::asking::ItemCrowd};

/// An item, and what models say of it.
#[derive(Debug, Clone, PartialEq)]
pub struct InboxItem {
    /// What its client knows it by.
    pub id: ItemId,
    /// Its task.
    pub task: TaskId,
    /// The inbox.
    pub inbox: DatasetId,
    /// When it arrived.
    pub created_at: DateTime<Utc>,
    /// Each model that was asked, in the order of their names.
    pub models: Vec<ItemWord>,
    /// What people have to do with it; nothing where they never are asked.
    pub crowd: Option<ItemCrowd>,
}

/// What one model says of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemWord {
    /// The model.
    pub model: ModelId,
    /// The name of its resource.
    pub name: String,
    /// SHA-256 of its file, in hexadecimal.
    pub version: Option<String>,
    /// What came of the item; nothing while it waits.
    pub said: Option<Said>,
}

/// What came of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The model answered.
    Label {
        /// As a person would give it.
        label: Value,
        /// Of the label, from 0 to 1; none of a number.
        probability: Option<f64>,
        /// Of each label; of a number, nothing.
        probabilities: BTreeMap<String, f64>,
        /// From the file's bytes to what is said of it.
        micros: i64,
        /// Of each window of a recording, in their order.
        windows: Vec<PredictedWindow>,
    },
    /// It gets no answer.
    Failed(ItemFailed),
}

impl Labelling {
    /// An item of this tenant, of any when none is given, with what models and people say of it. One whose inbox is deleted is not there.
    ///
    /// # Errors
    /// `not_found`, also for another tenant's; or the database failed.
    pub async fn item_get(
        &self,
        tenant: Option<TenantId>,
        id: ItemId,
        now: DateTime<Utc>,
    ) -> Result<InboxItem> {
        let item = sqlx::query!(
            "select i.task_id, t.dataset_id, i.created_at from inbox_items i join tasks t on t.id = i.task_id join datasets d on d.id = t.dataset_id
             where i.id = $1 and d.bound_uid is not null and ($2::uuid is null or d.tenant_id = $2)",
            id.0,
            tenant.map(|t| t.0)
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        let rows = sqlx::query_as!(
            Word,
            "select m.id, m.name, m.sha256, p.label as \"label?\", p.probability as \"probability?\", p.probabilities as \"probabilities?\", p.micros as \"micros?\", p.windows as \"windows?\", q.failure as \"failure?\"
             from models m left join predictions p on p.model_id = m.id and p.task_id = $1
             left join prediction_queue q on q.model_id = m.id and q.task_id = $1
             where m.bound_uid is not null and m.project_id = (select project_id from tasks where id = $1)
               and (p.task_id is not null or q.task_id is not null)
             order by m.name",
            item.task_id
        )
        .fetch_all(&self.calls)
        .await?;
        Ok(InboxItem {
            id,
            task: TaskId(item.task_id),
            inbox: DatasetId(item.dataset_id),
            created_at: item.created_at,
            models: rows.into_iter().map(Word::said).collect::<Result<_>>()?,
            crowd: self.item_crowd(TaskId(item.task_id), now).await?,
        })
    }
}

/// What one model says of an item, as it is stored.
struct Word {
    id: Uuid,
    name: String,
    sha256: Option<String>,
    label: Option<Value>,
    probability: Option<f64>,
    probabilities: Option<Value>,
    micros: Option<i64>,
    windows: Option<Value>,
    failure: Option<Value>,
}

impl Word {
    fn said(self) -> Result<ItemWord> {
        let rest = self.probabilities.zip(self.micros);
        let said = match (self.label.zip(rest), self.failure) {
            (Some((label, (probabilities, micros))), _) => Some(Said::Label {
                label,
                probability: self.probability,
                probabilities: stored(probabilities)?,
                micros,
                windows: self.windows.map(stored).transpose()?.unwrap_or_default(),
            }),
            (None, Some(failure)) => Some(Said::Failed(stored(failure)?)),
            (None, None) => None,
        };
        Ok(ItemWord {
            model: ModelId(self.id),
            name: self.name,
            version: self.sha256,
            said,
        })
    }
}
