//! What came out, system by system, each beside us.

use std::{collections::BTreeMap, time::Duration};

use crate::samples::Samples;

/// Loops of one system with so many clients, over all rounds.
#[derive(Default)]
pub struct Loops {
    rates: Vec<f64>,
    next: Samples,
    submit: Samples,
    /// Shares of a core that the measuring process itself took.
    cores: Vec<f64>,
}

/// One measurement of loops.
#[derive(Default)]
pub struct Round {
    pub loops: usize,
    pub took: Duration,
    pub next: Samples,
    pub submit: Samples,
    pub cpu_seconds: f64,
}

impl Loops {
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn add(&mut self, round: Round) {
        let seconds = round.took.as_secs_f64();
        self.rates.push(round.loops as f64 / seconds);
        self.cores.push(round.cpu_seconds / seconds);
        self.next.merge(round.next);
        self.submit.merge(round.submit);
    }
}

/// All loops, by clients and system in the order of the table.
pub type LoopTable = BTreeMap<(usize, usize), Loops>;
/// Seconds of each import and export, by items and system.
pub type FileTable = BTreeMap<(usize, usize), Files>;

/// Seconds that files took.
#[derive(Default)]
pub struct Files {
    pub import: Vec<f64>,
    pub export: Vec<f64>,
}

/// The first system is ours: a ratio says how many times as fast it is.
pub fn loops(names: &[&str], mut table: LoopTable) -> Vec<String> {
    let mut lines = vec![
        "| clients | system | loops/s (of each round) | ratio | next p50, ms | p99 | ratio | submit p50, ms | p99 | ratio | client's CPU |".into(),
        "|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|".into(),
    ];
    let mut ours = (f64::NAN, f64::NAN, f64::NAN);
    for ((clients, system), row) in &mut table {
        let rate = mean(&row.rates);
        let (next, submit) = (row.next.percentile(50), row.submit.percentile(50));
        if *system == 0 {
            ours = (rate, next, submit);
        }
        let rounds: Vec<String> = row.rates.iter().map(|r| number(*r)).collect();
        lines.push(format!(
            "| {clients} | {} | {} ({}) | {} | {} | {} | {} | {} | {} | {} | {} |",
            names[*system],
            number(rate),
            rounds.join(", "),
            ratio(ours.0 / rate),
            number(next),
            number(row.next.percentile(99)),
            ratio(next / ours.1),
            number(submit),
            number(row.submit.percentile(99)),
            ratio(submit / ours.2),
            number(mean(&row.cores)),
        ));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
pub fn files(names: &[&str], table: &FileTable) -> Vec<String> {
    let mut lines = vec![
        "| items | system | import, items/s | seconds | ratio | export, items/s | seconds | ratio |".into(),
        "|--:|---|--:|--:|--:|--:|--:|--:|".into(),
    ];
    let mut ours = (f64::NAN, f64::NAN);
    for ((items, system), row) in table {
        let (import, export) = (mean(&row.import), mean(&row.export));
        if *system == 0 {
            ours = (import, export);
        }
        lines.push(format!(
            "| {items} | {} | {} | {} | {} | {} | {} | {} |",
            names[*system],
            number(*items as f64 / import),
            number(import),
            ratio(import / ours.0),
            number(*items as f64 / export),
            number(export),
            ratio(export / ours.1),
        ));
    }
    lines
}

#[expect(clippy::cast_precision_loss, reason = "a mean for people")]
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn number(value: f64) -> String {
    match value {
        v if v.is_nan() => "–".into(),
        v if v >= 100.0 => format!("{v:.0}"),
        v if v >= 1.0 => format!("{v:.1}"),
        v => format!("{v:.2}"),
    }
}

fn ratio(value: f64) -> String {
    match number(value) {
        none if none == "–" => none,
        times => format!("{times}×"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(loops: usize, next: u64, submit: Option<u64>) -> Round {
        let mut round = Round {
            loops,
            took: Duration::from_secs(2),
            cpu_seconds: 1.0,
            ..Round::default()
        };
        round.next.add(Duration::from_millis(next));
        if let Some(submit) = submit {
            round.submit.add(Duration::from_millis(submit));
        }
        round
    }

    #[test]
    fn a_ratio_says_how_many_times_as_fast_we_are() {
        let mut table = LoopTable::default();
        let rounds = [
            (0, round(400, 2, Some(4))),
            (0, round(800, 2, Some(4))),
            (1, round(30, 50, Some(100))),
            (2, round(1200, 1, None)),
        ];
        for (system, round) in rounds {
            table.entry((4, system)).or_default().add(round);
        }
        let lines = loops(&["us", "slow", "queue"], table);
        assert_eq!(
            lines[2..],
            [
                "| 4 | us | 300 (200, 400) | 1.0× | 2.0 | 2.0 | 1.0× | 4.0 | 4.0 | 1.0× | 0.50 |",
                "| 4 | slow | 15.0 (15.0) | 20.0× | 50.0 | 50.0 | 25.0× | 100 | 100 | 25.0× | 0.50 |",
                "| 4 | queue | 600 (600) | 0.50× | 1.0 | 1.0 | 0.50× | – | – | – | 0.50 |",
            ]
        );
    }

    #[test]
    fn what_a_system_cannot_do_is_a_dash() {
        let mut table = FileTable::default();
        table.insert(
            (1000, 0),
            Files {
                import: vec![1.0, 3.0],
                export: vec![0.5],
            },
        );
        table.insert(
            (1000, 1),
            Files {
                import: vec![4.0],
                export: vec![],
            },
        );
        assert_eq!(
            files(&["us", "queue"], &table)[2..],
            [
                "| 1000 | us | 500 | 2.0 | 1.0× | 2000 | 0.50 | 1.0× |",
                "| 1000 | queue | 250 | 4.0 | 2.0× | – | – | – |",
            ]
        );
    }
}
