//! Who is told of an event, and what a person reads of it in the console.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use datacrowd_protocol::{
    WireEnum,
    ids::{TenantId, UserId},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{Audience, Error, EventType, Notifications, Result, Sent, Topic};

/// What a person is told in the console.
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the columns of migrations/notifications say it"
)]
pub struct Notice {
    pub id: i64,
    pub topic: Topic,
    /// The name of the event's type.
    pub kind: String,
    pub project: Option<Uuid>,
    /// To what it happened: `exports/…`.
    pub subject: String,
    pub data: Value,
    pub happened_at: DateTime<Utc>,
    pub read_at: Option<DateTime<Utc>>,
}

/// A notice as the database keeps it.
struct NoticeRow {
    id: i64,
    topic: String,
    read_at: Option<DateTime<Utc>>,
    kind: String,
    project_id: Option<Uuid>,
    subject: String,
    data: Value,
    happened_at: DateTime<Utc>,
}

impl NoticeRow {
    fn read(self) -> Result<Notice> {
        Ok(Notice {
            id: self.id,
            topic: Topic::from_column(&self.topic).ok_or(Error::Corrupt { what: "topic" })?,
            kind: self.kind,
            project: self.project_id,
            subject: self.subject,
            data: self.data,
            happened_at: self.happened_at,
            read_at: self.read_at,
        })
    }
}

impl Sent {
    /// The clients of whose events their members are told.
    #[must_use]
    pub fn clients(&self) -> Vec<TenantId> {
        let mut clients: Vec<_> = self
            .events
            .iter()
            .filter(|e| topic(e.kind()).is_some_and(|t| t.audience() == Audience::Client))
            .filter_map(|e| e.tenant().parse().ok().map(TenantId))
            .collect();
        clients.sort_unstable();
        clients.dedup();
        clients
    }

    /// Tells whom the events concern, each as that person wishes, and forgets the events: both, or nothing. How many notices that made.
    ///
    /// # Errors
    /// The database failed, and the events wait.
    pub async fn tell(
        mut self,
        members: &HashMap<TenantId, Vec<UserId>>,
        now: DateTime<Utc>,
    ) -> Result<u64> {
        let (mut people, mut events, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let (mut topics, mut by_email) = (Vec::new(), Vec::new());
        for (event, person) in self.events.iter().zip(&self.persons) {
            let Some(topic) = topic(event.kind()) else {
                continue;
            };
            let client = || event.tenant().parse().ok().map(TenantId);
            let told: Vec<UserId> = match topic.audience() {
                Audience::Person => person.iter().copied().collect(),
                Audience::Client => client()
                    .and_then(|client| members.get(&client).cloned())
                    .unwrap_or_default(),
            };
            for user in told {
                people.push(user.0);
                events.push(event.id());
                times.push(event.time());
                topics.push(topic.column().to_owned());
                by_email.push(topic.by_email());
            }
        }
        let made = sqlx::query_scalar!(
            r#"with told as (
                 select t.user_id, t.event_id, t.event_at, t.topic, coalesce(a.wanted, true) as in_app, coalesce(m.wanted, t.by_email) as email, coalesce(g.wanted, true) as telegram
                 from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bool[]) as t (user_id, event_id, event_at, topic, by_email)
                 left join preferences a on a.user_id = t.user_id and a.topic = t.topic and a.channel = 'in_app'
                 left join preferences m on m.user_id = t.user_id and m.topic = t.topic and m.channel = 'email'
                 left join preferences g on g.user_id = t.user_id and g.topic = t.topic and g.channel = 'telegram'),
             written as (
                 insert into messages (user_id, channel, topic, event_id, event_at, due_at, created_at)
                 select t.user_id, c.name, t.topic, t.event_id, t.event_at, $6, $6 from told t
                 join channels c on c.seen_at > $6::timestamptz - interval '10 minutes' and (c.name = 'email' and t.email
                     or c.name = 'telegram' and t.telegram and exists (select from telegram_links l where l.user_id = t.user_id))
                 on conflict on constraint messages_once do nothing),
             shown as (
                 insert into notices (user_id, topic, event_id, event_at, created_at)
                 select user_id, topic, event_id, event_at, $6 from told where in_app
                 on conflict on constraint notices_once do nothing
                 returning id)
             select count(*) as "made!" from shown"#,
            &people,
            &events,
            &times,
            &topics,
            &by_email,
            now
        )
        .fetch_one(&mut *self.transaction)
        .await?;
        let all = self.events.len();
        self.stored(all).await?;
        Ok(u64::try_from(made).unwrap_or(0))
    }
}

fn topic(kind: &str) -> Option<Topic> {
    EventType::from_name(kind).and_then(Topic::of)
}

impl Notifications {
    /// What a person was told, newest first, from before one of the notices.
    ///
    /// # Errors
    /// The database failed.
    pub async fn notice_list(
        &self,
        user: UserId,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Notice>> {
        let rows = sqlx::query_as!(
            NoticeRow,
            "select n.id, n.topic, n.read_at, e.type as kind, e.project_id, e.subject, e.data, e.happened_at
             from notices n join events e on e.id = n.event_id and e.happened_at = n.event_at
             where n.user_id = $1 and ($2::bigint is null or n.id < $2) order by n.id desc limit $3",
            user.0,
            before,
            limit
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(NoticeRow::read).collect()
    }

    /// How many notices a person has not read.
    ///
    /// # Errors
    /// The database failed.
    pub async fn notice_unread(&self, user: UserId) -> Result<i64> {
        let unread = sqlx::query_scalar!(
            r#"select count(*) as "unread!" from notices where user_id = $1 and read_at is null"#,
            user.0
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(unread)
    }

    /// A person has read a notice and all before it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn notice_read(&self, user: UserId, up_to: i64, now: DateTime<Utc>) -> Result<()> {
        sqlx::query!(
            "update notices set read_at = $3 where user_id = $1 and id <= $2 and read_at is null",
            user.0,
            up_to,
            now
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }
}
