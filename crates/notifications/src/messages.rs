//! What is sent to people outside the console: who sends what now, and what follows from how it went. A message is held by moving
//! `due_at` beyond the end of its attempt; when its holder dies, that time comes.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId};

use crate::{CloudEvent, Error, Language, Notifications, Result, Topic, event::EventRow};

/// A way to reach people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// E-mail.
    Email,
    /// A bot of Telegram.
    Telegram,
}

impl Channel {
    /// Its name in metrics and columns.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Telegram => "telegram",
        }
    }
}

/// A message that is to be sent now.
#[derive(Debug, Clone)]
pub struct Message {
    /// The row.
    pub id: i64,
    /// Whom to.
    pub user: UserId,
    /// What of.
    pub topic: Topic,
    /// Which attempt this is, from 1 on.
    pub nth: u32,
    /// What happened.
    pub event: CloudEvent,
    /// In which language.
    pub language: Language,
    /// The chat with the bot; none by e-mail, and where it was ended meanwhile.
    pub chat: Option<i64>,
}

/// Whose doing it is that an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The way's: whoever runs the platform can mend it.
    Way,
    /// The recipient's alone, such as a mailbox that is full or a bot that is blocked.
    Recipient,
    /// Nobody's: the message is not wanted any more.
    Nobody,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sending {
    /// The message was taken over.
    Sent,
    /// Nobody's attempt: whoever takes messages wants fewer of them, and this way is left alone for so long.
    Later {
        /// Until then.
        after: Duration,
        /// Why, in words.
        why: String,
    },
    /// It was not, and another attempt is made after so long.
    Again {
        /// Until then.
        after: Duration,
        /// Why, in words.
        why: String,
        /// Whose doing that is.
        blame: Blame,
    },
    /// It never will be.
    GivenUp {
        /// Why, in words.
        why: String,
        /// Whose doing that is.
        blame: Blame,
    },
}

impl Notifications {
    /// People are written to by this way, from now on and for ten minutes; `address` is where they begin, if they have to.
    ///
    /// # Errors
    /// The database failed.
    pub async fn channel_open(
        &self,
        channel: Channel,
        address: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        sqlx::query!(
            "insert into channels (name, address, seen_at) values ($1, $2, $3)
             on conflict (name) do update set address = coalesce(excluded.address, channels.address), seen_at = excluded.seen_at
             where channels.address is distinct from coalesce(excluded.address, channels.address) or channels.seen_at < $3::timestamptz - interval '1 minute'",
            channel.name(),
            address,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nobody is written to by this way any more, and what waits for it is given up.
    ///
    /// # Errors
    /// The database failed.
    pub async fn channel_close(&self, channel: Channel, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!("delete from channels where name = $1", channel.name())
            .execute(&mut *tx)
            .await?;
        sqlx::query!(
            "update messages set state = 'failed', ended_at = $2, failure = 'The platform sends nothing this way any more.'
             where channel = $1 and state = 'pending'",
            channel.name(),
            now
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Begins to send what is due, `limit` at most; each is held until `until`, by which its attempt has ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn messages_due(
        &self,
        channel: Channel,
        limit: i64,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Message>> {
        let rows = sqlx::query!(
            r#"with chosen as (
                 select id from messages where channel = $1 and state = 'pending' and due_at <= $2
                   and not exists (select from channels where name = $1 and paused_until > $2)
                 order by due_at, id limit $3 for update skip locked),
             held as (
                 update messages set due_at = $4 where id = any(array(select id from chosen))
                 returning id, user_id, topic, attempts, event_id, event_at)
             select h.id, h.user_id, h.topic, h.attempts, coalesce(p.language, 'en') as "language!", l.chat_id as "chat_id?",
                    e.id as event_id, e.tenant_id, e.project_id, e.sequence, e.type as kind, e.subject, e.data, e.happened_at, e.traceparent
             from held h join events e on e.id = h.event_id and e.happened_at = h.event_at left join people p on p.user_id = h.user_id
             left join telegram_links l on l.user_id = h.user_id
             order by h.id"#,
            channel.name(),
            now,
            limit,
            until
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| {
                Ok(Message {
                    id: row.id,
                    user: UserId(row.user_id),
                    topic: Topic::from_column(&row.topic)
                        .ok_or(Error::Corrupt { what: "topic" })?,
                    nth: u32::try_from(row.attempts)
                        .unwrap_or(u32::MAX)
                        .saturating_add(1),
                    language: Language::read(&row.language)?,
                    chat: row.chat_id,
                    event: EventRow {
                        id: row.event_id,
                        tenant_id: row.tenant_id,
                        project_id: row.project_id,
                        sequence: row.sequence,
                        kind: row.kind,
                        subject: row.subject,
                        data: row.data,
                        happened_at: row.happened_at,
                        traceparent: row.traceparent,
                    }
                    .into(),
                })
            })
            .collect()
    }

    /// Records how an attempt went.
    ///
    /// # Errors
    /// The database failed; the message is sent again, under the same name.
    pub async fn message_ended(
        &self,
        message: i64,
        sending: &Sending,
        now: DateTime<Utc>,
    ) -> Result<()> {
        let (state, due, why) = match sending {
            Sending::Sent => ("sent", None, None),
            Sending::Again { after, why, .. } | Sending::Later { after, why } => {
                let after = TimeDelta::from_std(*after).unwrap_or(TimeDelta::days(1));
                ("pending", Some(now + after), Some(why))
            }
            Sending::GivenUp { why, .. } => ("failed", None, Some(why)),
        };
        let personal = matches!(
            sending,
            Sending::Again {
                blame: Blame::Recipient,
                ..
            }
        );
        sqlx::query!(
            "update messages set state = $2, attempts = attempts + $6, due_at = coalesce($3, due_at), failure = $4, personal = $7, ended_at = case when $3::timestamptz is null then $5::timestamptz end
             where id = $1 and state = 'pending'",
            message,
            state,
            due,
            why.map(String::as_str),
            now,
            i32::from(!matches!(sending, Sending::Later { .. })),
            personal
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Nothing is sent by this way before then, by any dispatcher.
    ///
    /// # Errors
    /// The database failed.
    pub async fn channel_pause(&self, channel: Channel, until: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "update channels set paused_until = greatest(paused_until, $2) where name = $1",
            channel.name(),
            until
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Messages that wait, and since when the oldest does: whether it was tried or not, its person has not heard. What fails by its recipient
    /// alone waits, too, and says nothing of the way.
    ///
    /// # Errors
    /// The database failed.
    pub async fn messages_backlog(&self, channel: Channel) -> Result<(i64, Option<DateTime<Utc>>)> {
        let row = sqlx::query!(
            r#"select count(*) as "rows!", min(created_at) filter (where not personal) as since from messages where channel = $1 and state = 'pending'"#,
            channel.name()
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.rows, row.since))
    }
}
