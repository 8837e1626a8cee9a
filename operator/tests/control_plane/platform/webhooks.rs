//! The fake's endpoints of Webhooks.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use chrono::DateTime;
use datacrowd_crds::WebhookSpec;
use datacrowd_protocol::internal::{Upsert, WebhookState, WebhookView};

use super::{Shared, bind, problem, refused};

pub async fn webhook_put(
    State(rows): State<Shared>,
    Json(up): Json<Upsert<WebhookSpec>>,
) -> Response {
    let mut rows = rows.lock().unwrap();
    if let Some(refused) = refused(&mut rows, &up) {
        return refused;
    }
    let project = up.spec.project_ref.as_ref().map(|project| &project.name);
    if project.is_some_and(|name| !rows.project_ids.contains_key(name)) {
        let message = "There is no such Project; create it.";
        return problem(404, "project_not_found", message);
    }
    let row = bind(&mut rows.webhooks, &up.name, up.uid);
    let state = rows.webhook_state.unwrap_or(WebhookState::Active);
    let is = |wanted| state == wanted;
    Json(WebhookView {
        id: row.id,
        state,
        failing_since: is(WebhookState::Failing)
            .then(|| DateTime::from_timestamp(1_800_000_000, 0).unwrap()),
        disabled_reason: is(WebhookState::Disabled).then(|| "It answered 410 Gone.".into()),
        pending: if is(WebhookState::Failing) { 2 } else { 0 },
        adopted: false,
    })
    .into_response()
}
