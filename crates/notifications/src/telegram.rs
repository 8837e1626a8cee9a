//! The bot of Telegram: which chat is whose. The bot gives out a code in a chat; whoever enters it in the console, signed in, is linked with
//! that chat.

use chrono::{DateTime, TimeDelta, Utc};
use datacrowd_protocol::ids::UserId;
use rand::RngExt;
use sha2::{Digest, Sha256};
use sqlx::{Connection, PgConnection};

use crate::{Notifications, Refusal, Result, error::constraint};

/// Characters of a code, and how many: none looks like another, and 32⁶ of them outlast five tries of anybody.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const LENGTH: usize = 6;
/// How long a code is good for, and wrong ones are remembered.
const MINUTES: i64 = 5;
/// Why what waited for a chat is not sent.
const UNLINKED: &str = "The chat was unlinked.";
/// Wrong codes of a person in that time.
const TRIES: i32 = 5;

/// The right to ask the bot's server what people wrote: of one dispatcher at a time, for as long as this lives.
#[derive(Debug)]
pub struct Poller(PgConnection);

impl Poller {
    /// Whether it is held still.
    pub async fn is_held(&mut self) -> bool {
        self.0.ping().await.is_ok()
    }
}

impl Notifications {
    /// The right to poll, unless another dispatcher has it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn telegram_poller(&self) -> Result<Option<Poller>> {
        // A lock of a connection: it ends with its holder, however that ends.
        let mut conn = self.pool.acquire().await?.detach();
        let alone = sqlx::query_scalar!(
            r#"select pg_try_advisory_lock(hashtextextended('telegram', 3)) as "alone!""#
        )
        .fetch_one(&mut conn)
        .await?;
        Ok(alone.then_some(Poller(conn)))
    }

    /// A new code for a chat; the one before it is good for nothing any more.
    ///
    /// # Errors
    /// The database failed.
    pub async fn telegram_code(&self, chat: i64, now: DateTime<Utc>) -> Result<String> {
        let expires = now + TimeDelta::minutes(MINUTES);
        sqlx::query!("delete from telegram_codes where expires_at <= $1", now)
            .execute(&self.pool)
            .await?;
        loop {
            let code = new_code();
            let written = sqlx::query!(
                "insert into telegram_codes (chat_id, code, expires_at) values ($1, $2, $3)
                 on conflict (chat_id) do update set code = excluded.code, expires_at = excluded.expires_at",
                chat,
                hashed(&code),
                expires
            )
            .execute(&self.pool)
            .await;
            match written {
                Ok(_) => return Ok(code),
                // Another chat has just this one.
                Err(e) if constraint(&e) == Some("telegram_codes_code") => {}
                Err(e) => return Err(e.into()),
            }
        }
    }

    /// Links a person with the chat in which the bot gave out this code; a link of either before it ends.
    ///
    /// # Errors
    /// `telegram_code_unknown`, `too_many_telegram_codes`; or the database failed.
    pub async fn telegram_link(&self, user: UserId, code: &str, now: DateTime<Utc>) -> Result<()> {
        let mut tx = self.pool.begin().await?;
        let since = now - TimeDelta::minutes(MINUTES);
        // Counted before the code is looked at, on a locked row: of many at once none is free.
        let tried = sqlx::query_scalar!(
            r#"insert into telegram_tries as t (user_id, wrong, since) values ($1, 1, $2)
               on conflict (user_id) do update set wrong = case when t.since < $3 then 1 else t.wrong + 1 end,
                   since = case when t.since < $3 then $2 else t.since end
               returning wrong"#,
            user.0,
            now,
            since
        )
        .fetch_one(&mut *tx)
        .await?;
        if tried > TRIES {
            return Err(Refusal::TelegramTries.into());
        }
        let chat = sqlx::query_scalar!(
            "delete from telegram_codes where code = $1 and expires_at > $2 returning chat_id",
            hashed(&code.trim().to_ascii_uppercase()),
            now
        )
        .fetch_optional(&mut *tx)
        .await?;
        let Some(chat) = chat else {
            tx.commit().await?;
            return Err(Refusal::TelegramCode.into());
        };
        unlink(&mut tx, Some(user), Some(chat), UNLINKED, now).await?;
        sqlx::query!(
            "insert into telegram_links (user_id, chat_id, linked_at) values ($1, $2, $3)",
            user.0,
            chat,
            now
        )
        .execute(&mut *tx)
        .await?;
        // A right code is no wrong one, and makes up for none.
        sqlx::query!(
            "update telegram_tries set wrong = wrong - 1 where user_id = $1",
            user.0
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// Ends the link of a person, if there is one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn telegram_unlink(&self, user: UserId, now: DateTime<Utc>) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        unlink(&mut conn, Some(user), None, UNLINKED, now).await?;
        Ok(())
    }

    /// Ends the link with a chat; whether there was one.
    ///
    /// # Errors
    /// The database failed.
    pub async fn telegram_left(&self, chat: i64, now: DateTime<Utc>) -> Result<bool> {
        let mut conn = self.pool.acquire().await?;
        let why = "The chat was unlinked, or the bot blocked.";
        let left = unlink(&mut conn, None, Some(chat), why, now).await?;
        Ok(left > 0)
    }
}

/// Ends the links of a person and with a chat, and gives up what waits for them: it is not for the next chat. How many links there were.
async fn unlink(
    conn: &mut PgConnection,
    user: Option<UserId>,
    chat: Option<i64>,
    why: &str,
    now: DateTime<Utc>,
) -> Result<i64> {
    let ended = sqlx::query_scalar!(
        r#"with ended as (delete from telegram_links where user_id = $1 or chat_id = $2 returning user_id),
           given_up as (
               update messages m set state = 'failed', ended_at = $3, failure = $4 from ended e
               where m.user_id = e.user_id and m.channel = 'telegram' and m.state = 'pending')
           select count(*) as "ended!" from ended"#,
        user.map(|u| u.0),
        chat,
        now,
        why
    )
    .fetch_one(conn)
    .await?;
    Ok(ended)
}

fn new_code() -> String {
    let mut random = rand::rng();
    let character = |_| char::from(ALPHABET[random.random_range(0..ALPHABET.len())]);
    (0..LENGTH).map(character).collect()
}

fn hashed(code: &str) -> Vec<u8> {
    Sha256::digest(code).to_vec()
}
