//! Waiting on a condition with a deadline. Nothing else in these tests waits.

use std::{
    fmt::Display,
    time::{Duration, Instant},
};

/// Longest pause between two looks.
const LONGEST_PAUSE: Duration = Duration::from_millis(300);

/// Looks until `condition` is `Ok`, at most for `deadline`; then panics with what was waited for and the
/// last look's `Err`: what was seen instead.
#[track_caller]
pub fn eventually<T, E, F>(
    what: impl Display,
    deadline: Duration,
    mut condition: impl FnMut() -> F,
) -> impl Future<Output = T>
where
    F: Future<Output = Result<T, E>>,
    E: Display,
{
    let caller = std::panic::Location::caller();
    async move {
        let begin = Instant::now();
        let mut pause = Duration::from_millis(10);
        loop {
            let seen = match condition().await {
                Ok(found) => return found,
                Err(seen) => seen,
            };
            assert!(
                begin.elapsed() < deadline,
                "waited {deadline:?} at {caller} for {what}; seen at last: {seen}"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Seconds, for deadlines.
pub const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}
