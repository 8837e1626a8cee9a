//! Links that end the e-mails of a topic, without signing in. A link says whose it is under the key that seals, so nothing is stored for it
//! and nobody makes one for somebody else.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId};
use uuid::Uuid;

use crate::{Error, Notifications, Refusal, Result, Topic};

/// What the seal is for: nothing that was sealed for another purpose opens.
const PURPOSE: &[u8] = b"unsubscribe";
const UUID_BYTES: usize = 16;

impl Notifications {
    /// What a link carries that ends a person's e-mails of this topic.
    ///
    /// # Errors
    /// The cipher refused.
    pub fn unsubscribe_token(&self, user: UserId, topic: Topic) -> Result<String> {
        let mut plain = user.0.as_bytes().to_vec();
        plain.extend_from_slice(topic.column().as_bytes());
        let sealed = self.keys.seal(PURPOSE, &plain);
        let sealed = sealed.map_err(|_| Error::Corrupt {
            what: "unsubscribe link",
        })?;
        Ok(format!(
            "{}.{}",
            sealed.by,
            URL_SAFE_NO_PAD.encode(sealed.bytes)
        ))
    }

    /// Sends a person no e-mail of a topic any more, by what a link carries; of which topic.
    ///
    /// # Errors
    /// `unsubscribe_unknown`, or the database failed.
    pub async fn unsubscribe(&self, token: &str, now: DateTime<Utc>) -> Result<Topic> {
        let (user, topic) = self.opened(token).ok_or(Refusal::Unsubscribed)?;
        // What waits to be sent does not come any more, either.
        sqlx::query!(
            "with ended as (
                 insert into preferences (user_id, topic, channel, wanted) values ($1, $2, 'email', false)
                 on conflict (user_id, topic, channel) do update set wanted = false returning user_id)
             update messages m set state = 'failed', ended_at = $3, failure = 'The person wants no such message any more.' from ended e
             where m.user_id = e.user_id and m.topic = $2 and m.channel = 'email' and m.state = 'pending'",
            user.0,
            topic.column(),
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(topic)
    }

    fn opened(&self, token: &str) -> Option<(UserId, Topic)> {
        let (by, sealed) = token.split_once('.')?;
        let sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = self.keys.open(PURPOSE, &sealed, by)?;
        let (user, topic) = plain.split_at_checked(UUID_BYTES)?;
        let topic = Topic::from_column(std::str::from_utf8(topic).ok()?)?;
        Some((UserId(Uuid::from_slice(user).ok()?), topic))
    }
}
