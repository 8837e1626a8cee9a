//! Who delivers what now, and what follows from how it went. A delivery is held until its attempt has ended for certain; when its holder
//! dies, that time comes. Its latest attempt stands in its own row, and those before it in `attempts`.

mod rows;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use self::rows::{DisabledRow, DueRow};
use crate::{CloudEvent, NewEvent, Notifications, Result, schedule::PATIENCE_DAYS, stream::record};

/// One attempt that is to be made.
#[derive(Debug)]
pub struct Due {
    /// The delivery.
    pub delivery: i64,
    /// Which of the attempts that were ever begun it is.
    pub begun: i32,
    /// Where to.
    pub endpoint: Uuid,
    /// Its address.
    pub url: String,
    /// Which attempt it is since it was sent, or sent again, from 1 on.
    pub nth: u32,
    /// What is told.
    pub event: CloudEvent,
    /// What it is signed with, each as `whsec_…`; none where no key opens them.
    pub secrets: Vec<String>,
}

/// What follows from an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The endpoint has it.
    Delivered,
    /// The endpoint wants nothing any more.
    Gone,
    /// Another attempt is made.
    Again {
        /// So long from now.
        after: Duration,
        /// How long the endpoint is left alone with all else.
        slow: Option<Duration>,
    },
    /// It was the last attempt.
    GivenUp {
        /// How long the endpoint is left alone with all else.
        slow: Option<Duration>,
    },
    /// Its turn did not come: it was never made, and is due as before.
    NotMade,
}

/// How an attempt went.
#[derive(Debug, Clone)]
pub struct Attempted {
    /// The delivery.
    pub delivery: i64,
    /// Which of the attempts that were ever begun it was.
    pub begun: i32,
    /// The endpoint.
    pub endpoint: Uuid,
    /// How long it took.
    pub took: Duration,
    /// The answer's status.
    pub status: Option<u16>,
    /// The beginning of the answer.
    pub answer: Option<String>,
    /// Why there was none, or why it does not count, in words.
    pub failure: Option<String>,
    /// What follows.
    pub verdict: Verdict,
}

impl Attempted {
    /// One whose turn did not come.
    #[must_use]
    pub fn not_made(due: &Due) -> Self {
        Self {
            delivery: due.delivery,
            begun: due.begun,
            endpoint: due.endpoint,
            took: Duration::ZERO,
            status: None,
            answer: None,
            failure: None,
            verdict: Verdict::NotMade,
        }
    }
}

impl Notifications {
    /// Begins attempts that are due, `limit` at most. An endpoint has room for `each`, or for as many as `room` says of it. Each is held
    /// until `until`, by which it has ended.
    ///
    /// # Errors
    /// The database failed.
    pub async fn due(
        &self,
        room: &[(Uuid, i64)],
        each: i64,
        limit: i64,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Vec<Due>> {
        let endpoints: Vec<Uuid> = room.iter().map(|(id, _)| *id).collect();
        let counts: Vec<i64> = room.iter().map(|(_, count)| *count).collect();
        // Only endpoints that something waits for are looked at: the index leads from one of them to the next.
        let rows = sqlx::query_as!(
            DueRow,
            r#"with recursive waiting as (
                 (select endpoint_id as id from deliveries where state = 'pending' order by endpoint_id limit 1)
                 union all
                 select (select d.endpoint_id from deliveries d where d.state = 'pending' and d.endpoint_id > w.id order by d.endpoint_id limit 1)
                 from waiting w where w.id is not null),
             open as (
                 select w.id, greatest(coalesce(r.room, $3), 0) as room
                 from waiting join webhook_endpoints w on w.id = waiting.id
                 left join unnest($1::uuid[], $2::bigint[]) as r (id, room) on r.id = w.id
                 where w.disabled_at is null and not w.suspended and (w.slow_until is null or w.slow_until <= $5)),
             chosen as (
                 select d.* from open o cross join lateral (
                     select d.id, d.begun, d.began_at, d.millis, d.status, d.answer, d.failure from deliveries d
                     where d.endpoint_id = o.id and d.state = 'pending' and d.due_at <= $5 and (d.held_until is null or d.held_until <= $5)
                     order by d.due_at, d.id limit o.room for update skip locked) d
                 limit $4),
             kept as (
                 insert into attempts (delivery_id, nth, began_at, millis, status, answer, failure)
                 select id, begun, began_at, millis, status, answer, failure from chosen where began_at is not null),
             held as (
                 update deliveries set attempts = attempts + 1, begun = begun + 1, held_until = $6, began_at = $5,
                     millis = null, status = null, answer = null, failure = null
                 where id = any(array(select id from chosen))
                 returning id, endpoint_id, event_id, event_at, attempts, begun)
             select h.id as delivery, h.begun, h.endpoint_id, h.attempts, w.url, w.secret, w.secret_key,
                    w.previous_secret, w.previous_key, w.previous_until,
                    e.id as event_id, e.tenant_id, e.project_id, e.sequence, e.type as kind, e.subject, e.data, e.happened_at, e.traceparent
             from held h join webhook_endpoints w on w.id = h.endpoint_id
             join events e on e.id = h.event_id and e.happened_at = h.event_at
             order by e.sequence"#,
            &endpoints,
            &counts,
            each,
            limit,
            now,
            until
        )
        .fetch_all(&self.pool)
        .await?;
        Ok(rows.into_iter().map(|row| row.due(self, now)).collect())
    }

