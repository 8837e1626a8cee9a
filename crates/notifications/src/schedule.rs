//! When a webhook is tried again: the schedule of Standard Webhooks 1.0.

use std::time::Duration;

use crate::deliveries::Verdict;

/// How long one attempt may take.
pub const ATTEMPT_TIME: Duration = Duration::from_secs(15);
/// An endpoint of which every attempt failed for so long is disabled.
pub(crate) const PATIENCE_DAYS: i32 = 5;
/// How long an endpoint that is overloaded is left alone when it does not say so itself.
const SLOW: Duration = Duration::from_mins(1);

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
/// Seconds from a failed attempt to the next one.
const PAUSES: [u64; 9] = [
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// How long after the `attempt`th failure, from 1 on, the next attempt follows; none after the last. `chance` between 0 and 1 moves it by up
/// to a fifth.
#[must_use]
pub fn pause(attempt: u32, chance: f64) -> Option<Duration> {
    Some(base(attempt)?.mul_f64(0.8 + 0.4 * chance.clamp(0.0, 1.0)))
}

fn base(attempt: u32) -> Option<Duration> {
    let nth = usize::try_from(attempt).ok()?.checked_sub(1)?;
    PAUSES.get(nth).copied().map(Duration::from_secs)
}

/// What follows from an attempt: the `attempt`th, from 1 on, which was answered with this status, if at all. `chance` between 0 and 1
/// moves the next one by up to a fifth, so that what failed together does not come back together.
#[must_use]
pub fn verdict(
    attempt: u32,
    status: Option<u16>,
    retry_after: Option<Duration>,
    chance: f64,
) -> Verdict {
    match status {
        Some(200..=299) => return Verdict::Delivered,
        Some(410) => return Verdict::Gone,
        _ => {}
    }
    // An endpoint may ask for more time, within reason.
    let wish = |base: Duration| retry_after.map(|wish| wish.clamp(base, 2 * base));
    let slow = matches!(status, Some(429 | 502 | 504))
        .then(|| retry_after.map_or(SLOW, |wish| wish.clamp(SLOW, 10 * SLOW)));
    match base(attempt).zip(pause(attempt, chance)) {
        None => Verdict::GivenUp { slow },
        Some((base, pause)) => Verdict::Again {
            after: wish(base).unwrap_or(pause),
            slow,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(attempt: u32, retry_after: Option<u64>, chance: f64) -> Option<f64> {
        match verdict(
            attempt,
            Some(500),
            retry_after.map(Duration::from_secs),
            chance,
        ) {
            Verdict::Again { after, .. } => Some(after.as_secs_f64()),
            _ => None,
        }
    }

    #[test]
    fn ten_attempts_take_three_days() {
        let all: Vec<_> = (1..=10).map(|attempt| after(attempt, None, 0.5)).collect();
        let hours = |h: f64| Some(h * 3600.0);
        let expected = [
            Some(5.0),
            Some(300.0),
            Some(1800.0),
            hours(2.0),
            hours(5.0),
            hours(10.0),
            hours(14.0),
            hours(20.0),
            hours(24.0),
            None,
        ];
        for (is, should) in all.iter().zip(expected) {
            assert!(is.zip(should).is_none_or(|(a, b)| (a - b).abs() < 1e-6));
            assert_eq!(is.is_some(), should.is_some());
        }
        assert_eq!(
            (after(1, None, 0.0), after(1, None, 1.0)),
            (Some(4.0), Some(6.0))
        );
    }

    #[test]
    fn an_endpoint_may_ask_for_twice_the_time() {
        let asked = |seconds| after(2, Some(seconds), 0.0);
        assert_eq!(
            [asked(1), asked(400), asked(86_400)],
            [300.0, 400.0, 600.0].map(Some)
        );
    }

    #[test]
    fn only_2xx_is_success_and_410_ends_it() {
        for status in [200, 204, 299] {
            assert_eq!(verdict(1, Some(status), None, 0.5), Verdict::Delivered);
        }
        assert_eq!(verdict(1, Some(410), None, 0.5), Verdict::Gone);
        for status in [None, Some(100), Some(301), Some(400), Some(500), Some(503)] {
            let again = verdict(3, status, None, 0.5);
            assert!(
                matches!(again, Verdict::Again { slow: None, .. }),
                "{status:?}"
            );
        }
        for status in [429, 502, 504] {
            let again = verdict(3, Some(status), None, 0.5);
            assert!(
                matches!(
                    again,
                    Verdict::Again {
                        slow: Some(SLOW),
                        ..
                    }
                ),
                "{status}"
            );
            let last = verdict(10, Some(status), None, 0.5);
            assert_eq!(last, Verdict::GivenUp { slow: Some(SLOW) });
        }
    }
}
