//! The windows of a recording as it is told of them: all of them, or as many groups of neighbours as may be told, so that what is held does
//! not grow with the recording.

use std::{mem, ops::Range};

use datacrowd_protocol::model::{AudioInput, WindowsMerge};

use crate::{frame::WindowAnswer, merge::Merge};

/// Windows so far.
#[derive(Debug)]
pub(crate) struct Timeline {
    how: WindowsMerge,
    /// Groups that may be told.
    most: usize,
    /// Windows of each group but the last: doubled whenever there would be too many groups.
    each: u32,
    groups: Vec<Group>,
}

/// Neighbours that are told as one.
#[derive(Debug)]
struct Group {
    samples: Range<u64>,
    merge: Merge,
}

impl Timeline {
    /// None so far, of at most so many that are told; of 0, none ever is.
    pub(crate) fn new(how: WindowsMerge, most: usize) -> Self {
        Self {
            how,
            most,
            each: 1,
            groups: Vec::new(),
        }
    }

    /// The next window, in samples.
    pub(crate) fn add(&mut self, samples: Range<u64>, said: &[f64]) {
        if self.most == 0 {
            return;
        }
        if self.groups.len() == self.most && self.is_full() {
            self.halve();
        }
        if self.is_full() {
            self.groups.push(Group {
                samples: samples.clone(),
                merge: Merge::new(self.how),
            });
        }
        if let Some(last) = self.groups.last_mut() {
            last.samples.end = samples.end;
            last.merge.add(said);
        }
    }

    /// Whether the next window begins a group.
    fn is_full(&self) -> bool {
        let last = self.groups.last();
        last.is_none_or(|group| group.merge.windows() == self.each)
    }

    /// Two groups each become one; of an odd number, the last one takes what comes.
    fn halve(&mut self) {
        self.each *= 2;
        let mut groups = mem::take(&mut self.groups).into_iter();
        while let Some(mut group) = groups.next() {
            if let Some(next) = groups.next() {
                group.samples.end = next.samples.end;
                group.merge.join(next.merge);
            }
            self.groups.push(group);
        }
    }

    /// What is told of them.
    pub(crate) fn told(self, audio: &AudioInput) -> Vec<WindowAnswer> {
        let rate = u64::from(audio.sample_rate_hz.unsigned_abs().max(1));
        let millis = |samples: u64| samples * 1000 / rate;
        let told = self.groups.into_iter().filter_map(|group| {
            Some(WindowAnswer {
                begin_millis: millis(group.samples.start),
                end_millis: millis(group.samples.end),
                said: group.merge.merged()?,
            })
        });
        told.collect()
    }
}

#[cfg(test)]
mod tests {
    use datacrowd_protocol::model::AudioFeatures;

    use super::*;

    const AUDIO: AudioInput = AudioInput {
        sample_rate_hz: 1000,
        window_millis: 20,
        hop_millis: 10,
        features: AudioFeatures::Waveform,
        log_mel: None,
    };

    /// What is told of so many windows, each 20 ms long and 10 ms behind the one before, and the windows.
    fn told(how: WindowsMerge, windows: u32, most: usize) -> (Vec<WindowAnswer>, Vec<f64>) {
        let mut timeline = Timeline::new(how, most);
        let mut all = Vec::new();
        for at in 0..windows {
            let p = f64::from(at * 37 % 101) / 101.0;
            let begin = u64::from(at) * 10;
            timeline.add(begin..begin + 20, &[p, 1.0 - p]);
            assert!(timeline.groups.len() <= most, "{windows} {most}");
            all.push(p);
        }
        (timeline.told(&AUDIO), all)
    }

    #[test]
    fn what_fits_is_told_window_by_window() {
        let (windows, all) = told(WindowsMerge::Mean, 5, 5);
        let begins: Vec<_> = windows
            .iter()
            .map(|w| (w.begin_millis, w.end_millis))
            .collect();
        assert_eq!(begins, [(0, 20), (10, 30), (20, 40), (30, 50), (40, 60)]);
        let told: Vec<_> = windows.iter().map(|w| w.said[0]).collect();
        assert_eq!(told, all);
        assert!(self::told(WindowsMerge::Max, 5, 0).0.is_empty());
    }

    #[test]
    fn of_more_neighbours_become_one_in_equal_groups_but_for_the_last() {
        for (windows, most, each, groups) in [
            (6, 5, 2, 3),
            (10, 5, 2, 5),
            (11, 5, 4, 3),
            (14_400, 240, 64, 225),
            (7, 1, 8, 1),
            (1, 1, 1, 1),
        ] {
            let what = format!("{windows} windows, at most {most}");
            for how in [WindowsMerge::Mean, WindowsMerge::Max] {
                let (told, all) = told(how, windows, most);
                assert_eq!(told.len(), groups, "{what}");
                for (group, of) in told.iter().zip(all.chunks(each)) {
                    let mut merge = Merge::new(how);
                    for p in of {
                        merge.add(&[*p, 1.0 - p]);
                    }
                    for (found, expected) in group.said.iter().zip(merge.merged().unwrap()) {
                        assert!((found - expected).abs() < 1e-12, "{what}");
                    }
                }
                let begins: Vec<_> = told.iter().map(|w| w.begin_millis).collect();
                let expected: Vec<_> = (0..).step_by(each * 10).take(groups).collect();
                assert_eq!(begins, expected, "{what}");
                assert_eq!(
                    told.last().unwrap().end_millis,
                    u64::from(windows) * 10 + 10
                );
            }
        }
    }
}
