//! A bot of Telegram: it gives out codes that link a chat with an account, and tells people in their chats. It is asked for by long polling,
//! by one dispatcher at a time, so the platform needs no address that Telegram reaches.

mod api;
mod words;

use std::time::Duration;

use chrono::{DateTime, Utc};
use datacrowd_notifications::{Blame, Message, Notifications, Poller, Sending};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use url::Url;

use self::api::{Api, ApiError, Update};
use super::{
    PAUSE,
    messages::{again, given_up},
    words as told,
};

/// How long the database may take to say that it is there.
const PROBE: Duration = Duration::from_secs(5);
/// How long Telegram keeps a question open while nobody writes.
const POLL: Duration = Duration::from_secs(20);

/// A bot. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Bot {
    api: Api,
    /// Where people reach the console.
    public_url: Url,
}

/// What a bot has heard so far.
#[derive(Debug, Default)]
pub struct Heard {
    poller: Option<Poller>,
    next: i64,
}

impl Bot {
    /// A bot with this token, at Telegram or at what stands for it.
    ///
    /// # Errors
    /// No HTTP client can be made.
    pub fn new(api_url: &Url, token: &str, public_url: Url) -> anyhow::Result<Self> {
        Ok(Self {
            api: Api::new(api_url, token)?,
            public_url,
        })
    }

    /// The name under which people find it: `@datacrowd_bot`.
    ///
    /// # Errors
    /// Telegram does not answer, or does not know the token.
    pub async fn name(&self) -> anyhow::Result<String> {
        self.api.name().await
    }

    /// Listens until `stop`.
    pub(super) async fn until(
        self,
        notifications: Notifications,
        clock: fn() -> DateTime<Utc>,
        stop: CancellationToken,
    ) {
        let mut heard = Heard::default();
        while !stop.is_cancelled() {
            let listening = self.listen(&notifications, &mut heard, POLL, clock);
            let pause = match stop.run_until_cancelled(listening).await {
                None => return,
                Some(Ok(true)) => continue,
                // Another dispatcher listens.
                Some(Ok(false)) => PAUSE * 50,
                Some(Err(error)) => {
                    tracing::warn!(
                        error.cause = format!("{error:#}"),
                        "the bot hears nothing; the next pass tries again"
                    );
                    PAUSE * 25
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Answers what people wrote, waiting so long for them; false while another dispatcher does.
    ///
    /// # Errors
    /// Telegram or the database failed. What was not answered is heard again.
    pub async fn listen(
        &self,
        notifications: &Notifications,
        heard: &mut Heard,
        patience: Duration,
        clock: fn() -> DateTime<Utc>,
    ) -> anyhow::Result<bool> {
        if let Some(poller) = &mut heard.poller
            && !timeout(PROBE, poller.is_held()).await.unwrap_or(false)
        {
            heard.poller = None;
        }
        if heard.poller.is_none() {
            heard.poller = notifications.telegram_poller().await?;
        }
        if heard.poller.is_none() {
            return Ok(false);
        }
        for update in self.api.updates(heard.next, patience).await? {
            self.answer(notifications, &update, clock()).await?;
            // Telegram forgets what is before the number that is asked for next.
            heard.next = heard.next.max(update.id + 1);
        }
        Ok(true)
    }

    async fn answer(
        &self,
        notifications: &Notifications,
        update: &Update,
        now: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        // Whatever a group says is nobody's command.
        let Some((chat, command, language)) = update.command() else {
            return Ok(());
        };
        let text = match command {
            "/connect" => {
                let code = notifications.telegram_code(chat, now).await?;
                let settings = self.public_url.join("/app/account")?;
                words::code(language, &code, &settings)
            }
            "/disconnect" => words::left(language, notifications.telegram_left(chat, now).await?),
            _ => words::help(language),
        };
        match self.api.say(chat, &text).await {
            Ok(()) => Ok(()),
            // One chat that cannot be answered makes the bot deaf for no other; whoever wrote asks again.
            Err(error) => {
                tracing::warn!(error.cause = %error, "the bot could not answer");
                Ok(())
            }
        }
    }

    pub(super) async fn send(
        &self,
        notifications: &Notifications,
        message: &Message,
        now: DateTime<Utc>,
    ) -> Sending {
        let Some(chat) = message.chat else {
            return given_up("No chat is linked any more.", Blame::Nobody);
        };
        let text = told::of(&message.event, message.language);
        let text = text.and_then(|text| Some(text.chat(&self.public_url.join(&text.page).ok()?)));
        let Some(text) = text else {
            return given_up("There are no words for this event.", Blame::Way);
        };
        match self.api.say(chat, &text).await {
            Ok(()) => Sending::Sent,
            Err(ApiError::Blocked(why)) => match notifications.telegram_left(chat, now).await {
                Ok(_) => given_up(&why, Blame::Recipient),
                Err(error) => again(message, error.to_string(), Blame::Way),
            },
            Err(ApiError::Refused(why)) => given_up(&why, Blame::Way),
            Err(ApiError::Slow(after)) => Sending::Later {
                after,
                why: "Telegram asked for fewer messages.".to_owned(),
            },
            Err(ApiError::Away(why)) => again(message, why, Blame::Way),
        }
    }
}