    /// Records how attempts went, and does what follows from it.
    ///
    /// # Errors
    /// The database failed, and nothing is recorded: what was delivered is delivered again.
    pub async fn attempted(&self, went: &[Attempted], now: DateTime<Utc>) -> Result<()> {
        let (not_made, made): (Vec<_>, Vec<_>) = went
            .iter()
            .partition(|went| went.verdict == Verdict::NotMade);
        let mut tx = self.pool.begin().await?;
        take_back(&mut tx, &not_made, now).await?;
        note(&mut tx, &made, now).await?;
        let disabled = judge(&mut tx, &made, now).await?;
        record(&mut tx, &disabled, now).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Deliveries that are due, and since when the oldest is.
    ///
    /// # Errors
    /// The database failed.
    pub async fn owed(&self, now: DateTime<Utc>) -> Result<(i64, Option<DateTime<Utc>>)> {
        let row = sqlx::query!(
            r#"select count(*) as "rows!", min(d.due_at) as since from deliveries d join webhook_endpoints w on w.id = d.endpoint_id
               where d.state = 'pending' and d.due_at <= $1 and (d.held_until is null or d.held_until <= $1) and w.disabled_at is null and not w.suspended
                 and (w.slow_until is null or w.slow_until <= $1)"#,
            now
        )
        .fetch_one(&self.pool)
        .await?;
        Ok((row.rows, row.since))
    }
}

/// Attempts that were not made leave nothing behind.
async fn take_back(
    conn: &mut PgConnection,
    not_made: &[&Attempted],
    now: DateTime<Utc>,
) -> Result<()> {
    if not_made.is_empty() {
        return Ok(());
    }
    let ids: Vec<i64> = not_made.iter().map(|w| w.delivery).collect();
    let begun: Vec<i32> = not_made.iter().map(|w| w.begun).collect();
    sqlx::query!(
        "update deliveries d set attempts = attempts - 1, due_at = $3, held_until = null, began_at = null
         from unnest($1::bigint[], $2::int[]) as g (id, begun) where d.id = g.id and d.begun = g.begun and d.state = 'pending'",
        &ids,
        &begun,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Completes the attempts, and ends their deliveries or says when they go on.
async fn note(conn: &mut PgConnection, went: &[&Attempted], now: DateTime<Utc>) -> Result<()> {
    let ids: Vec<i64> = went.iter().map(|w| w.delivery).collect();
    let begun: Vec<i32> = went.iter().map(|w| w.begun).collect();
    let states: Vec<String> = went.iter().map(|w| state(w.verdict).to_owned()).collect();
    let due: Vec<DateTime<Utc>> = went.iter().map(|w| due(w.verdict, now)).collect();
    let millis: Vec<i32> = went.iter().map(|w| whole_millis(w.took)).collect();
    let statuses: Vec<Option<i16>> = went
        .iter()
        .map(|w| w.status.and_then(|status| i16::try_from(status).ok()))
        .collect();
    let answers: Vec<Option<String>> = went.iter().map(|w| w.answer.clone()).collect();
    let failures: Vec<Option<String>> = went.iter().map(|w| w.failure.clone()).collect();
    // Where a hold ended before its attempt, another one may have begun: then this one is no longer the latest, and only its end counts.
    sqlx::query!(
        "with given as (
             select * from unnest($1::bigint[], $2::int[], $3::text[], $4::timestamptz[], $5::int[], $6::smallint[], $7::text[], $8::text[])
                 as g (id, begun, state, due_at, millis, status, answer, failure)),
         earlier as (
             update attempts a set millis = g.millis, status = g.status, answer = g.answer, failure = g.failure
             from given g where a.delivery_id = g.id and a.nth = g.begun)
         update deliveries d set held_until = null,
             state = case when d.state = 'pending' then g.state else d.state end,
             due_at = case when d.state = 'pending' then g.due_at else d.due_at end,
             ended_at = case when d.state <> 'pending' then d.ended_at when g.state <> 'pending' then $9::timestamptz end,
             millis = case when d.begun = g.begun then g.millis else d.millis end,
             status = case when d.begun = g.begun then g.status else d.status end,
             answer = case when d.begun = g.begun then g.answer else d.answer end,
             failure = case when d.begun = g.begun then g.failure else d.failure end
         from given g where d.id = g.id and (d.begun = g.begun or g.state <> 'pending')",
        &ids,
        &begun,
        &states,
        &due,
        &millis,
        &statuses as &[Option<i16>],
        &answers as &[Option<String>],
        &failures as &[Option<String>],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What the delivery is by it.
fn state(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Delivered => "delivered",
        Verdict::Gone | Verdict::GivenUp { .. } => "failed",
        Verdict::Again { .. } | Verdict::NotMade => "pending",
    }
}

/// When the delivery goes on, where it does.
fn due(verdict: Verdict, now: DateTime<Utc>) -> DateTime<Utc> {
    match verdict {
        Verdict::Again { after, .. } => later(now, after),
        _ => now,
    }
}

fn whole_millis(took: Duration) -> i32 {
    i32::try_from(took.as_millis()).unwrap_or(i32::MAX)
}

fn later(now: DateTime<Utc>, after: Duration) -> DateTime<Utc> {
    now + TimeDelta::from_std(after).unwrap_or(TimeDelta::MAX)
}

/// What endpoints are: failing, slow, or disabled; what is told of the latter.
async fn judge(
    conn: &mut PgConnection,
    went: &[&Attempted],
    now: DateTime<Utc>,
) -> Result<Vec<NewEvent>> {
    let endpoints: Vec<Uuid> = went.iter().map(|w| w.endpoint).collect();
    let failed: Vec<bool> = went
        .iter()
        .map(|w| w.verdict != Verdict::Delivered)
        .collect();
    let gone: Vec<bool> = went.iter().map(|w| w.verdict == Verdict::Gone).collect();
    let slow: Vec<Option<DateTime<Utc>>> = went
        .iter()
        .map(|w| match w.verdict {
            Verdict::Again { slow, .. } | Verdict::GivenUp { slow } => slow,
            Verdict::Delivered | Verdict::Gone | Verdict::NotMade => None,
        })
        .map(|slow| slow.map(|slow| later(now, slow)))
        .collect();
    let reasons: Vec<Option<String>> = went.iter().map(|w| w.failure.clone()).collect();
    // One success among them is enough. Rows are locked in one order, whoever else records.
    let rows = sqlx::query_as!(
        DisabledRow,
        r#"with given as (
             select * from unnest($1::uuid[], $2::bool[], $3::bool[], $4::timestamptz[], $5::text[]) as g (id, failed, gone, slow, reason)),
         summed as (
             select id, bool_and(failed) as failed, bool_or(gone) as gone, max(slow) as slow, max(reason) as reason from given group by id),
         locked as (
             select w.id from webhook_endpoints w join summed s on s.id = w.id
             where w.disabled_at is null and (s.failed or s.gone or w.failing_since is not null)
             order by w.id for update of w),
         judged as (
             update webhook_endpoints w set
                 failing_since = case when s.failed then coalesce(w.failing_since, $6) end,
                 slow_until = greatest(w.slow_until, s.slow),
                 disabled_at = case when s.gone or s.failed and w.failing_since <= $6 - make_interval(days => $7) then $6 end,
                 disabled_reason = case
                     when s.gone then 'The endpoint answered 410 Gone, by which it asks for nothing more.'
                     when s.failed and w.failing_since <= $6 - make_interval(days => $7)
                         then 'Every attempt failed for ' || $7 || ' days, the latest one thus: ' || coalesce(s.reason, 'no answer.') end
             from summed s where w.id = s.id and w.id = any(array(select id from locked))
             returning w.id, w.tenant_id, w.project_id, w.url, w.disabled_at, w.disabled_reason)
         select id, tenant_id, project_id, url, disabled_reason as "reason!" from judged where disabled_at is not null"#,
        &endpoints,
        &failed,
        &gone,
        &slow as &[Option<DateTime<Utc>>],
        &reasons as &[Option<String>],
        now,
        PATIENCE_DAYS
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.told(now)).collect())
}
