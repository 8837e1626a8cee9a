//! `POST /projects/{id}/inboxes`.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use datacrowd_crds::dataset::Inbox;
use datacrowd_protocol::{Upper, ids::ProjectId, source::InboxCrowd};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    members::RowsBecome,
    wanted::{self, make, resource},
};
use crate::{
    auth::Owner,
    error::{ApiError, ApiResult},
    extract::{Json, Path},
    idempotency::SameRequest,
    names::resource_name,
    routes::datasets::DatasetBody,
    state::App,
};

/// An inbox, and which of its items people are asked about.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewInbox {
    /// NEVER when absent, UNCERTAIN (by the two numbers beside it) or ALWAYS.
    #[schema(value_type = Option<String>, example = "UNCERTAIN")]
    crowd: Option<Upper<InboxCrowd>>,
    /// With UNCERTAIN, where it is required: the probability of a model's label below which people are asked.
    #[schema(example = 0.9)]
    ask_below: Option<f64>,
    /// With UNCERTAIN: for how many seconds an item waits for its models before people are asked; 300 when absent.
    #[schema(example = 300)]
    hold_seconds: Option<i32>,
}

/// Make an inbox: a dataset that reads nothing, whose items are sent one at a time.
#[utoipa::path(post, path = "/projects/{id}/inboxes", tag = "datasets", params(("id" = Uuid, Path)), request_body = NewInbox,
    responses((status = 201, body = DatasetBody)))]
pub async fn inbox_create(
    State(app): State<App>,
    owner: Owner,
    same: SameRequest,
    Path(id): Path<Uuid>,
    Json(new): Json<NewInbox>,
) -> ApiResult<impl IntoResponse> {
    let project = app.core.project_find(owner.scope(), ProjectId(id)).await?;
    let project = project.live()?;
    let people = Inbox {
        crowd: new.crowd.map(|crowd| crowd.0),
        ask_below: new.ask_below,
        hold_seconds: new.hold_seconds,
    };
    let rule = people.rule();
    rule.map_err(|(member, why)| ApiError::invalid_member(member, why))?;
    let details = json!({"project": id, "inbox": true});
    owner
        .audit(&app, "dataset.create", &id.to_string(), details)
        .await?;
    let wanted = resource(
        &project.namespace,
        &resource_name(&format!("{} inbox", project.name), "inbox", same),
        &project.name,
        wanted::inbox(people),
        None,
        None,
        RowsBecome::default(),
    );
    let body = make(&app, &project, &wanted).await?;
    Ok((StatusCode::CREATED, axum::Json(body)))
}
