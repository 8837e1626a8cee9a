//! Dawid and Skene's model: each worker has a habit of error, found together with the labels.
//!
//! A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm", Applied
//! Statistics 28 (1979). One coin per worker: Y. Zhang, X. Chen, D. Zhou, M. I. Jordan, "Spectral Methods Meet EM",
//! JMLR 17 (2016).

mod errors;
mod expect;

pub use errors::Errors;
use expect::Expected;

use crate::{Consensus, Known, Votes, majority::vote};

/// No probability of an error is taken to be smaller: its logarithm is used.
const LEAST: f64 = 1e-10;

/// What is asked of a worker's errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorModel {
    /// A confusion matrix each: Dawid and Skene's own model.
    Confusion,
    /// One probability each to be right; wrong labels are equally likely.
    OneCoin,
}

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Iterations {
    /// After so many.
    pub most: u32,
    /// When the evidence lower bound per answer gains less than this.
    pub gain: f64,
}

impl Default for Iterations {
    fn default() -> Self {
        Self {
            most: 100,
            gain: 1e-5,
        }
    }
}

impl Iterations {
    /// So many, whatever they gain.
    #[must_use]
    pub fn exactly(most: u32) -> Self {
        Self {
            most,
            gain: f64::NEG_INFINITY,
        }
    }
}

/// The fitted model.
#[derive(Debug, Clone, PartialEq)]
pub struct DawidSkene {
    /// The labels.
    pub consensus: Consensus,
    /// Per label, its share of the tasks.
    pub priors: Vec<f64>,
    /// What workers say where a label is true.
    pub errors: Errors,
    /// Per worker the probability to be right.
    pub skill: Vec<f64>,
    /// The evidence lower bound per answer after each iteration. More is better.
    pub bounds: Vec<f64>,
}

/// Expectation maximisation from the soft majority. Labels that are known stay as they are, and teach who errs how.
#[must_use]
pub fn dawid_skene(
    votes: &Votes,
    known: &Known,
    model: ErrorModel,
    iterations: Iterations,
) -> DawidSkene {
    let (mut errors, rows) = Errors::new(votes);
    let start = vote(votes, |_| 1.0).into_probabilities();
    let mut expected = Expected::new(votes, &mut errors, rows, known, start);
    errors.normalise(model);
    let mut bounds = Vec::new();
    let mut bound = f64::NEG_INFINITY;
    for _ in 0..iterations.most {
        if votes.is_empty() {
            break;
        }
        expected.expect(&mut errors);
        errors.normalise(model);
        let new = expected.bound(&errors) / votes.len() as f64;
        bounds.push(new);
        if new - bound < iterations.gain {
            break;
        }
        bound = new;
    }
    let priors = expected.priors();
    DawidSkene {
        skill: errors.skill(model, &priors),
        consensus: Consensus::new(votes, expected.into_probabilities()),
        priors,
        errors,
        bounds,
    }
}
