//! When a failed message is told again. Pure.

use chrono::TimeDelta;

/// The longest wait: how late a receiver that is back is told.
const LONGEST: TimeDelta = TimeDelta::seconds(60);

/// The wait after a failure that `earlier` ones came before.
pub(crate) fn delay(earlier: i32) -> TimeDelta {
    let doublings = u32::try_from(earlier).unwrap_or(0).min(6);
    TimeDelta::seconds(1 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_wait_up_to_a_minute() {
        let waits: Vec<i64> = (0..8).map(|n| delay(n).num_seconds()).collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(delay(i32::MAX), LONGEST);
        assert_eq!(delay(-1).num_seconds(), 1);
    }
}
