//! How long the stages of a page took.

use std::time::Duration;

use datacrowd_protocol::model::Predicted;

use crate::frame::Micros;

/// Sums over the items of a page.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    fetched: u32,
    fetch: Duration,
    read: u32,
    micros: Micros,
}

impl Stages {
    pub(crate) fn fetched(&mut self, took: Duration) {
        self.fetched += 1;
        self.fetch += took;
    }

    pub(crate) fn read(&mut self, micros: Micros) {
        self.read += 1;
        self.micros.decode += micros.decode;
        self.micros.features += micros.features;
        self.micros.infer += micros.infer;
    }

    /// One line a page, with the means over its items.
    pub(crate) fn log(&self, items: &[Predicted], predicted: i64, failed: i64) {
        let mean = |micros: u64| micros / u64::from(self.read.max(1));
        let fetch = self.fetch / self.fetched.max(1);
        tracing::info!(
            items = items.len(),
            without = items.iter().filter(|item| item.failure.is_some()).count(),
            predicted,
            failed,
            fetch_us = u64::try_from(fetch.as_micros()).unwrap_or(u64::MAX),
            decode_us = mean(self.micros.decode),
            features_us = mean(self.micros.features),
            infer_us = mean(self.micros.infer),
            "page predicted"
        );
    }
}
