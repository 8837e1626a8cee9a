//! Messages to people outside the console: one for each event, person and way. A message keeps its name over all attempts, so that whoever
//! gets it twice after a crash can tell.

use std::{fmt, time::Duration};

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_accounts::{Accounts, User, UserStatus};
use datacrowd_labelling::Labelling;
use datacrowd_notifications::{Audience, Blame, Channel, Message, Notifications, Sending};
use futures::future::join_all;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use super::{GAUGES, PAUSE, STOP_TIME, mail::Mailer, telegram::Bot};
use crate::metrics::{dispatcher, set_backlog};

/// Messages that are sent at once.
const AT_ONCE: i64 = 8;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(12);
const _: () = assert!(
    PATIENCE.as_secs() < STOP_TIME.as_secs(),
    "what is under way at the end is ended"
);
/// How long a message is held: as long as an attempt takes, and as it may take to record it.
const HELD: Duration = Duration::from_mins(1);

/// A way to people.
#[derive(Debug)]
pub enum Way {
    /// Through a mail server.
    Email(Mailer),
    /// By a bot.
    Telegram(Bot),
}

/// What sends messages by one way.
pub struct Messenger {
    notifications: Notifications,
    accounts: Accounts,
    core: Labelling,
    way: Way,
    clock: fn() -> DateTime<Utc>,
}

impl fmt::Debug for Messenger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Messenger").field(&self.way).finish()
    }
}

impl Messenger {
    /// One for this way.
    #[must_use]
    pub fn new(
        notifications: Notifications,
        accounts: Accounts,
        core: Labelling,
        way: Way,
        clock: fn() -> DateTime<Utc>,
    ) -> Self {
        Self {
            notifications,
            accounts,
            core,
            way,
            clock,
        }
    }

    /// The bot, where it sends by one: it listens, too.
    pub(super) fn bot(&self) -> Option<Bot> {
        match &self.way {
            Way::Email(_) => None,
            Way::Telegram(bot) => Some(bot.clone()),
        }
    }

    pub(super) fn channel(&self) -> Channel {
        match self.way {
            Way::Email(_) => Channel::Email,
            Way::Telegram(_) => Channel::Telegram,
        }
    }

