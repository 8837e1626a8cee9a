//! The recorded crowd: sentences of product reviews, each rated by twenty people.

use std::{fs, path::PathBuf};

use serde::Deserialize;

/// How many people rated each sentence.
pub const CROWD: usize = 20;
/// How many sentences there are.
pub const ITEMS: usize = 3708;

/// What the crowd said of one sentence.
#[derive(Debug, Clone, Deserialize)]
pub struct Recorded {
    /// Value of the column `id`.
    pub id: String,
    /// Mean of the ratings.
    pub mean: f64,
    /// The ratings; position k need not be the same person in two sentences.
    pub ratings: Vec<i32>,
}

fn read(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/reviews/data")
        .join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("cannot read {}: {e}", path.display()))
}

/// The whole file, as a client uploads it.
pub fn items_csv() -> String {
    read("items.csv")
}

/// Header and first `rows` rows of the file. No cell of this file holds a line end.
pub fn first_items_csv(rows: usize) -> String {
    items_csv()
        .split_inclusive('\n')
        .take(rows + 1)
        .collect::<String>()
}

/// What the crowd said, in the file's order.
pub fn recorded() -> Vec<Recorded> {
    read("ratings.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
