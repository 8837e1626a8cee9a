//! E-mails. A message keeps its Message-ID over all attempts, so that mail programs show once what came twice after a crash.

mod server;

use anyhow::Context;
use chrono::{DateTime, Utc};
use datacrowd_accounts::User;
use datacrowd_notifications::{Blame, Message, Notifications, Sending};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message as Email, Tokio1Executor,
    message::{
        Mailbox,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use url::Url;

pub use self::server::{MailServer, UnusableServer};
use super::{
    messages::{again, given_up},
    words,
};

/// What sends e-mails.
#[derive(Debug)]
pub struct Mailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    /// Where people reach the console.
    public_url: Url,
}

impl Mailer {
    /// One that sends through this server.
    ///
    /// # Errors
    /// The server's certificate authority cannot be read, or its settings do not fit.
    pub fn new(server: &MailServer) -> Result<Self, UnusableServer> {
        Ok(Self {
            transport: server.transport()?,
            from: server.from.clone(),
            public_url: server.public_url.clone(),
        })
    }

    pub(super) async fn send(
        &self,
        notifications: &Notifications,
        message: &Message,
        user: &User,
        now: DateTime<Utc>,
    ) -> Sending {
        let email = match self.written(notifications, message, user, now) {
            Ok(Some(email)) => email,
            Ok(None) => return given_up("There are no words for this event.", Blame::Way),
            Err(error) => {
                let why = format!("No e-mail can be made of it: {error:#}.");
                return given_up(&why, Blame::Way);
            }
        };
        match self.transport.send(email).await {
            Ok(_) => Sending::Sent,
            Err(error) => {
                let (why, blame) = (server::in_words(&error), server::blame(&error));
                match error.is_permanent() && blame == Blame::Recipient {
                    true => given_up(&why, blame),
                    false => again(message, why, blame),
                }
            }
        }
    }

    /// None where there is nothing to say.
    fn written(
        &self,
        notifications: &Notifications,
        message: &Message,
        user: &User,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Option<Email>> {
        let Some(text) = words::of(&message.event, message.language) else {
            return Ok(None);
        };
        let token = notifications.unsubscribe_token(message.user, message.topic)?;
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
            .date(now.into())
            .raw_header(header("Auto-Submitted", "auto-generated"))
            .raw_header(header("List-Unsubscribe", &format!("<{unsubscribe}>")))
            .raw_header(header(
                "List-Unsubscribe-Post",
                "List-Unsubscribe=One-Click",
            ))
            .header(ContentType::TEXT_PLAIN)
            .body(text.email(&page, &unsubscribe, message.language))?;
        Ok(Some(email))
    }
}

/// A header that the library has no type for. An address in it must be neither folded nor encoded.
fn header(name: &'static str, value: &str) -> HeaderValue {
    let name = HeaderName::new_from_ascii_str(name);
    HeaderValue::dangerous_new_pre_encoded(name, value.to_owned(), value.to_owned())
}
