//! Worked examples from the literature.

use super::*;
use crate::Answers;

type Rows = [&'static str];

/// One string a worker, a character a task; a dot is no answer.
fn answers(rows: &Rows) -> Answers<usize, usize, char> {
    let of_worker = |(worker, row): (usize, &&'static str)| {
        let cells = row.chars().enumerate().filter(|(_, label)| *label != '.');
        cells
            .map(move |(task, label)| (task, worker, label))
            .collect::<Vec<_>>()
    };
    Answers::new(rows.iter().enumerate().flat_map(of_worker)).unwrap()
}

/// Per task, how often each label was given.
fn counted(tasks: &[&[usize]]) -> Counts {
    let of_task = |(task, counts): (usize, &&[usize])| {
        let labels = counts
            .iter()
            .enumerate()
            .flat_map(|(label, count)| vec![label; *count]);
        labels
            .enumerate()
            .map(|(worker, label)| (task, worker, label))
            .collect::<Vec<_>>()
    };
    Counts::new(
        Answers::new(tasks.iter().enumerate().flat_map(of_task))
            .unwrap()
            .votes(),
    )
}

/// Two workers, by a table of their answers.
fn tabled(table: &[&[usize]]) -> Answers<usize, usize, usize> {
    let mut rows = Vec::new();
    for (first, cells) in table.iter().enumerate() {
        for (second, count) in cells.iter().enumerate() {
            for _ in 0..*count {
                let task = rows.len();
                rows.extend([(task, 0, first), (task, 1, second)]);
            }
        }
    }
    Answers::new(rows).unwrap()
}

fn all(statistic: &impl Statistic) -> Option<f64> {
    statistic.value(&vec![1; statistic.units()])
}

#[track_caller]
fn is(statistic: &impl Statistic, published: f64, digits: i32) {
    let found = all(statistic).unwrap();
    assert!(
        (found - published).abs() <= 0.5001 * 10_f64.powi(-digits),
        "{found} is not {published}"
    );
}

/// Four observers, twelve units: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section D.
const OBSERVERS: &Rows = &[
    "123321412...",
    "1233224125.3",
    ".3332342251.",
    "12332441251.",
];

#[test]
fn alpha_is_that_of_krippendorffs_example_at_every_level() {
    let answers = answers(OBSERVERS);
    let counts = Counts::new(answers.votes());
    let values = [1.0, 2.0, 3.0, 4.0, 5.0];
    is(&Alpha::new(&counts, Level::Nominal).unwrap(), 0.743, 3);
    is(&Alpha::new(&counts, Level::Ordinal).unwrap(), 0.815, 3);
    is(
        &Alpha::new(&counts, Level::Interval(&values)).unwrap(),
        0.849,
        3,
    );
    is(
        &Alpha::new(&counts, Level::Ratio(&values)).unwrap(),
        0.797,
        3,
    );
}

#[test]
fn ac1_and_fleiss_are_those_of_gwets_example_with_missing_answers() {
    // K. L. Gwet, "Handbook of Inter-Rater Reliability" (4th ed., 2014): the same observers.
    let answers = answers(OBSERVERS);
    let counts = Counts::new(answers.votes());
    let weights = Weights::identity(5);
    is(&Raw::new(&counts, &weights).unwrap(), 0.81818, 5);
    is(&Gwet::new(&counts, &weights).unwrap(), 0.77544, 5);
    is(&Fleiss::new(&counts, &weights).unwrap(), 0.76117, 5);
}

#[test]
fn two_abstractors_agree_as_gwet_computes_it() {
    // The same, 100 pregnancies classed by two abstractors.
    let answers = tabled(&[&[13, 0, 0], &[0, 20, 7], &[0, 4, 56]]);
    let counts = Counts::new(answers.votes());
    let (identity, quadratic) = (
        Weights::identity(3),
        Weights::quadratic(&[1.0, 2.0, 3.0]).unwrap(),
    );
    is(&Gwet::new(&counts, &identity).unwrap(), 0.84933, 5);
    is(&Gwet::new(&counts, &quadratic).unwrap(), 0.94024, 5);
    let [first, second] = [0, 1].map(|worker| answers.worker(&worker).unwrap());
    is(
        &Cohen::new(answers.votes(), first, second, &identity).unwrap(),
        0.796,
        3,
    );
}

#[test]
fn fleiss_kappa_of_fourteen_psychiatrists() {
    let counts = counted(&[
        &[0, 0, 0, 0, 14],
        &[0, 2, 6, 4, 2],
        &[0, 0, 3, 5, 6],
        &[0, 3, 9, 2, 0],
        &[2, 2, 8, 1, 1],
        &[7, 7, 0, 0, 0],
        &[3, 2, 6, 3, 0],
        &[2, 5, 3, 2, 2],
        &[6, 5, 2, 1, 0],
        &[0, 2, 2, 3, 7],
    ]);
    is(
        &Fleiss::new(&counts, &Weights::identity(5)).unwrap(),
        0.210,
        3,
    );
}

#[test]
fn kappa_collapses_where_one_label_dominates_and_ac1_does_not() {
    let answers = tabled(&[&[118, 5], &[2, 0]]);
    let [first, second] = [0, 1].map(|worker| answers.worker(&worker).unwrap());
    let weights = Weights::identity(2);
    let counts = Counts::new(answers.votes());
    // A. R. Feinstein, D. V. Cicchetti, Journal of Clinical Epidemiology 43 (1990), tell of the paradox.
    assert!(all(&Cohen::new(answers.votes(), first, second, &weights).unwrap()).unwrap() < 0.0);
    assert!(all(&Raw::new(&counts, &weights).unwrap()).unwrap() > 0.94);
    assert!(all(&Gwet::new(&counts, &weights).unwrap()).unwrap() > 0.93);
}

#[test]
fn where_nobody_could_disagree_there_is_no_number() {
    let alone = answers(&["12.", "..1"]);
    let one_label = answers(&["111", "111"]);
    let nobody = Answers::<usize, usize, char>::new([]).unwrap();
    for (name, answers) in [
        ("alone", alone),
        ("one label", one_label),
        ("nobody", nobody),
    ] {
        let counts = Counts::new(answers.votes());
        let weights = Weights::identity(counts.labels());
        assert_eq!(
            all(&Alpha::new(&counts, Level::Nominal).unwrap()),
            None,
            "{name}"
        );
        assert_eq!(
            all(&Alpha::new(&counts, Level::Ordinal).unwrap()),
            None,
            "{name}"
        );
        assert_eq!(
            all(&Fleiss::new(&counts, &weights).unwrap()),
            None,
            "{name}"
        );
        assert_eq!(all(&Gwet::new(&counts, &weights).unwrap()), None, "{name}");
        assert_eq!(
            estimate(&Gwet::new(&counts, &weights).unwrap(), Bootstrap::default()),
            None,
            "{name}"
        );
    }
}

#[test]
fn what_does_not_fit_is_refused() {
    let answers = answers(&["12", "12"]);
    let counts = Counts::new(answers.votes());
    let refusals = [
        Alpha::new(&counts, Level::Interval(&[1.0]))
            .unwrap_err()
            .to_string(),
        Alpha::new(&counts, Level::Ratio(&[-1.0, 1.0]))
            .unwrap_err()
            .to_string(),
        Alpha::new(&counts, Level::Interval(&[0.0, f64::NAN]))
            .unwrap_err()
            .to_string(),
        Gwet::new(&counts, &Weights::identity(3))
            .unwrap_err()
            .to_string(),
        Weights::linear(&[2.0, 1.0]).unwrap_err().to_string(),
        Weights::quadratic(&[1.0]).unwrap_err().to_string(),
        Bootstrap::new(0, 1, 0.9).unwrap_err().to_string(),
        Bootstrap::new(0, 9, 1.0).unwrap_err().to_string(),
    ];
    assert_eq!(
        refusals,
        [
            "1 values for 2 labels",
            "-1 is no value at this level",
            "NaN is no value at this level",
            "weights of 3 labels for 2",
            "values are no scale: at least two, finite and rising",
            "values are no scale: at least two, finite and rising",
            "1 samples are too few",
            "1 is not between 0 and 1",
        ]
    );
}

#[test]
fn an_interval_holds_its_number_narrows_with_tasks_and_is_the_same_each_time() {
    let width = |times: usize| {
        let table: Vec<Vec<usize>> = vec![
            vec![13 * times, 0, 0],
            vec![0, 20 * times, 7 * times],
            vec![0, 4 * times, 56 * times],
        ];
        let rows: Vec<&[usize]> = table.iter().map(Vec::as_slice).collect();
        let counts = Counts::new(tabled(&rows).votes());
        let alpha = Alpha::new(&counts, Level::Nominal).unwrap();
        let drawn = Bootstrap::new(1, 200, 0.95).unwrap();
        let found = estimate(&alpha, drawn).unwrap();
        assert_eq!(estimate(&alpha, drawn), Some(found));
        let interval = found.interval.unwrap();
        assert!(
            interval.low < found.value && found.value < interval.high,
            "{found:?}"
        );
        interval.high - interval.low
    };
    assert!(width(9) < 0.5 * width(1));
}

#[test]
fn a_number_that_most_samples_lack_has_no_interval() {
    // One task of eight shows a second label, so a third of the samples lack it; of the two workers one answers alone
    // in the others, so no other task can show agreement.
    let answers = answers(&["1.......", "22222222"]);
    let counts = Counts::new(answers.votes());
    let alpha = Alpha::new(&counts, Level::Nominal).unwrap();
    let found = estimate(&alpha, Bootstrap::new(3, 400, 0.9).unwrap()).unwrap();
    let samples = found.interval.unwrap().samples;
    assert!((200..320).contains(&samples), "{samples}");
    let lonely = Sometimes;
    let found = estimate(&lonely, Bootstrap::new(3, 400, 0.9).unwrap()).unwrap();
    assert_eq!(
        found,
        Estimate {
            value: 1.0,
            interval: None
        }
    );
}

/// Has a number where no task comes twice.
struct Sometimes;

impl Statistic for Sometimes {
    fn units(&self) -> usize {
        5
    }

    fn value(&self, times: &[u32]) -> Option<f64> {
        times.iter().all(|times| *times == 1).then_some(1.0)
    }
}
