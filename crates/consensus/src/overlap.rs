//! Dynamic overlap: whether the answers to a task are enough, or one more is worth its price.

use crate::{LabelNo, Share};

/// How good a worker is taken to be: the probability to be right.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Quality(f64);

impl Quality {
    /// (0.5 + correct) / (1 + total): a worker of whom nothing is known is right half of the time, and nobody always
    /// or never.
    #[must_use]
    pub fn new(record: Share) -> Self {
        Self((0.5 + f64::from(record.correct())) / (1.0 + f64::from(record.total())))
    }

    /// The probability.
    #[must_use]
    pub fn value(self) -> f64 {
        self.0
    }

    /// The logarithm of the odds that an answer of this worker gives to its label against any one of the others.
    fn weight(self, others: f64) -> f64 {
        libm::log(self.0 * others / (1.0 - self.0))
    }
}

/// One answer to a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// What it says.
    pub label: LabelNo,
    /// Who says it.
    pub quality: Quality,
}

/// Why there is no rule, or no posterior.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum InvalidOverlap {
    /// At least one answer, and no fewer at most than at least.
    #[error("from {min} to {max} answers are no range; it begins at 1")]
    Range {
        /// At least.
        min: u32,
        /// At most.
        max: u32,
    },
    /// One would always be reached, or never.
    #[error("confidence is between 0 and 1, not {0}")]
    Confidence(f64),
    /// The field has fewer options.
    #[error("label {label} is none of {options}")]
    Label {
        /// What an answer says.
        label: usize,
        /// How many there are.
        options: usize,
    },
}

/// When a task has enough answers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    min: u32,
    max: u32,
    confidence: f64,
}

impl Rule {
    /// From `min` to `max` answers, until the most probable label has the probability `confidence`.
    ///
    /// # Errors
    /// When `min` is 0 or above `max`, or `confidence` is not between 0 and 1.
    pub fn new(min: u32, max: u32, confidence: f64) -> Result<Self, InvalidOverlap> {
        if min == 0 || min > max {
            return Err(InvalidOverlap::Range { min, max });
        }
        if !(confidence > 0.0 && confidence < 1.0) {
            return Err(InvalidOverlap::Confidence(confidence));
        }
        Ok(Self {
            min,
            max,
            confidence,
        })
    }

    /// What to do with a task that has these answers, in any order, and no slot open or leased. `options` are all
    /// labels of the field, given or not.
    ///
    /// # Errors
    /// When an answer's label is not among the options.
    pub fn decide(&self, options: usize, answers: &[Answer]) -> Result<Decision, InvalidOverlap> {
        let best = posterior(options, answers)?.best();
        // A task has far fewer.
        let count = u32::try_from(answers.len()).unwrap_or(u32::MAX);
        Ok(match best {
            Some(best) if count >= self.min && best.probability >= self.confidence => {
                Decision::Enough(best)
            }
            Some(best) if count >= self.max => Decision::AtLimit(best),
            best => Decision::OneMore(best),
        })
    }
}

/// The most probable label so far.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Best {
    /// The label; the first of several.
    pub label: LabelNo,
    /// How probable it is.
    pub probability: f64,
}

/// What to do with a task.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Decision {
    /// The label is as sure as was asked for.
    Enough(Best),
    /// Another answer is wanted; without any there is no label yet.
    OneMore(Option<Best>),
    /// It is not, and no more answers may be had.
    AtLimit(Best),
}

/// How probable each option is, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Posterior {
    probabilities: Vec<f64>,
    answered: bool,
}

impl Posterior {
    /// The probabilities. They add up to 1.
    #[must_use]
    pub fn probabilities(&self) -> &[f64] {
        &self.probabilities
    }

    /// The most probable option, if there was any answer.
    #[must_use]
    pub fn best(&self) -> Option<Best> {
        let mut best = None::<Best>;
        for (label, probability) in (0..).map(LabelNo).zip(&self.probabilities) {
            if best.is_none_or(|best| *probability > best.probability) {
                best = Some(Best {
                    label,
                    probability: *probability,
                });
            }
        }
        best.filter(|_| self.answered)
    }
}

/// z ∝ Π q over the answers that say z · Π (1 − q)/(Y − 1) over those that do not, for Y options that are equally
/// likely before.
///
/// # Errors
/// When an answer's label is not among the options.
pub fn posterior(options: usize, answers: &[Answer]) -> Result<Posterior, InvalidOverlap> {
    // Divided by what it would be if nobody had said z, the product is one over the answers that say z.
    let others = options.saturating_sub(1).max(1) as f64;
    let mut weights = Vec::with_capacity(answers.len());
    for answer in answers {
        let label = answer.label.index();
        if label >= options {
            return Err(InvalidOverlap::Label { label, options });
        }
        weights.push((label, answer.quality.weight(others)));
    }
    // Sums are those of the sorted weights: the order of answers leaves no trace.
    weights.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut probabilities = vec![0.0; options];
    for (label, weight) in weights {
        probabilities[label] += weight;
    }
    let most = probabilities
        .iter()
        .copied()
        .fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for probability in &mut probabilities {
        *probability = libm::exp(*probability - most);
        sum += *probability;
    }
    for probability in &mut probabilities {
        *probability /= sum;
    }
    Ok(Posterior {
        probabilities,
        answered: !answers.is_empty(),
    })
}

#[cfg(test)]
mod tests;
