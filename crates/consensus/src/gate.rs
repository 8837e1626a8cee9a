//! Whether somebody is right too rarely, asked as often as one likes.
//!
//! An interval of 95 % is wrong once in twenty times that it is looked at, and skills are looked at after every fit: of those who are
//! exactly as good as is asked, it would sooner or later shut out everybody. A bet that may be looked at at any time is not.

use crate::Share;

/// Of those who are at least as good as is asked, so many may ever be taken to be below: in all their answers, not in each look.
const MISTAKEN: f64 = 0.05;
/// Bets between half of what is asked and all of it: those near half win soon against who guesses, the others in the end.
const BETS: u32 = 8;

impl Share {
    /// Whether the true share is surely below `least`, which is between 0 and 1: of those who are no worse, one in twenty at most is
    /// ever found to be, whenever and however often one looks.
    ///
    /// Against `least`, equal stakes are bet on each of eight smaller shares q. An answer that is right multiplies a stake by q/`least`,
    /// another one by (1 − q)/(1 − `least`), which is fair or worse if the true share is no smaller: so with a probability of
    /// 1/20 at most do all stakes together ever grow twentyfold (J. Ville 1939; H. Robbins, Annals of Mathematical Statistics 41, 1970;
    /// I. Waudby-Smith and A. Ramdas, JRSS B 86, 2024).
    #[must_use]
    pub fn is_surely_below(self, least: f64) -> bool {
        let (right, all) = (f64::from(self.correct()), f64::from(self.total()));
        let grown = |nth: u32| {
            let bet = least * (0.5 + (f64::from(nth) + 0.5) / f64::from(2 * BETS));
            let (won, lost) = (bet / least, (1.0 - bet) / (1.0 - least));
            libm::exp(right * libm::log(won) + (all - right) * libm::log(lost))
        };
        let grown: f64 = (0..BETS).map(grown).sum();
        grown / f64::from(BETS) >= 1.0 / MISTAKEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_answers_are_enough_when_all_are_wrong_and_none_when_half_are_right() {
        let below =
            |correct, total, least| Share::new(correct, total).unwrap().is_surely_below(least);
        // Stakes have grown 15.4 and 21.3 times, 10.0 and 24.1, 16.8 and 9,018.
        assert_eq!([below(0, 10, 0.5), below(0, 11, 0.5)], [false, true]);
        assert_eq!([below(0, 3, 0.8), below(0, 4, 0.8)], [false, true]);
        assert_eq!([below(20, 60, 0.5), below(20, 80, 0.5)], [false, true]);
        assert!(!below(0, 0, 0.99) && !below(500, 1000, 0.5) && below(450, 1000, 0.5));
    }
}
