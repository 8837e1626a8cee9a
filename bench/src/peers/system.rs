//! What every system is asked to do, and what it took.

use std::time::Duration;

use anyhow::Result;
use futures::future::BoxFuture;

/// Items that workers can work on.
pub struct Imported {
    pub project: String,
    /// From the first byte sent until the items can be worked on.
    pub took: Duration,
}

/// One worker's turn: an item fetched, and answered.
pub struct Turn {
    pub next: Duration,
    pub submit: Duration,
}

/// Whose turn it is, for a system that leaves it to its users to share the items among them.
#[derive(Clone, Copy)]
pub struct Place {
    /// Which of the workers, from 0.
    pub worker: usize,
    /// The first item that is this worker's.
    pub first: usize,
    /// How many turns this worker had.
    pub step: usize,
}

/// A labelling platform behind HTTP.
pub trait System: Send + Sync {
    /// How it is called in the table.
    fn name(&self) -> &'static str;

    /// Before each measurement: whatever must be fresh.
    fn prepare(&self) -> BoxFuture<'_, Result<()>>;

    /// A new project of that many items, one answer wanted of each.
    fn import(&self, items: usize) -> BoxFuture<'_, Result<Imported>>;

    /// One turn of one worker.
    fn turn<'a>(&'a self, project: &'a str, place: Place) -> BoxFuture<'a, Result<Turn>>;

    /// A new project of that many items that have an answer each; not measured.
    fn answered(&self, items: usize) -> BoxFuture<'_, Result<String>>;

    /// The project's answers in a file: how long until the last byte of it was here. Fails unless it has that many.
    fn export<'a>(&'a self, project: &'a str, items: usize) -> BoxFuture<'a, Result<Duration>>;
}
