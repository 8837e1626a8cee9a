//! What a person wants to be told, and how.

use chrono::{DateTime, Utc};
use datacrowd_protocol::{WireEnum, ids::UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Channel, Error, Notifications, Result, Topic};

/// A language that people are written to in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English.
    En,
    /// Russian.
    Ru,
}

impl Language {
    fn column(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ru => "ru",
        }
    }

    pub(crate) fn read(text: &str) -> Result<Self> {
        match text {
            "en" => Ok(Self::En),
            "ru" => Ok(Self::Ru),
            _ => Err(Error::Corrupt { what: "language" }),
        }
    }
}

/// Whether a person hears of a topic, by each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wish {
    /// The topic.
    pub topic: Topic,
    /// In the console.
    pub in_app: bool,
    /// By e-mail.
    pub email: bool,
    /// In Telegram, once linked.
    pub telegram: bool,
}

/// Everything that a person may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// Of e-mails.
    pub language: Language,
    /// Whether the platform sends e-mails at all.
    pub email_available: bool,
    /// Name of the bot in Telegram; none where the platform has none.
    pub telegram_bot: Option<String>,
    /// Whether a chat with it is linked.
    pub telegram_linked: bool,
    /// One for each topic.
    pub topics: Vec<Wish>,
}

impl Notifications {
    /// What a person wants; where nothing was said, what everybody gets.
    ///
    /// # Errors
    /// The database failed.
    pub async fn preferences(&self, user: UserId, now: DateTime<Utc>) -> Result<Preferences> {
        let row = sqlx::query!(
            r#"select coalesce((select language from people where user_id = $1), 'en') as "language!",
                      exists (select from channels where name = $2 and seen_at > $4::timestamptz - interval '10 minutes') as "email_available!",
                      (select address from channels where name = $3 and seen_at > $4::timestamptz - interval '10 minutes') as telegram_bot,
                      exists (select from telegram_links where user_id = $1) as "telegram_linked!""#,
            user.0,
            Channel::Email.name(),
            Channel::Telegram.name(),
            now
        )
        .fetch_one(&self.pool)
        .await?;
        let said = sqlx::query!(
            "select topic, channel, wanted from preferences where user_id = $1",
            user.0
        )
        .fetch_all(&self.pool)
        .await?;
        let wanted = |topic: Topic, channel: &str| {
            let said = said
                .iter()
                .find(|s| s.topic == topic.column() && s.channel == channel);
            said.map(|s| s.wanted)
        };
        let wish = |topic: &Topic| Wish {
            topic: *topic,
            in_app: wanted(*topic, "in_app").unwrap_or(true),
            email: wanted(*topic, "email").unwrap_or(topic.by_email()),
            telegram: wanted(*topic, "telegram").unwrap_or(true),
        };
        Ok(Preferences {
            language: Language::read(&row.language)?,
            email_available: row.email_available,
            telegram_bot: row.telegram_bot,
            telegram_linked: row.telegram_linked,
            topics: Topic::ALL.iter().map(wish).collect(),
        })
    }

    /// A person chooses a language and some topics; the others stay as they are.
    ///
    /// # Errors
    /// The database failed, and nothing changed.
    pub async fn preferences_set(
        &self,
        user: UserId,
        language: Language,
        wishes: &[Wish],
        now: DateTime<Utc>,
    ) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        sqlx::query!(
            "insert into people (user_id, language, updated_at) values ($1, $2, $3)
             on conflict (user_id) do update set language = excluded.language, updated_at = excluded.updated_at",
            user.0,
            language.column(),
            now
        )
        .execute(&mut *tx)
        .await?;
        let topics: Vec<String> = wishes.iter().map(|w| w.topic.column().to_owned()).collect();
        let in_app: Vec<bool> = wishes.iter().map(|w| w.in_app).collect();
        let email: Vec<bool> = wishes.iter().map(|w| w.email).collect();
        let telegram: Vec<bool> = wishes.iter().map(|w| w.telegram).collect();
        // Of a topic that is named twice, the last word counts.
        sqlx::query!(
            "insert into preferences (user_id, topic, channel, wanted)
             select distinct on (w.topic, c.channel) $1, w.topic, c.channel, 
                    case c.channel when 'email' then w.email when 'telegram' then w.telegram else w.in_app end
             from unnest($2::text[], $3::bool[], $4::bool[], $5::bool[]) with ordinality as w (topic, in_app, email, telegram, place)
             cross join (values ('in_app'), ('email'), ('telegram')) as c (channel)
             order by w.topic, c.channel, w.place desc
             on conflict (user_id, topic, channel) do update set wanted = excluded.wanted",
            user.0,
            &topics,
            &in_app,
            &email,
            &telegram
        )
        .execute(&mut *tx)
        .await?;
        // What waits to be sent and is not wanted any more does not come.
        sqlx::query!(
            "update messages m set state = 'failed', ended_at = $2, failure = 'The person wants no such message any more.' from preferences p
             where m.user_id = $1 and m.state = 'pending' and p.user_id = m.user_id and p.topic = m.topic and p.channel = m.channel and not p.wanted",
            user.0,
            now
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }
}
