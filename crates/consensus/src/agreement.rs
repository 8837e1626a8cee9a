//! Do people agree, and more than by chance?
//!
//! Every measure is a [`Statistic`]: a number of a sample of tasks, in which each task may come any number of times.
//! [`estimate`] gives it for all tasks once, with an interval from samples drawn with a seed.

mod alpha;
mod bootstrap;
mod cohen;
mod counts;
mod gwet;
mod weights;

pub use alpha::{Alpha, InvalidLevel, Level};
pub use bootstrap::{Bootstrap, Estimate, Interval, InvalidBootstrap, Statistic, estimate};
pub use cohen::Cohen;
pub use counts::Counts;
pub use gwet::{Fleiss, Gwet, Raw};
pub use weights::{InvalidWeights, Weights};

#[cfg(test)]
mod tests;
