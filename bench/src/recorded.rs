//! What twenty people said of sentences from product reviews, and crowds that say it again.

use anyhow::{Result, ensure};
use serde::Deserialize;

/// What was recorded: a line for each item, with the ratings of twenty people from -4 to 4.
const RECORDED: &str = include_str!("../../examples/reviews/data/ratings.jsonl");
/// Whether a sentence is negative, neutral or positive.
pub const LABELS: [&str; 3] = ["-1", "0", "1"];
/// People who rated each item.
pub const RATERS: usize = 20;

/// One item.
#[derive(Debug, Deserialize)]
struct Line {
    id: String,
    ratings: Vec<i32>,
}

/// Items by their ids, each with twenty labels: those after the first `skip`.
pub fn recorded(skip: usize, items: usize) -> Result<Vec<(String, Vec<&'static str>)>> {
    let label = |rating: &i32| LABELS[usize::try_from(rating.signum() + 1).unwrap_or(0)];
    RECORDED
        .lines()
        .skip(skip)
        .take(items)
        .map(|line| {
            let item: Line = serde_json::from_str(line)?;
            ensure!(
                item.ratings.len() == RATERS,
                "{} was not rated by twenty",
                item.id
            );
            Ok((item.id, item.ratings.iter().map(label).collect()))
        })
        .collect()
}

/// The label that most gave, the first of several.
pub fn majority(said: &[&'static str]) -> &'static str {
    let votes = |label: &str| said.iter().filter(|said| **said == label).count();
    let mut best = LABELS[0];
    for label in LABELS {
        if votes(label) > votes(best) {
            best = label;
        }
    }
    best
}

/// A number of an item and a worker that is always the same, and looks like any other.
pub fn drawn(id: &str, worker: usize) -> usize {
    let mixed = id.bytes().fold(worker.wrapping_add(1), |seed, byte| {
        seed.wrapping_mul(0x0100_0000_01b3) ^ usize::from(byte)
    });
    mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33
}
