//! The part of the Bot API that is used: <https://core.telegram.org/bots/api>.

use std::time::Duration;

use anyhow::Context;
use datacrowd_notifications::Language;
use reqwest::Client;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tokio::sync::OnceCell;
use url::Url;

/// How long an answer may take that nobody waits with.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Updates of one answer.
const LIMIT: u32 = 100;

/// Why a chat heard nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The person blocked the bot, or is gone.
    #[error("{0}")]
    Blocked(String),
    /// Telegram will never take it.
    #[error("{0}")]
    Refused(String),
    /// Telegram wants fewer messages.
    #[error("Telegram asks for a pause of {} s", .0.as_secs())]
    Slow(Duration),
    /// Telegram is out of reach, or does not know the token.
    #[error("{0}")]
    Away(String),
}

/// A bot's side of the API. Its token is in every address, so none is ever shown.
#[derive(Clone)]
pub(super) struct Api {
    http: Client,
    base: String,
    name: std::sync::Arc<OnceCell<String>>,
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Api").finish_non_exhaustive()
    }
}

/// What somebody wrote.
#[derive(Debug, Deserialize)]
pub(super) struct Update {
    #[serde(rename = "update_id")]
    pub(super) id: i64,
    message: Option<Written>,
}

#[derive(Debug, Deserialize)]
struct Written {
    chat: Chat,
    from: Option<From>,
    text: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Chat {
    id: i64,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Debug, Deserialize)]
struct From {
    language_code: Option<String>,
}

impl Update {
    /// In which chat somebody alone with the bot wrote something, its first word, and their language.
    pub(super) fn command(&self) -> Option<(i64, &str, Language)> {
        let written = self.message.as_ref()?;
        if written.chat.kind != "private" {
            return None;
        }
        let word = written.text.as_deref()?.split_whitespace().next()?;
        // In some clients a command names its bot: /connect@datacrowd_bot.
        let command = word.split('@').next()?;
        if !command.starts_with('/') {
            return None;
        }
        let code = written.from.as_ref()?.language_code.as_deref();
        let language = match code.is_some_and(|code| code.starts_with("ru")) {
            true => Language::Ru,
            false => Language::En,
        };
        Some((written.chat.id, command, language))
    }
}

#[derive(Debug, Deserialize)]
struct Answer {
    ok: bool,
    result: Option<Value>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Debug, Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct Me {
    username: String,
}

impl Api {
    pub(super) fn new(url: &Url, token: &str) -> anyhow::Result<Self> {
        let http = Client::builder()
            .timeout(TIMEOUT)
            .build()
            .context("making an HTTP client")?;
        let base = format!("{}/bot{token}", url.as_str().trim_end_matches('/'));
        Ok(Self {
            http,
            base,
            name: std::sync::Arc::default(),
        })
    }

    /// Asked once: it does not change while a bot runs.
    pub(super) async fn name(&self) -> anyhow::Result<String> {
        let ask = async || {
            let me: Me = self.call("getMe", json!({}), TIMEOUT).await?;
            Ok::<_, ApiError>(format!("@{}", me.username))
        };
        let name = self.name.get_or_try_init(ask).await;
        Ok(name.context("asking Telegram for the bot")?.clone())
    }

    pub(super) async fn updates(
        &self,
        next: i64,
        patience: Duration,
    ) -> Result<Vec<Update>, ApiError> {
        let body = json!({"offset": next, "limit": LIMIT, "timeout": patience.as_secs(), "allowed_updates": ["message"]});
        self.call("getUpdates", body, TIMEOUT + patience).await
    }

    pub(super) async fn say(&self, chat: i64, text: &str) -> Result<(), ApiError> {
        let body =
            json!({"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": true}});
        let _: Value = self.call("sendMessage", body, TIMEOUT).await?;
        Ok(())
    }

    async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        body: Value,
        timeout: Duration,
    ) -> Result<T, ApiError> {
        let away = |error: reqwest::Error| {
            ApiError::Away(format!(
                "Telegram cannot be reached: {}.",
                error.without_url()
            ))
        };
        let request = self.http.post(format!("{}/{method}", self.base));
        let answer = request.json(&body).timeout(timeout).send().await;
        let answer: Answer = answer.map_err(away)?.json().await.map_err(away)?;
        match (answer.ok, answer.result) {
            (true, Some(result)) => serde_json::from_value(result)
                .map_err(|_| ApiError::Away("Telegram answered in an unknown form.".to_owned())),
            _ => Err(refused(
                answer.error_code.unwrap_or_default(),
                &answer.description.unwrap_or_default(),
                answer.parameters.and_then(|p| p.retry_after),
            )),
        }
    }
}

fn refused(code: u16, description: &str, retry_after: Option<u64>) -> ApiError {
    let why = format!("Telegram answered {code}: {description}");
    match code {
        403 => ApiError::Blocked(why),
        400 => ApiError::Refused(why),
        429 => ApiError::Slow(Duration::from_secs(
            retry_after.unwrap_or(30).clamp(1, 3600),
        )),
        _ => ApiError::Away(why),
    }
}
