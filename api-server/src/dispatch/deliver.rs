//! Delivers what is due: many at once, few of them to one endpoint, so that one that hangs takes nobody else's time.

use std::{collections::HashMap, time::Duration};

use chrono::{DateTime, Utc};
use datacrowd_notifications::{ATTEMPT_TIME, Attempted, Notifications};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{GAUGES, PAUSE, attempt::Sender};
use crate::background::age;

/// Attempts under way at once.
const AT_ONCE: usize = 256;
/// Of those, to one endpoint.
const EACH: i64 = 16;
/// How long a delivery is held: as long as an attempt takes, and as it may take to record it.
const HELD: Duration = Duration::from_secs(60);

/// Delivers.
#[derive(Debug)]
pub struct Deliverer {
    notifications: Notifications,
    sender: Sender,
    clock: fn() -> DateTime<Utc>,
    under_way: JoinSet<Attempted>,
    /// How many of them go to each endpoint.
    busy: HashMap<Uuid, i64>,
    /// Made, and not recorded yet.
    made: Vec<Attempted>,
}

impl Deliverer {
    /// One that has nothing under way.
    #[must_use]
    pub fn new(notifications: Notifications, sender: Sender, clock: fn() -> DateTime<Utc>) -> Self {
        Self {
            notifications,
            sender,
            clock,
            under_way: JoinSet::new(),
            busy: HashMap::new(),
            made: Vec::new(),
        }
    }

    /// Delivers until `stop`; then ends what is under way, and records it.
    pub(super) async fn until(mut self, stop: CancellationToken) {
        let mut measured = None;
        while !stop.is_cancelled() {
            if measured.is_none_or(|at: Instant| at.elapsed() > GAUGES) {
                measured = Some(Instant::now());
                self.gauges().await;
            }
            match self.pass().await {
                Ok(0) => self.rest(&stop, PAUSE).await,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(error.cause = %error, "webhooks cannot be delivered; the next pass tries again");
                    self.rest(&stop, PAUSE * 5).await;
                }
            }
        }
        // No attempt takes longer.
        let drained = tokio::time::timeout(ATTEMPT_TIME + PAUSE, self.drain()).await;
        if drained.is_err() {
            tracing::warn!("attempts were under way at the end; they are made again");
        }
    }

    /// One pass: records what has ended, and begins what is due. How many either were.
    ///
    /// # Errors
    /// The database failed; what was made and not recorded is recorded by the next pass.
    pub async fn pass(&mut self) -> datacrowd_notifications::Result<usize> {
        while let Some(ended) = self.under_way.try_join_next() {
            self.ended(ended);
        }
        let recorded = self.record().await?;
        let room = AT_ONCE - self.under_way.len().min(AT_ONCE);
        if room == 0 {
            return Ok(recorded);
        }
        let busy: Vec<_> = self.busy.iter().map(|(id, count)| (*id, *count)).collect();
        let now = (self.clock)();
        let due = self
            .notifications
            .due(&busy, EACH, room as i64, now, now + HELD)
            .await?;
        let begun = due.len();
        for due in due {
            *self.busy.entry(due.endpoint).or_default() += 1;
            let sender = self.sender.clone();
            self.under_way
                .spawn(async move { sender.attempt(due, now.timestamp()).await });
        }
        Ok(recorded + begun)
    }

    /// Waits for whatever is under way, and records it.
    pub async fn drain(&mut self) {
        while let Some(ended) = self.under_way.join_next().await {
            self.ended(ended);
        }
        while let Err(error) = self.record().await {
            tracing::warn!(error.cause = %error, "attempts cannot be recorded; the next try follows");
            tokio::time::sleep(PAUSE * 5).await;
        }
    }

    fn ended(&mut self, ended: Result<Attempted, tokio::task::JoinError>) {
        match ended {
            Ok(made) => {
                if let Some(count) = self.busy.get_mut(&made.endpoint) {
                    *count -= 1;
                    if *count == 0 {
                        self.busy.remove(&made.endpoint);
                    }
                }
                self.made.push(made);
            }
            Err(error) => tracing::error!(error.cause = %error, "an attempt broke off"),
        }
    }

    async fn record(&mut self) -> datacrowd_notifications::Result<usize> {
        if self.made.is_empty() {
            return Ok(0);
        }
        self.notifications
            .attempted(&self.made, (self.clock)())
            .await?;
        for made in &self.made {
            let outcome = match made.failure {
                None => "delivered",
                Some(_) => "failed",
            };
            metrics::counter!("datacrowd_webhook_attempts_total", "outcome" => outcome)
                .increment(1);
            metrics::histogram!("datacrowd_webhook_attempt_seconds", "outcome" => outcome)
                .record(made.took.as_secs_f64());
        }
        let recorded = self.made.len();
        self.made.clear();
        Ok(recorded)
    }

    /// Until something under way ends, or the pause is over.
    async fn rest(&mut self, stop: &CancellationToken, pause: Duration) {
        tokio::select! {
            Some(ended) = self.under_way.join_next() => self.ended(ended),
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }

    /// A gauge keeps its value while its database does not answer.
    async fn gauges(&self) {
        let now = (self.clock)();
        let Ok((rows, since)) = self.notifications.owed(now).await else {
            return;
        };
        metrics::gauge!("datacrowd_webhooks_due").set(rows as f64);
        metrics::gauge!("datacrowd_webhooks_lag_seconds").set(age(since, now));
    }
}
