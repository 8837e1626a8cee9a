//! Cuts a stream of samples into windows of one length.
//!
//! Of a recording of `n` samples, with windows of `w` samples and a hop of `h`:
//! - `n < w`: one window, the recording followed by `w - n` zeros.
//! - else windows at `0, h, 2h, …` as long as `begin + w <= n`; and if the last of them ends before `n`, one more at `n - w`,
//!   which ends where the recording ends.
//!
//! So every sample is in some window, and only a recording that is shorter than a window meets silence.
//! `inference/tests/oracle/features.py` defines the same for training.

/// The windows of one recording.
pub struct Windows {
    window: usize,
    hop: usize,
    /// The latest samples: at least those that a window to come may begin with.
    held: Vec<f32>,
    /// Number of the first of them.
    first: u64,
    /// Where the next window begins.
    next: u64,
    /// End of the last window that was given out.
    covered: u64,
}

impl Windows {
    /// Windows of so many samples; the hop is at most a window.
    #[must_use]
    pub fn new(window: usize, hop: usize) -> Self {
        Self {
            window: window.max(1),
            hop: hop.clamp(1, window.max(1)),
            held: Vec::new(),
            first: 0,
            next: 0,
            covered: 0,
        }
    }

    /// Samples so far.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.first + self.held.len() as u64
    }

    /// More samples; `each` gets the windows that are whole by them, with where they begin.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn push<E>(
        &mut self,
        samples: &[f32],
        each: &mut impl FnMut(u64, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.held.extend_from_slice(samples);
        while self.next + self.window as u64 <= self.seen() {
            self.give(self.next, each)?;
            self.next += self.hop as u64;
        }
        // The last window may reach back as far as a window from the end.
        let spare = self.held.len().saturating_sub(self.window);
        if spare > self.window {
            self.held.drain(..spare);
            self.first += spare as u64;
        }
        Ok(())
    }

    /// The end of the recording: the window that covers the rest.
    ///
    /// # Errors
    /// Those of `each`.
    pub fn finish<E>(
        mut self,
        each: &mut impl FnMut(u64, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let seen = self.seen();
        if seen == 0 || self.covered == seen {
            return Ok(());
        }
        match seen.checked_sub(self.window as u64) {
            Some(begin) => self.give(begin, each),
            None => {
                self.held.resize(self.window, 0.0);
                each(0, &self.held)
            }
        }
    }

    fn give<E>(
        &mut self,
        begin: u64,
        each: &mut impl FnMut(u64, &[f32]) -> Result<(), E>,
    ) -> Result<(), E> {
        let at = usize::try_from(begin - self.first).unwrap_or(usize::MAX);
        self.covered = begin + self.window as u64;
        each(begin, &self.held[at..at + self.window])
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// Begins of the windows of so many samples that come in pieces, after checking what is in them.
    fn begins(samples: u16, window: usize, hop: usize, piece: usize) -> Vec<u64> {
        let all: Vec<f32> = (1..=samples).map(f32::from).collect();
        let mut begins = Vec::new();
        let mut each = |begin: u64, held: &[f32]| {
            let at = usize::try_from(begin).unwrap();
            let mut expected = all[at..all.len().min(at + window)].to_vec();
            expected.resize(window, 0.0);
            assert_eq!(
                held, expected,
                "{samples} {window} {hop} {piece} at {begin}"
            );
            begins.push(begin);
            Ok::<_, Infallible>(())
        };
        let mut windows = Windows::new(window, hop);
        for piece in all.chunks(piece) {
            windows.push(piece, &mut each).unwrap();
        }
        assert_eq!(windows.seen(), u64::from(samples));
        windows.finish(&mut each).unwrap();
        begins
    }

    #[test]
    fn every_sample_is_in_a_window_and_the_last_one_ends_with_the_recording() {
        let table: [(u16, usize, usize, &[u64]); 8] = [
            (0, 4, 2, &[]),
            (3, 4, 2, &[0]),
            (4, 4, 2, &[0]),
            (5, 4, 2, &[0, 1]),
            (6, 4, 2, &[0, 2]),
            (9, 4, 4, &[0, 4, 5]),
            (10, 4, 3, &[0, 3, 6]),
            (7, 5, 1, &[0, 1, 2]),
        ];
        for (samples, window, hop, expected) in table {
            for piece in [1, 2, 3, 100] {
                assert_eq!(
                    begins(samples, window, hop, piece),
                    expected,
                    "{samples} {window} {hop}"
                );
            }
        }
        assert_eq!(begins(40_000, 100, 30, 7).len(), 1331);
    }

    #[test]
    fn what_is_held_does_not_grow_with_the_recording() {
        let mut windows = Windows::new(1000, 300);
        for _ in 0..10_000 {
            windows
                .push(&[0.5; 100], &mut |_, _| Ok::<_, Infallible>(()))
                .unwrap();
        }
        assert!(
            windows.held.capacity() < 8_000,
            "{}",
            windows.held.capacity()
        );
    }
}
