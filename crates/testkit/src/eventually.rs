//! Waiting without sleeping a guessed time.

use std::time::{Duration, Instant};

/// Asks until the answer is `Some`, at most for `deadline`; then panics with where it was called.
/// The condition can print what it sees before it answers `None`.
#[track_caller]
pub fn eventually<T, F>(
    deadline: Duration,
    mut condition: impl FnMut() -> F,
) -> impl Future<Output = T>
where
    F: Future<Output = Option<T>>,
{
    let caller = std::panic::Location::caller();
    async move {
        let begin = Instant::now();
        let mut pause = Duration::from_millis(5);
        loop {
            if let Some(found) = condition().await {
                return found;
            }
            assert!(
                begin.elapsed() < deadline,
                "the condition at {caller} did not hold within {deadline:?}"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(200));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_condition_that_comes_true_is_returned() {
        let mut left = 3;
        let found = eventually(Duration::from_secs(5), || {
            left -= 1;
            let answer = (left == 0).then_some("there");
            async move { answer }
        });
        assert_eq!(found.await, "there");
    }

    #[tokio::test]
    #[should_panic(expected = "eventually.rs")]
    async fn a_condition_that_stays_false_names_its_caller() {
        eventually(Duration::from_millis(20), || async { None::<()> }).await;
    }
}
