//! How long an object that failed is left alone: 1 s × 2ⁿ with full jitter, at most 5 minutes,
//! counted per object and generation and forgotten on success.

use std::{collections::HashMap, sync::Mutex, time::Duration};

/// Longest pause.
const CAP: Duration = Duration::from_mins(5);

/// Failures in a row of one object.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    generation: Option<i64>,
    failures: u32,
}

/// Failures per object, by uid.
#[derive(Debug, Default)]
pub(crate) struct Backoff(Mutex<HashMap<String, Count>>);

impl Backoff {
    /// One more failure; returns how many there were in a row.
    pub(crate) fn failed(&self, uid: &str, generation: Option<i64>) -> u32 {
        let mut counts = self.0.lock().expect("nothing panics while it is held");
        let count = counts.entry(uid.to_owned()).or_default();
        if count.generation != generation {
            *count = Count {
                generation,
                failures: 0,
            };
        }
        count.failures = count.failures.saturating_add(1);
        count.failures
    }

    /// Failures in a row so far.
    pub(crate) fn failures(&self, uid: &str) -> u32 {
        let counts = self.0.lock().expect("nothing panics while it is held");
        counts.get(uid).map_or(0, |count| count.failures)
    }

    /// A success: the next failure counts from one.
    pub(crate) fn forget(&self, uid: &str) {
        let mut counts = self.0.lock().expect("nothing panics while it is held");
        counts.remove(uid);
    }
}

/// The pause after `failures` in a row; `jitter` lies between 0 and 1.
pub(crate) fn pause(failures: u32, jitter: f64) -> Duration {
    let longest = Duration::from_secs(1)
        .saturating_mul(2u32.saturating_pow(failures.min(16)))
        .min(CAP);
    // Never zero: a failing object must not spin.
    Duration::from_millis(100) + longest.mul_f64(jitter.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_five_minutes() {
        let longest: Vec<_> = [1, 2, 3, 9, 100].map(|n| pause(n, 1.0).as_secs()).into();
        assert_eq!(longest, [2, 4, 8, 300, 300]);
        assert!(pause(5, 0.0) > Duration::ZERO);
    }

    #[test]
    fn a_new_generation_and_a_success_start_over() {
        let backoff = Backoff::default();
        assert_eq!(backoff.failed("a", Some(1)), 1);
        assert_eq!(backoff.failed("a", Some(1)), 2);
        assert_eq!(backoff.failed("a", Some(2)), 1);
        backoff.forget("a");
        assert_eq!(backoff.failures("a"), 0);
    }
}
