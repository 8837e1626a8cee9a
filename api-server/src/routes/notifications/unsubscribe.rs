//! `GET` and `POST /unsubscribe/{token}`: the link at the end of an e-mail, and the button that mail programs show for it (RFC 8058). A link
//! that is only looked at, as filters do, changes nothing.

use axum::{extract::State, response::Redirect};
use datacrowd_notifications::{Refusal, Topic};
use datacrowd_protocol::Upper;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{error::ApiResult, extract::Path, state::App};

/// What is not sent any more.
#[derive(Debug, Serialize, ToSchema)]
pub struct Unsubscribed {
    #[schema(schema_with = super::topics)]
    topic: Upper<Topic>,
}

/// Leads to the page of the console that asks whether to send these e-mails no more.
#[utoipa::path(get, path = "/unsubscribe/{token}", tag = "notifications", security(()), params(("token" = String, Path)), responses((status = 303, description = "To the console.")))]
pub async fn unsubscribe_page(Path(token): Path<String>) -> ApiResult<Redirect> {
    let ours = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    match token.chars().all(ours) {
        true => Ok(Redirect::to(&format!("/app/unsubscribe/{token}"))),
        false => Err(Refusal::Unsubscribed.into()),
    }
}

/// Ends the e-mails of a topic for the person whose link this is. Nobody needs to sign in, and a body is not read.
#[utoipa::path(post, path = "/unsubscribe/{token}", tag = "notifications", security(()), params(("token" = String, Path)), responses((status = 200, body = Unsubscribed)))]
pub async fn unsubscribe(
    State(app): State<App>,
    Path(token): Path<String>,
) -> ApiResult<axum::Json<Unsubscribed>> {
    let topic = app.notifications.unsubscribe(&token, app.now()).await?;
    Ok(axum::Json(Unsubscribed {
        topic: Upper(topic),
    }))
}
