//! The items that a model is asked about, in the order of their record numbers.

use std::collections::BTreeMap;

use datacrowd_protocol::{
    ids::{DatasetId, PredictionId, TaskId, TenantId},
    model::{MOST_ITEMS, ModelInput},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Labelling, Media, Refusal, Result, models::stored};

/// What of an item a model reads.
#[derive(Debug, Clone, PartialEq)]
pub enum ItemSource {
    /// A recording.
    Media(Box<Media>),
    /// The cell of the recording is empty, or not there.
    NoMedia {
        /// The column.
        column: String,
    },
    /// Cells; a column that the item lacks is not there.
    Cells(BTreeMap<String, Value>),
}

/// An item that is to be predicted.
#[derive(Debug, Clone, PartialEq)]
pub struct UnpredictedItem {
    /// Its task; of a dataset of gold, its item.
    pub task: TaskId,
    /// Its record number in the source.
    pub row_no: i64,
    /// What the model reads of it.
    pub source: ItemSource,
}

/// A task, with what its dataset says of media.
pub(super) struct Row {
    pub(super) id: TaskId,
    pub(super) row_no: i64,
    pub(super) value: Option<String>,
    pub(super) pinned: Option<String>,
    pub(super) cells: Option<Value>,
    pub(super) source_path: String,
    pub(super) source_etag: Option<String>,
    pub(super) own_credentials: bool,
    pub(super) namespace: String,
    pub(super) tenant_id: Uuid,
    pub(super) dataset_id: Uuid,
}

impl Labelling {
    /// The next items behind a record number.
    ///
    /// # Errors
    /// `not_found`; or the database failed.
    pub async fn unpredicted(
        &self,
        prediction: PredictionId,
        after: i64,
    ) -> Result<Vec<UnpredictedItem>> {
        let read = sqlx::query!(
            "select m.input, p.dataset_id from prediction_jobs p join models m on m.id = p.model_id where p.id = $1",
            prediction.0
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        let input: ModelInput = stored(read.input)?;
        let rows = sqlx::query_as!(
            Row,
            r#"select t.id as "id!", t.row_no as "row_no!", t.payload->>$4::text as value,
                    case when d.source_format = 'files' and $4 = 'file' then t.payload->>'etag' end as pinned,
                    (select jsonb_object_agg(c, t.payload->c) from unnest($5::text[]) c where t.payload ? c) as cells,
                    d.source_path, d.source_etag, d.own_credentials, d.namespace, d.tenant_id, d.id as dataset_id
             from (
                 (select id, row_no, payload from tasks where dataset_id = $1 and row_no > $2 order by row_no limit $3)
                 union all
                 (select id, row_no, payload from gold_items
                  where dataset_id = $1 and task_id is null and retired_at is null and row_no > $2 order by row_no limit $3)) t
             join datasets d on d.id = $1 order by t.row_no limit $3"#,
            read.dataset_id,
            after,
            i64::try_from(MOST_ITEMS).unwrap_or(i64::MAX),
            input.column,
            &input.columns
        )
        .fetch_all(&self.calls)
        .await?;
        rows.into_iter().map(|row| row.item(&input)).collect()
    }
}

impl Row {
    pub(super) fn item(self, input: &ModelInput) -> Result<UnpredictedItem> {
        let (task, row_no) = (self.id, self.row_no);
        let value = self.value.filter(|v| !v.trim().is_empty());
        let source = match (&input.column, value) {
            (None, _) => ItemSource::Cells(self.cells.map(stored).transpose()?.unwrap_or_default()),
            (Some(column), None) => ItemSource::NoMedia {
                column: column.clone(),
            },
            (Some(_), Some(value)) => ItemSource::Media(Box::new(Media {
                value,
                source_uri: self.source_path,
                source_etag: self.source_etag,
                own_credentials: self.own_credentials,
                namespace: self.namespace,
                tenant: TenantId(self.tenant_id),
                dataset: DatasetId(self.dataset_id),
                pinned: self.pinned,
            })),
        };
        Ok(UnpredictedItem {
            task,
            row_no,
            source,
        })
    }
}
