//! How long the long proofs run.

use std::env;

/// `few` for every change, `many` where `TEST_SCALE=full`, as `make soak` sets it.
#[must_use]
pub fn scaled<T>(few: T, many: T) -> T {
    match env::var("TEST_SCALE").as_deref() {
        Ok("full") => many,
        Ok("slice") | Err(_) => few,
        Ok(other) => panic!("TEST_SCALE is \"{other}\"; it may be slice or full"),
    }
}

/// The first seed of what is drawn: `TEST_SEED` repeats an earlier run.
#[must_use]
pub fn first_seed() -> Option<u64> {
    let text = env::var("TEST_SEED").ok()?;
    let seed = text
        .parse()
        .unwrap_or_else(|_| panic!("TEST_SEED is \"{text}\"; it must be a number"));
    Some(seed)
}
