//! Models that are kept loaded, as their predictors see them.

use datacrowd_protocol::ids::ModelId;

use super::{RunModel, stored};
use crate::{Labelling, Refusal, Result};

/// A model for those that keep it loaded.
#[derive(Debug, Clone)]
pub struct WarmModel {
    /// Where its predictors are.
    pub namespace: String,
    /// What they read.
    pub model: RunModel,
}

impl Labelling {
    /// A model that predictors of its own namespace keep loaded.
    ///
    /// # Errors
    /// `not_found`, also while its file was not looked at; or the database failed.
    pub async fn warm_model(&self, model: ModelId) -> Result<WarmModel> {
        let m = sqlx::query!(
            "select namespace, source_path, sha256, input, output from models where id = $1 and bound_uid is not null and state = 'ready'",
            model.0
        )
        .fetch_optional(&self.calls)
        .await?
        .ok_or(Refusal::NotFound)?;
        Ok(WarmModel {
            namespace: m.namespace,
            model: RunModel {
                id: model,
                source_uri: m.source_path,
                sha256: m.sha256,
                input: stored(m.input)?,
                output: stored(m.output)?,
            },
        })
    }
}
