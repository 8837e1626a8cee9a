//! How long to go on trying, and how long to wait in between.

use std::time::{Duration, Instant};

/// The limits of trying again.
#[derive(Debug, Clone, Copy)]
pub struct RetryPolicy {
    /// The first wait at most; doubles with every try.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
    /// Time without any success after which the caller gives up.
    pub total: Duration,
    /// Tries with a token that is refused.
    pub refusals: u32,
    /// Silence towards the platform after which a heartbeat is due.
    pub heartbeat: Duration,
}

impl Default for RetryPolicy {
    /// Outlasts a rolling update of the platform or a failover of its database, and less than the Job's
    /// backoff would. The heartbeat is a third of the time after which the platform gives the run away.
    fn default() -> Self {
        Self {
            first: Duration::from_millis(200),
            longest: Duration::from_secs(15),
            total: Duration::from_mins(5),
            refusals: 4,
            heartbeat: Duration::from_secs(10),
        }
    }
}

impl RetryPolicy {
    /// Starts counting.
    #[must_use]
    pub fn start(self) -> Backoff {
        Backoff {
            retry_policy: self,
            tries: 0,
            since: Instant::now(),
        }
    }
}

/// One series of tries.
#[derive(Debug)]
pub struct Backoff {
    retry_policy: RetryPolicy,
    tries: u32,
    since: Instant,
}

impl Backoff {
    /// How long to wait before the next try, at least `asked`; `None` when the policy allows no more.
    /// Half of a wait is random, so that the pods of one outage do not return together.
    pub fn next(&mut self, asked: Option<Duration>) -> Option<Duration> {
        self.next_at(Instant::now(), asked)
    }

    fn next_at(&mut self, now: Instant, asked: Option<Duration>) -> Option<Duration> {
        if now.saturating_duration_since(self.since) >= self.retry_policy.total {
            return None;
        }
        let factor = 1_u32 << self.tries.min(16);
        self.tries += 1;
        let most = (self.retry_policy.first * factor).min(self.retry_policy.longest);
        let jittered = most.mul_f64(0.5 + rand::random::<f64>() / 2.0);
        let asked = asked.map_or(Duration::ZERO, |asked| asked.min(self.retry_policy.longest));
        Some(jittered.max(asked))
    }

    /// Waits before `doing` is tried again, and says so in the log; false when the policy allows no more.
    pub async fn wait(&mut self, doing: &'static str, why: &str) -> bool {
        let Some(wait) = self.next(None) else {
            return false;
        };
        tracing::warn!(
            doing,
            error = why,
            wait_ms = wait.as_millis(),
            "trying again"
        );
        tokio::time::sleep(wait).await;
        true
    }

    /// Something went well: count from the beginning.
    pub fn reset(&mut self) {
        self.tries = 0;
        self.since = Instant::now();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_end_with_the_total() {
        let mut backoff = RetryPolicy::default().start();
        let (mut now, mut waits) = (backoff.since, Vec::new());
        while let Some(wait) = backoff.next_at(now, None) {
            waits.push(wait);
            now += wait;
        }
        assert!(waits[0] <= Duration::from_millis(200));
        assert!(waits.iter().all(|wait| *wait <= Duration::from_secs(15)));
        assert!((20..80).contains(&waits.len()), "{}", waits.len());
    }

    #[test]
    fn what_the_server_asks_for_is_waited_up_to_the_longest() {
        let mut backoff = RetryPolicy::default().start();
        let asked = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(backoff.next(asked(5)), asked(5));
        assert_eq!(backoff.next(asked(3600)), asked(15));
    }
}