    /// Sends until `stop`; what is under way is ended.
    pub(super) async fn until(self, stop: CancellationToken) {
        let mut measured = None;
        while !stop.is_cancelled() {
            if measured.is_none_or(|at: Instant| at.elapsed() > GAUGES) {
                measured = Some(Instant::now());
                self.gauges().await;
            }
            let pause = match self.pass_until(&stop).await {
                Ok(0) => PAUSE * 5,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(
                        channel = self.channel().name(),
                        error.cause = format!("{error:#}"),
                        "messages cannot be sent; the next pass tries again"
                    );
                    PAUSE * 25
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Says that people are told by this way; before anybody is told of anything, else what waits would not be for it.
    pub(super) async fn open(&self, address: Option<&str>) -> anyhow::Result<()> {
        let opening = self
            .notifications
            .channel_open(self.channel(), address, (self.clock)());
        opening.await.context("opening the way")
    }

    /// Sends what is due, a few messages at once; how many they were.
    ///
    /// # Errors
    /// A database failed; what was sent and not recorded is sent again, under the same name.
    pub async fn pass(&self) -> anyhow::Result<usize> {
        self.pass_until(&CancellationToken::new()).await
    }

    /// A pass that takes up nothing more once it is told to stop.
    async fn pass_until(&self, stop: &CancellationToken) -> anyhow::Result<usize> {
        let ready = stop.run_until_cancelled(self.make_ready()).await;
        if ready.transpose()?.is_none() || stop.is_cancelled() {
            return Ok(0);
        }
        self.send_due().await
    }

    /// Asks the bot for its name, where there is one, and says that people are told by this way.
    async fn make_ready(&self) -> anyhow::Result<()> {
        let name = match &self.way {
            Way::Email(_) => Ok(None),
            Way::Telegram(bot) => bot.name().await.map(Some),
        };
        // Also while the bot is out of reach: what happens meanwhile waits for it.
        self.open(name.as_ref().ok().and_then(Option::as_deref))
            .await?;
        name.map(drop)
    }

    async fn send_due(&self) -> anyhow::Result<usize> {
        let channel = self.channel();
        let now = (self.clock)();
        let due = self
            .notifications
            .messages_due(channel, AT_ONCE, now, now + HELD);
        let due = due.await.context("asking what is due")?;
        if due.is_empty() {
            return Ok(0);
        }
        let ids: Vec<_> = due.iter().map(|message| message.user).collect();
        let users = self.accounts.find_users(&ids).await;
        let users = users.context("asking for addresses")?;
        let tenants = self.core.tenants_of(&ids).await;
        let tenants = tenants.context("asking who belongs to a client")?;
        let sending = due.iter().map(|message| async {
            let user = users.iter().find(|user| user.id == message.user);
            let left = message.topic.audience() == Audience::Client
                && tenants
                    .get(&message.user)
                    .map(|t| t.id.to_string())
                    .as_deref()
                    != Some(message.event.tenant());
            let went = match left {
                true => given_up(
                    "The account does not belong to the client any more.",
                    Blame::Nobody,
                ),
                false => self.send(message, user).await,
            };
            self.record(message, &went).await
        });
        // What one of them met keeps no other from being recorded.
        join_all(sending)
            .await
            .into_iter()
            .collect::<Result<(), _>>()?;
        Ok(due.len())
    }

    async fn record(&self, message: &Message, went: &Sending) -> anyhow::Result<()> {
        let channel = self.channel().name();
        let (outcome, why) = match went {
            Sending::Sent => ("sent", None),
            Sending::Later { why, .. } | Sending::Again { why, .. } => ("failed", Some(why)),
            Sending::GivenUp { why, blame } => match blame {
                Blame::Way => ("given_up", Some(why)),
                Blame::Recipient => ("refused", Some(why)),
                Blame::Nobody => ("unwanted", Some(why)),
            },
        };
        if let Some(why) = why {
            tracing::warn!(message = message.id, channel, error.cause = %why, "a message was not sent");
        }
        dispatcher::MESSAGES.with([channel, outcome]).increment(1);
        let now = (self.clock)();
        if let Sending::Later { after, .. } = went {
            // Whoever takes messages does not say whose were too many: all of them wait.
            let until = now + TimeDelta::from_std(*after).unwrap_or_default();
            let paused = self.notifications.channel_pause(self.channel(), until);
            paused.await.context("pausing the way")?;
        }
        let ended = self.notifications.message_ended(message.id, went, now);
        ended.await.context("recording what was sent")
    }

    async fn send(&self, message: &Message, user: Option<&User>) -> Sending {
        let Some(user) = user.filter(|user| user.status == UserStatus::Active) else {
            return given_up("The account is not active any more.", Blame::Nobody);
        };
        let now = (self.clock)();
        let sending = async {
            match &self.way {
                Way::Email(mailer) => mailer.send(&self.notifications, message, user, now).await,
                Way::Telegram(bot) => bot.send(&self.notifications, message, now).await,
            }
        };
        match timeout(PATIENCE, sending).await {
            Ok(went) => went,
            Err(_) => again(message, "The server took too long.".to_owned(), Blame::Way),
        }
    }

    /// A gauge keeps its value while its database does not answer.
    async fn gauges(&self) {
        let channel = self.channel();
        if let Ok(backlog) = self.notifications.messages_backlog(channel).await {
            let gauges = (
                dispatcher::MESSAGES_WAITING,
                dispatcher::MESSAGES_LAG_SECONDS,
            );
            set_backlog(gauges, [channel.name()], backlog, (self.clock)());
        }
    }
}

/// Nobody tries again.
pub(super) fn given_up(why: &str, blame: Blame) -> Sending {
    Sending::GivenUp {
        why: why.to_owned(),
        blame,
    }
}

/// Another attempt is made, unless this was the last one.
pub(super) fn again(message: &Message, why: String, blame: Blame) -> Sending {
    match datacrowd_notifications::pause(message.nth, rand::random()) {
        Some(after) => Sending::Again { after, why, blame },
        None => Sending::GivenUp { why, blame },
    }
}
