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

/// Notices of one transaction, about.
const MOST: usize = 10_000;

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
        let (told, events) = self.recipients(members);
        let made = sqlx::query_scalar!(
            r#"with told as (
                 select t.user_id, t.event_id, t.event_at, t.topic, row_number() over (partition by t.user_id, t.topic) as nth, coalesce(a.wanted, true) as in_app, coalesce(m.wanted, t.by_email) as email, coalesce(g.wanted, true) as telegram
                 from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::bool[]) as t (user_id, event_id, event_at, topic, by_email)
                 left join preferences a on a.user_id = t.user_id and a.topic = t.topic and a.channel = 'in_app'
                 left join preferences m on m.user_id = t.user_id and m.topic = t.topic and m.channel = 'email'
                 left join preferences g on g.user_id = t.user_id and g.topic = t.topic and g.channel = 'telegram'),
             written as (
                 insert into messages (user_id, channel, topic, event_id, event_at, due_at, created_at)
                 select t.user_id, c.name, t.topic, t.event_id, t.event_at, $6, $6 from told t
                 join channels c on c.seen_at > $6::timestamptz - interval '10 minutes' and (c.name = 'email' and t.email
                     or c.name = 'telegram' and t.telegram and exists (select from telegram_links l where l.user_id = t.user_id))
                 -- A client may block somebody and let them in again a hundred times in an hour: the console shows it, one message tells of it.
                 where t.topic <> $7 or t.nth = 1 and not exists (
                     select from messages m where m.user_id = t.user_id and m.channel = c.name and m.topic = t.topic and m.created_at > $6::timestamptz - interval '1 hour')
                 on conflict on constraint messages_once do nothing),
             shown as (
                 insert into notices (user_id, topic, event_id, event_at, created_at)
                 select user_id, topic, event_id, event_at, $6 from told where in_app
                 on conflict on constraint notices_once do nothing
                 returning id)
             select count(*) as "made!" from shown"#,
            &told.people,
            &told.events,
            &told.times,
            &told.topics,
            &told.by_email,
            now,
            Topic::Qualification.column()
        )
        .fetch_one(&mut *self.transaction)
        .await?;
        self.stored(events).await?;
        Ok(u64::try_from(made).unwrap_or(0))
    }
}

/// Who is told of what, side by side, as a statement takes it.
#[derive(Default)]
struct Recipients {
    people: Vec<Uuid>,
    events: Vec<Uuid>,
    times: Vec<DateTime<Utc>>,
    topics: Vec<String>,
    by_email: Vec<bool>,
}

impl Sent {
    /// Whom the first events concern, and how many events those are. The rest waits for the next pass, so that a client with many members
    /// holds nobody up for long.
    fn recipients(&self, members: &HashMap<TenantId, Vec<UserId>>) -> (Recipients, usize) {
        let (mut told, mut events) = (Recipients::default(), 0);
        for (event, person) in self.events.iter().zip(&self.persons) {
            if told.people.len() >= MOST {
                break;
            }
            events += 1;
            let Some(topic) = topic(event.kind()) else {
                continue;
            };
            let client = || event.tenant().parse().ok().map(TenantId);
            let people: Vec<UserId> = match topic.audience() {
                Audience::Person => person.iter().copied().collect(),
                Audience::Client => client()
                    .and_then(|client| members.get(&client).cloned())
                    .unwrap_or_default(),
            };
            for user in people {
                told.people.push(user.0);
                told.events.push(event.id());
                told.times.push(event.time());
                told.topics.push(topic.column().to_owned());
                told.by_email.push(topic.by_email());
            }
        }
        (told, events)
    }
}

fn topic(kind: &str) -> Option<Topic> {
    EventType::from_name(kind).and_then(Topic::of)
}

impl Notifications {
    /// What a person was told, newest first, from before one of the notices: as one of this client, and of themselves. What another client
    /// was told is not for who left it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn notice_list(
        &self,
        user: UserId,
        client: Option<TenantId>,
        before: Option<i64>,
        limit: i64,
    ) -> Result<Vec<Notice>> {
        let rows = sqlx::query_as!(
            NoticeRow,
            "select n.id, n.topic, n.read_at, e.type as kind, e.project_id, e.subject, e.data, e.happened_at
             from notices n join events e on e.id = n.event_id and e.happened_at = n.event_at
             where n.user_id = $1 and ($2::bigint is null or n.id < $2) and (n.topic = $4 or e.tenant_id = $5)
             order by n.id desc limit $3",
            user.0,
            before,
            limit,
            Topic::Qualification.column(),
            client.map(|c| c.0)
        )
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter().map(NoticeRow::read).collect()
    }

    /// How many of them a person has not read; a thousand where there are more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn notice_unread(&self, user: UserId, client: Option<TenantId>) -> Result<i64> {
        let unread = sqlx::query_scalar!(
            r#"select count(*) as "unread!" from (
                 select from notices n join events e on e.id = n.event_id and e.happened_at = n.event_at
                 where n.user_id = $1 and n.read_at is null and (n.topic = $2 or e.tenant_id = $3) limit 1000) unread"#,
            user.0,
            Topic::Qualification.column(),
            client.map(|c| c.0)
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
