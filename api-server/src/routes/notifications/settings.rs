//! `GET` and `PUT /me/notification-settings`.

use axum::extract::State;
use datacrowd_notifications::{Language, Preferences, Topic, Wish};
use datacrowd_protocol::{Upper, ids::UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{auth::InSession, error::ApiResult, extract::Json, state::App};

/// Whether a person hears of a topic, by each way.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TopicSettings {
    #[schema(schema_with = super::topics)]
    topic: Upper<Topic>,
    /// In the console.
    in_app: bool,
    /// By e-mail.
    email: bool,
    /// In Telegram, once a chat is linked.
    telegram: bool,
}

/// What a person is told, and how.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NotificationSettings {
    /// Of e-mails.
    language: Language,
    /// Whether this platform sends e-mails at all.
    email_available: bool,
    /// Name of the platform's bot in Telegram, which gives out codes; null where it has none.
    #[schema(example = "@datacrowd_bot")]
    telegram_bot: Option<String>,
    /// Whether a chat with it is linked.
    telegram_linked: bool,
    /// One for each topic.
    topics: Vec<TopicSettings>,
}

impl From<Preferences> for NotificationSettings {
    fn from(p: Preferences) -> Self {
        let topic = |w: Wish| TopicSettings {
            topic: Upper(w.topic),
            in_app: w.in_app,
            email: w.email,
            telegram: w.telegram,
        };
        Self {
            language: p.language,
            email_available: p.email_available,
            telegram_bot: p.telegram_bot,
            telegram_linked: p.telegram_linked,
            topics: p.topics.into_iter().map(topic).collect(),
        }
    }
}

/// What is chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"language": "en", "topics": [{"topic": "EXPORTS", "inApp": true, "email": false, "telegram": true}]}))]
pub struct ChosenSettings {
    /// Of e-mails.
    language: Language,
    /// Those that change; the others stay as they are.
    #[serde(default)]
    topics: Vec<TopicSettings>,
}

/// What I am told, and how.
#[utoipa::path(get, path = "/me/notification-settings", tag = "notifications", responses((status = 200, body = NotificationSettings)))]
pub async fn notification_settings(
    State(app): State<App>,
    InSession { user, .. }: InSession,
) -> ApiResult<axum::Json<NotificationSettings>> {
    settings(&app, user).await
}

/// Chooses what I am told, and how.
#[utoipa::path(put, path = "/me/notification-settings", tag = "notifications", request_body = ChosenSettings, responses((status = 200, body = NotificationSettings)))]
pub async fn notification_settings_put(
    State(app): State<App>,
    InSession { user, .. }: InSession,
    Json(chosen): Json<ChosenSettings>,
) -> ApiResult<axum::Json<NotificationSettings>> {
    let wish = |t: TopicSettings| Wish {
        topic: t.topic.0,
        in_app: t.in_app,
        email: t.email,
        telegram: t.telegram,
    };
    let wishes: Vec<_> = chosen.topics.into_iter().map(wish).collect();
    app.notifications
        .preferences_set(user, chosen.language, &wishes, app.now())
        .await?;
    settings(&app, user).await
}

async fn settings(app: &App, user: UserId) -> ApiResult<axum::Json<NotificationSettings>> {
    let preferences = app.notifications.preferences(user, app.now()).await?;
    Ok(axum::Json(preferences.into()))
}
