//! Delivers what is due: many at once, few of them to one endpoint, so that one that hangs takes nobody else's time. What is due is asked
//! for, and what was made is recorded, by many at a time: each question costs the database about as much as ten deliveries.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use chrono::{DateTime, Utc};
use datacrowd_notifications::{Attempted, Due, Notifications, Verdict};
use tokio::{
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{GAUGES, PAUSE, STOP_TIME, attempt::Sender};
use crate::metrics::{dispatcher, set_backlog};

/// Attempts that are begun and not recorded at most.
const AT_ONCE: usize = 512;
/// Calls to one endpoint at once.
const EACH: usize = 16;
/// Attempts that are taken for an endpoint that answers quickly, so that a pass has many of them.
const AHEAD: usize = 256;
/// An endpoint that takes longer is not quick.
const QUICK: Duration = Duration::from_secs(1);
/// Endpoints that are remembered as quick.
const MOST_QUICK: usize = 1000;
/// How long an attempt waits for its turn; then it was never made.
const TURN: Duration = Duration::from_secs(10);
/// How long a delivery is held: until its turn, as long as an attempt takes, and as it may take to record it.
const HELD: Duration = Duration::from_mins(1);
/// The time between two passes, unless the last one found so much that more is likely to wait.
const PACE: Duration = Duration::from_millis(250);
/// So much.
const MUCH: usize = 128;

/// How much of the time to stop is kept for records.
const RECORDING: Duration = Duration::from_secs(2);

/// Delivers.
#[derive(Debug)]
pub struct Deliverer {
    notifications: Notifications,
    sender: Sender,
    clock: fn() -> DateTime<Utc>,
    under_way: JoinSet<Attempted>,
    /// Endpoints that some of them go to.
    busy: HashMap<Uuid, Busy>,
    /// Endpoints that took the last one quickly.
    quick: HashSet<Uuid>,
    /// Made, and not recorded yet.
    made: Vec<Attempted>,
}

/// An endpoint that attempts are under way to.
#[derive(Debug)]
struct Busy {
    attempts: usize,
    turns: Arc<Semaphore>,
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
            quick: HashSet::new(),
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
                Ok(did) => self.gather(&stop, did).await,
                Err(error) => {
                    tracing::warn!(error.cause = %error, "webhooks cannot be delivered; the next pass tries again");
                    self.rest(&stop, PAUSE * 5).await;
                }
            }
        }
        // Those whose turn has not come are not made here.
        for busy in self.busy.values() {
            busy.turns.close();
        }
        let drained = tokio::time::timeout(STOP_TIME.saturating_sub(RECORDING), self.drain()).await;
        if drained.is_err() {
            tracing::warn!("attempts were under way at the end; they are made again");
            // Those that ended are not.
            if let Err(error) = self.record().await {
                tracing::warn!(error.cause = %error, "attempts cannot be recorded; they are made again");
            }
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
        let now = (self.clock)();
        let due = self
            .notifications
            .due(&self.room(), whole(EACH), whole(room), now, now + HELD)
            .await?;
        let begun = due.len();
        for due in due {
            self.begin(due);
        }
        Ok(recorded.max(begun))
    }

    /// How many more each endpoint has room for that is busy or quick.
    fn room(&self) -> Vec<(Uuid, i64)> {
        let known = self.busy.keys().chain(&self.quick);
        let room = known.map(|id| {
            let most = if self.quick.contains(id) { AHEAD } else { EACH };
            let busy = self.busy.get(id).map_or(0, |busy| busy.attempts);
            (*id, whole(most.saturating_sub(busy)))
        });
        // One may be both.
        room.collect::<HashMap<_, _>>().into_iter().collect()
    }

    /// Makes an attempt when its turn comes.
    fn begin(&mut self, due: Due) {
        let busy = self.busy.entry(due.endpoint).or_insert_with(|| Busy {
            attempts: 0,
            turns: Arc::new(Semaphore::new(EACH)),
        });
        busy.attempts += 1;
        let (turns, sender, clock) = (busy.turns.clone(), self.sender.clone(), self.clock);
        self.under_way.spawn(async move {
            match timeout(TURN, turns.acquire_owned()).await {
                Ok(Ok(_turn)) => sender.attempt(due, clock().timestamp()).await,
                _ => Attempted::not_made(&due),
            }
        });
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
                let endpoint = made.endpoint;
                if let Some(busy) = self.busy.get_mut(&endpoint) {
                    busy.attempts -= 1;
                    if busy.attempts == 0 {
                        self.busy.remove(&endpoint);
                    }
                }
                match made.verdict == Verdict::Delivered && made.took < QUICK {
                    true => self.quick.insert(endpoint),
                    false => self.quick.remove(&endpoint),
                };
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
        let made = self.made.iter();
        for made in made.filter(|made| made.verdict != Verdict::NotMade) {
            let outcome = match made.failure {
                None => "delivered",
                Some(_) => "failed",
            };
            dispatcher::WEBHOOK_ATTEMPTS.with([outcome]).increment(1);
            dispatcher::WEBHOOK_ATTEMPT_SECONDS
                .with([outcome])
                .record(made.took.as_secs_f64());
        }
        let recorded = self.made.len();
        self.made.clear();
        Ok(recorded)
    }

    /// Until there is enough for another pass.
    async fn gather(&mut self, stop: &CancellationToken, did: usize) {
        let enough = Instant::now() + PACE;
        loop {
            tokio::select! {
                Some(ended) = self.under_way.join_next() => self.ended(ended),
                () = tokio::time::sleep_until(enough) => return,
                () = stop.cancelled() => return,
            }
            if did >= MUCH && self.made.len() >= MUCH.min(did) {
                return;
            }
        }
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
    async fn gauges(&mut self) {
        // Those that are still quick are known again at once.
        if self.quick.len() > MOST_QUICK {
            self.quick.clear();
        }
        let now = (self.clock)();
        if let Ok(owed) = self.notifications.owed(now).await {
            let gauges = (dispatcher::WEBHOOKS_DUE, dispatcher::WEBHOOKS_LAG_SECONDS);
            set_backlog(gauges, [], owed, now);
        }
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
