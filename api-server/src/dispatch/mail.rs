//! E-mails to people, one for each event and person. A message keeps its Message-ID over all attempts, so that whoever gets it twice after a
//! crash shows it once.

mod server;
mod words;

use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use datacrowd_accounts::{Accounts, User, UserStatus};
use datacrowd_notifications::{Channel, Message, Notifications, Sending, pause};
use futures::future::join_all;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Email, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use url::Url;

pub use self::server::{MailServer, UnusableServer};
use super::{GAUGES, PAUSE};
use crate::background::age;

/// Messages that are sent at once.
const AT_ONCE: i64 = 8;
/// How long one may take: less than a pod has to end.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a message is held: as long as an attempt takes, and as it may take to record it.
const HELD: Duration = Duration::from_secs(60);

/// What sends e-mails.
pub struct Mailer {
    notifications: Notifications,
    accounts: Accounts,
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where people reach the console.
    public_url: Url,
    clock: fn() -> DateTime<Utc>,
}

impl Mailer {
    /// One that sends through this server.
    ///
    /// # Errors
    /// The server's certificate authority cannot be read, or its settings do not fit.
    pub fn new(
        notifications: Notifications,
        accounts: Accounts,
        server: &MailServer,
        clock: fn() -> DateTime<Utc>,
    ) -> Result<Self, UnusableServer> {
        Ok(Self {
            notifications,
            accounts,
            transport: server.transport()?,
            from: server.from.clone(),
            public_url: server.public_url.clone(),
            clock,
        })
    }

    /// Sends until `stop`; what is under way is ended.
    pub(super) async fn until(self, stop: CancellationToken) {
        let mut measured = None;
        while !stop.is_cancelled() {
            if measured.is_none_or(|at: Instant| at.elapsed() > GAUGES) {
                measured = Some(Instant::now());
                self.gauges().await;
            }
            let pause = match self.pass().await {
                Ok(0) => PAUSE * 5,
                Ok(_) => continue,
                Err(error) => {
                    tracing::warn!(
                        error.cause = format!("{error:#}"),
                        "e-mails cannot be sent; the next pass tries again"
                    );
                    PAUSE * 25
                }
            };
            stop.run_until_cancelled(tokio::time::sleep(pause)).await;
        }
    }

    /// Sends what is due, a few messages at once; how many they were.
    ///
    /// # Errors
    /// A database failed; what was sent and not recorded is sent again, under the same Message-ID.
    pub async fn pass(&self) -> anyhow::Result<usize> {
        let now = (self.clock)();
        let channel = Channel::Email;
        self.notifications.channel_set(channel, true, now).await?;
        let due = self
            .notifications
            .messages_due(channel, AT_ONCE, now, now + HELD);
        let due = due.await.context("asking what is due")?;
        if due.is_empty() {
            return Ok(0);
        }
        let users: Vec<_> = due.iter().map(|message| message.user).collect();
        let users = self.accounts.find_users(&users).await;
        let users = users.context("asking for addresses")?;
        let sending = due.iter().map(|message| async {
            let user = users.iter().find(|user| user.id == message.user);
            (message.id, self.send(message, user).await)
        });
        for (message, went) in join_all(sending).await {
            let ended = self
                .notifications
                .message_ended(message, &went, (self.clock)());
            ended.await.context("recording what was sent")?;
            let outcome = match &went {
                Sending::Sent => "sent",
                Sending::Again { .. } => "failed",
                Sending::GivenUp { .. } => "given_up",
            };
            metrics::counter!("datacrowd_messages_total", "channel" => channel.name(), "outcome" => outcome)
                .increment(1);
        }
        Ok(due.len())
    }

    async fn send(&self, message: &Message, user: Option<&User>) -> Sending {
        let Some(user) = user.filter(|user| user.status == UserStatus::Active) else {
            return given_up("The account is not active any more.");
        };
        let email = match self.written(message, user) {
            Ok(Some(email)) => email,
            Ok(None) => return given_up("There are no words for this event."),
            Err(error) => return given_up(&format!("No e-mail can be made of it: {error:#}.")),
        };
        let again = |why: String| match pause(message.nth, rand::random()) {
            Some(after) => Sending::Again { after, why },
            None => Sending::GivenUp { why },
        };
        match timeout(PATIENCE, self.transport.send(email)).await {
            Ok(Ok(_)) => Sending::Sent,
            Ok(Err(error)) => {
                let why = server::in_words(&error);
                // Whoever runs the platform can mend all but a recipient.
                tracing::warn!(message = message.id, error.cause = %why, "an e-mail was not sent");
                match server::refuses_message(&error) {
                    true => Sending::GivenUp { why },
                    false => again(why),
                }
            }
            Err(_) => again("The mail server took too long.".to_owned()),
        }
    }

    /// None where there is nothing to say.
    fn written(&self, message: &Message, user: &User) -> anyhow::Result<Option<Email>> {
        let Some(text) = words::of(&message.event, message.language) else {
            return Ok(None);
        };
        let token = self
            .notifications
            .unsubscribe_token(message.user, message.topic)?;
        let unsubscribe = self.public_url.join(&format!("/unsubscribe/{token}"))?;
        let page = self.public_url.join(&text.page)?;
        let host = self.public_url.host_str().unwrap_or("localhost");
        let id = format!("<{}.{}@{host}>", message.event.id(), message.user);
        let address = user.email.parse().context("reading the address")?;
        let email = Email::builder()
            .from(self.from.clone())
            .to(Mailbox::new(Some(user.username.clone()), address))
            .subject(&text.subject)
            .message_id(Some(id))
            .date((self.clock)().into())
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("List-Unsubscribe", &format!("<{unsubscribe}>")))
            .raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click",
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(text.body(&page, &unsubscribe, message.language))?;
        Ok(Some(email))
    }

    /// A gauge keeps its value while its database does not answer.
    async fn gauges(&self) {
        let (now, channel) = ((self.clock)(), Channel::Email);
        let Ok((rows, since)) = self.notifications.messages_backlog(channel).await else {
            return;
        };
        metrics::gauge!("datacrowd_messages_waiting", "channel" => channel.name()).set(rows as f64);
        metrics::gauge!("datacrowd_messages_lag_seconds", "channel" => channel.name())
            .set(age(since, now));
    }
}

fn given_up(why: &str) -> Sending {
    Sending::GivenUp {
        why: why.to_owned(),
    }
}

/// A header that the library has no type for. An address in it must be neither folded nor encoded.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}
