//! Exports, as the operator tells of them and their runners read them.

pub mod answers;
pub mod delete;
pub mod labels;
pub mod put;
pub mod run;
pub mod status;

use datacrowd_protocol::ids::{ExportId, RunId};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    error::{ApiError, ApiResult},
    internal::auth::Runner,
    state::App,
};

/// Which page, and for which run.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `nextCursor` of the page before.
    #[serde(default)]
    cursor: Option<i64>,
    run_id: Uuid,
    epoch: i64,
}

impl PageQuery {
    /// After what the page begins, for the pod whose run writes this export. The call counts as its heartbeat.
    async fn admitted(&self, app: &App, runner: &Runner, export: ExportId) -> ApiResult<i64> {
        let run = RunId(self.run_id);
        if runner.run(app, run).await?.export() != Some(export) {
            return Err(ApiError::not_found());
        }
        app.core.run_heartbeat(run, self.epoch, app.now()).await?;
        Ok(self.cursor.unwrap_or(0))
    }
}
