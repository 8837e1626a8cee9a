//! How the answers to windows become the answer to a recording: probabilities of labels, or one number.

use datacrowd_protocol::model::WindowsMerge;

/// How far from 1 the sum of probabilities may be.
const TOLERANCE: f64 = 1e-3;

/// Why numbers are no probabilities.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoProbabilities {
    /// Another number of them than of labels.
    #[error("gave {found} numbers for {labels} labels")]
    Count {
        /// What came.
        found: usize,
        /// What was expected.
        labels: usize,
    },
    /// One lies outside.
    #[error("gave {0} where probabilities lie between 0 and 1")]
    Outside(f64),
    /// Together they are not everything.
    #[error("gave probabilities whose sum is {0:.4} instead of 1")]
    Sum(f64),
}

/// The numbers as probabilities.
///
/// # Errors
/// They are none.
pub fn probabilities(mut numbers: Vec<f64>, labels: usize) -> Result<Vec<f64>, NoProbabilities> {
    if numbers.len() != labels {
        return Err(NoProbabilities::Count {
            found: numbers.len(),
            labels,
        });
    }
    let inside = |number: &&f64| (-TOLERANCE..=1.0 + TOLERANCE).contains(*number);
    if let Some(outside) = numbers.iter().find(|number| !inside(number)) {
        return Err(NoProbabilities::Outside(*outside));
    }
    let sum: f64 = numbers.iter().sum();
    if (sum - 1.0).abs() > TOLERANCE {
        return Err(NoProbabilities::Sum(sum));
    }
    for number in &mut numbers {
        *number = number.clamp(0.0, 1.0);
    }
    Ok(numbers)
}

/// Why what came is no number.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NoNumber {
    /// Several of them, or none.
    #[error("gave {0} numbers where one is the answer")]
    Count(usize),
    /// It has no end, or is none.
    #[error("gave {0} where a number is the answer")]
    NotFinite(f64),
}

/// What came as one number.
///
/// # Errors
/// It is none.
pub fn number(numbers: Vec<f64>) -> Result<Vec<f64>, NoNumber> {
    match numbers[..] {
        [number] if number.is_finite() => Ok(numbers),
        [number] => Err(NoNumber::NotFinite(number)),
        _ => Err(NoNumber::Count(numbers.len())),
    }
}

/// The first of the highest.
#[must_use]
pub fn surest(probabilities: &[f64]) -> Option<(usize, f64)> {
    let pairs = probabilities.iter().copied().enumerate();
    pairs.fold(None, |best, (at, p)| match best {
        Some((_, most)) if most >= p => best,
        _ => Some((at, p)),
    })
}

/// Windows that become one.
#[derive(Debug)]
pub struct Merge {
    how: WindowsMerge,
    windows: u32,
    /// Of `Mean`, the sums; of `Max`, the window with the highest number.
    held: Vec<f64>,
}

impl Merge {
    /// None so far.
    #[must_use]
    pub fn new(how: WindowsMerge) -> Self {
        Self {
            how,
            windows: 0,
            held: Vec::new(),
        }
    }

    /// One more.
    pub fn add(&mut self, window: &[f64]) {
        self.join(Self {
            how: self.how,
            windows: 1,
            held: window.to_vec(),
        });
    }

    /// What came behind.
    pub fn join(&mut self, later: Self) {
        let of = |held: &[f64]| surest(held).map_or(0.0, |(_, p)| p);
        self.windows += later.windows;
        match self.how {
            _ if self.held.is_empty() => self.held = later.held,
            WindowsMerge::Mean => {
                for (sum, p) in self.held.iter_mut().zip(later.held) {
                    *sum += p;
                }
            }
            WindowsMerge::Max if of(&later.held) > of(&self.held) => self.held = later.held,
            WindowsMerge::Max => {}
        }
    }

    /// Windows so far.
    #[must_use]
    pub fn windows(&self) -> u32 {
        self.windows
    }

    /// The answer, unless there was no window.
    #[must_use]
    pub fn merged(mut self) -> Option<Vec<f64>> {
        if self.how == WindowsMerge::Mean {
            for sum in &mut self.held {
                *sum /= f64::from(self.windows);
            }
        }
        (self.windows > 0).then_some(self.held)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_no_probabilities_are_told_why() {
        assert_eq!(probabilities(vec![0.25, 0.75], 2), Ok(vec![0.25, 0.75]));
        assert_eq!(
            probabilities(vec![1.000_5, -0.000_5], 2),
            Ok(vec![1.0, 0.0])
        );
        let table = [
            (vec![1.0], "gave 1 numbers for 2 labels"),
            (
                vec![2.5, -1.5],
                "gave 2.5 where probabilities lie between 0 and 1",
            ),
            (
                vec![f64::NAN, 0.5],
                "gave NaN where probabilities lie between 0 and 1",
            ),
            (
                vec![0.5, 0.4],
                "gave probabilities whose sum is 0.9000 instead of 1",
            ),
        ];
        for (numbers, why) in table {
            assert_eq!(probabilities(numbers, 2).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn a_number_is_one_and_finite() {
        assert_eq!(number(vec![-12.5]), Ok(vec![-12.5]));
        let table = [
            (vec![], "gave 0 numbers where one is the answer"),
            (vec![1.0, 2.0], "gave 2 numbers where one is the answer"),
            (vec![f64::NAN], "gave NaN where a number is the answer"),
            (
                vec![f64::NEG_INFINITY],
                "gave -inf where a number is the answer",
            ),
        ];
        for (numbers, why) in table {
            assert_eq!(number(numbers).unwrap_err().to_string(), why);
        }
    }

    #[test]
    fn of_numbers_max_is_the_greatest_also_below_zero() {
        let merged = |how| {
            let mut merge = Merge::new(how);
            for number in [-3.0, -1.0, -2.0] {
                merge.add(&[number]);
            }
            merge.merged().unwrap()
        };
        assert_eq!(merged(WindowsMerge::Mean), [-2.0]);
        assert_eq!(merged(WindowsMerge::Max), [-1.0]);
    }

    #[test]
    fn mean_is_of_all_windows_and_max_is_the_surest_one() {
        let windows = [[0.6, 0.4], [0.1, 0.9], [0.9, 0.1]];
        let merged = |how| {
            let mut merge = Merge::new(how);
            for window in &windows {
                merge.add(window);
            }
            merge.merged().unwrap()
        };
        let mean = merged(WindowsMerge::Mean);
        assert!((mean[0] - 1.6 / 3.0).abs() < 1e-12 && (mean[1] - 1.4 / 3.0).abs() < 1e-12);
        assert_eq!(merged(WindowsMerge::Max), [0.1, 0.9]);
        assert_eq!(Merge::new(WindowsMerge::Mean).merged(), None);
    }
}
