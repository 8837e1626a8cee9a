//! Every method and measure beside what crowd-kit, krippendorff, irrCAC, statsmodels and scikit-learn compute of the
//! same answers: `tests/oracle/oracle.py` writes the fixtures.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use std::{collections::BTreeSet, fs, path::PathBuf};

use datacrowd_consensus::{
    Answers, Consensus, DawidSkene, ErrorModel, Iterations, Known, MissingSkill, Number, Votes,
    agreement::{
        Alpha, Bootstrap, Cohen, Counts, Fleiss, Gwet, Level, Raw, Statistic, Weights, estimate,
    },
    agreement_with, choose, dawid_skene, majority_vote, medians, wawa, weighted_vote,
    zero_based_skill,
};
use serde_json::Value;

const TOLERANCE: f64 = 1e-6;
/// As many as the oracle makes.
const ITERATIONS: u32 = 10;

type Frame = Answers<u32, u32, i64>;

fn fixture(name: &str) -> Value {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join(format!("tests/oracle/fixtures/{name}.json"));
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn names() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/fixtures");
    let files = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path());
    let mut names: Vec<String> = files
        .map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.retain(|name| name != "choices" && name != "numbers");
    names.sort();
    assert!(names.len() >= 12, "{names:?}");
    names
}

fn number(value: &Value) -> u32 {
    u32::try_from(value.as_u64().unwrap()).unwrap()
}

fn frame(fixture: &Value) -> Frame {
    let rows = fixture["answers"].as_array().unwrap().iter();
    Answers::new(rows.map(|row| (number(&row[0]), number(&row[1]), row[2].as_i64().unwrap())))
        .unwrap()
}

fn gold(fixture: &Value, answers: &Frame) -> Known {
    let rows = fixture["gold"].as_array().unwrap().iter();
    Known::new(
        answers,
        rows.map(|row| (number(&row[0]), row[1].as_i64().unwrap())),
    )
    .unwrap()
}

/// The difference of two lists, where the oracle has numbers.
#[track_caller]
fn same(what: &str, found: impl IntoIterator<Item = f64>, oracle: &Value) {
    let found: Vec<f64> = found.into_iter().collect();
    let oracle = oracle.as_array().unwrap();
    assert_eq!(found.len(), oracle.len(), "{what}");
    for (place, (found, oracle)) in found.iter().zip(oracle).enumerate() {
        if let Some(oracle) = oracle.as_f64() {
            assert!(
                (found - oracle).abs() <= TOLERANCE,
                "{what}[{place}]: {found} is not {oracle}"
            );
        }
    }
}

fn probabilities(votes: &Votes, consensus: &Consensus) -> Vec<f64> {
    votes
        .by_task()
        .flat_map(|(task, _)| consensus.probabilities(task).to_vec())
        .collect()
}

fn skills(skill: &[Option<f64>]) -> Vec<f64> {
    skill
        .iter()
        .map(|skill| skill.unwrap_or(f64::NAN))
        .collect()
}

/// The winners are those of the oracle's probabilities: the first of the largest.
#[track_caller]
fn same_labels(what: &str, consensus: &Consensus, oracle: &Value) {
    let oracle: Vec<Option<f64>> = oracle
        .as_array()
        .unwrap()
        .iter()
        .map(Value::as_f64)
        .collect();
    let width = oracle.len() / consensus.labels().len();
    for (place, (label, row)) in consensus
        .labels()
        .iter()
        .zip(oracle.chunks(width))
        .enumerate()
    {
        let Some(row) = row.iter().copied().collect::<Option<Vec<f64>>>() else {
            continue;
        };
        let most = row.iter().copied().fold(f64::MIN, f64::max);
        // Rounded to nine digits, two may be as large that were not.
        let first = row.iter().position(|share| most - share <= 1e-9).unwrap();
        assert!(
            most - row[label.index()] <= 1e-9,
            "{what}[{place}]: {label:?} of {row:?}"
        );
        assert!(
            label.index() >= first,
            "{what}[{place}]: {label:?} of {row:?}"
        );
    }
}

#[test]
fn votes_are_those_of_crowd_kit() {
    for name in names() {
        let fixture = fixture(&name);
        let answers = frame(&fixture);
        let votes = answers.votes();
        let oracle = &fixture["methods"];
        let voted = [
            ("majority", majority_vote(votes)),
            ("wawa", wawa(votes)),
            ("zero_based", zero_based_skill(votes)),
        ];
        for (method, voted) in voted {
            let what = format!("{name}.{method}");
            same(
                &what,
                probabilities(votes, &voted.consensus),
                &oracle[method]["probabilities"],
            );
            same(&what, skills(&voted.skill), &oracle[method]["skill"]);
            same_labels(&what, &voted.consensus, &oracle[method]["probabilities"]);
        }
    }
}

#[test]
fn votes_by_gold_are_those_of_crowd_kit() {
    let mut seen = 0;
    for name in names() {
        let fixture = fixture(&name);
        let oracle = &fixture["methods"]["gold"];
        if oracle.is_null() {
            continue;
        }
        seen += 1;
        let answers = frame(&fixture);
        let votes = answers.votes();
        let gold = gold(&fixture, &answers);
        let skill: Vec<_> = agreement_with(votes, |task| gold.of(task))
            .iter()
            .map(|share| share.value())
            .collect();
        same(&name, skills(&skill), &oracle["skill"]);
        let consensus = weighted_vote(votes, &skill, MissingSkill::Value(0.5)).unwrap();
        same(
            &name,
            probabilities(votes, &consensus),
            &oracle["probabilities"],
        );
        same_labels(&name, &consensus, &oracle["probabilities"]);
        let majority = majority_vote(votes).consensus;
        let rows = oracle["probabilities"]
            .as_array()
            .unwrap()
            .chunks(votes.labels());
        for ((task, _), row) in votes.by_task().zip(rows) {
            if row[0].is_null() {
                assert_eq!(
                    consensus.probabilities(task),
                    majority.probabilities(task),
                    "{name}: nobody weighs"
                );
            }
        }
    }
    assert!(seen >= 8, "{seen}");
}

#[track_caller]
fn same_fit(what: &str, answers: &Frame, fit: &DawidSkene, oracle: &Value) {
    let votes = answers.votes();
    same(
        what,
        probabilities(votes, &fit.consensus),
        &oracle["probabilities"],
    );
    same_labels(what, &fit.consensus, &oracle["probabilities"]);
    same(what, fit.priors.iter().copied(), &oracle["priors"]);
    same(what, fit.bounds.iter().copied(), &oracle["bounds"]);
    for row in oracle["errors"].as_array().into_iter().flatten() {
        let worker = answers.worker(&number(&row[0])).unwrap();
        let label = answers.label(&row[1].as_i64().unwrap()).unwrap();
        let found = fit.errors.of(worker, label).unwrap();
        let oracle = Value::Array(row.as_array().unwrap()[2..].to_vec());
        same(&format!("{what}.errors"), found.iter().copied(), &oracle);
    }
}

#[test]
fn dawid_skene_is_that_of_crowd_kit() {
    for name in names() {
        let fixture = fixture(&name);
        let answers = frame(&fixture);
        let votes = answers.votes();
        let oracle = &fixture["methods"];
        let exactly = Iterations::exactly(ITERATIONS);
        let nothing = Known::nothing(votes);
        let fit = dawid_skene(votes, &nothing, ErrorModel::Confusion, exactly);
        same_fit(&name, &answers, &fit, &oracle["dawid_skene"]);
        let coin = dawid_skene(votes, &nothing, ErrorModel::OneCoin, exactly);
        same_fit(&name, &answers, &coin, &oracle["one_coin"]);
        same(
            &name,
            coin.skill.iter().copied(),
            &oracle["one_coin"]["skill"],
        );
        if !oracle["dawid_skene_gold"].is_null() {
            let gold = gold(&fixture, &answers);
            let fit = dawid_skene(votes, &gold, ErrorModel::Confusion, exactly);
            same_fit(&name, &answers, &fit, &oracle["dawid_skene_gold"]);
        }
        let stops = [ErrorModel::Confusion, ErrorModel::OneCoin].map(|model| {
            dawid_skene(votes, &nothing, model, Iterations::default())
                .bounds
                .len()
        });
        assert_eq!(serde_json::json!(stops), oracle["stops"], "{name}");
    }
}

#[test]
fn agreement_is_that_of_the_packages_for_it() {
    for name in names() {
        let fixture = fixture(&name);
        let answers = frame(&fixture);
        let votes = answers.votes();
        let counts = Counts::new(votes);
        let values: Vec<f64> = answers.labels().iter().map(|label| *label as f64).collect();
        let once = vec![1; votes.tasks()];
        let oracle = &fixture["agreement"];
        for (level, alpha) in oracle["alpha"].as_object().unwrap() {
            let level = match level.as_str() {
                "nominal" => Level::Nominal,
                "ordinal" => Level::Ordinal,
                "interval" => Level::Interval(&values),
                _ => Level::Ratio(&values),
            };
            let found = Alpha::new(&counts, level).unwrap().value(&once);
            close(&format!("{name}.alpha"), found, alpha);
        }
        if !oracle["fleiss"].is_null() {
            let weights = Weights::identity(votes.labels());
            close(
                &name,
                Fleiss::new(&counts, &weights).unwrap().value(&once),
                &oracle["fleiss"],
            );
        }
        for (weights, row) in oracle["gwet"].as_object().into_iter().flatten() {
            let what = format!("{name}.{weights}");
            let weights = weights_of(weights, &values);
            close(
                &what,
                Raw::new(&counts, &weights).unwrap().value(&once),
                &row[0],
            );
            close(
                &what,
                Fleiss::new(&counts, &weights).unwrap().value(&once),
                &row[1],
            );
            close(
                &what,
                Gwet::new(&counts, &weights).unwrap().value(&once),
                &row[2],
            );
        }
        // scikit-learn's weights go by the labels' places.
        let places: Vec<f64> = (0..votes.labels()).map(|place| place as f64).collect();
        for row in oracle["cohen"].as_array().unwrap() {
            let [first, second] = [0, 1].map(|place| answers.worker(&number(&row[place])).unwrap());
            for (place, weights) in ["identity", "linear", "quadratic"].iter().enumerate() {
                let weights = weights_of(weights, &places);
                let cohen = Cohen::new(votes, first, second, &weights).unwrap();
                close(
                    &format!("{name}.cohen"),
                    cohen.value(&vec![1; cohen.units()]),
                    &row[place + 2],
                );
            }
        }
    }
}

fn weights_of(name: &str, values: &[f64]) -> Weights {
    match name {
        "identity" => Weights::identity(values.len()),
        "linear" => Weights::linear(values).unwrap(),
        "quadratic" => Weights::quadratic(values).unwrap(),
        "ordinal" => Weights::ordinal(values.len()),
        _ => panic!("{name}"),
    }
}

#[track_caller]
fn close(what: &str, found: Option<f64>, oracle: &Value) {
    let difference = found
        .zip(oracle.as_f64())
        .map(|(found, oracle)| (found - oracle).abs());
    let same = difference.map_or(found.is_none() && oracle.is_null(), |difference| {
        difference <= TOLERANCE
    });
    assert!(same, "{what}: {found:?} is not {oracle}");
}

#[test]
fn intervals_are_those_of_the_same_samples() {
    let mut seen = 0;
    for name in names() {
        let fixture = fixture(&name);
        let oracle = &fixture["agreement"]["intervals"];
        if oracle.is_null() {
            continue;
        }
        seen += 1;
        let answers = frame(&fixture);
        let counts = Counts::new(answers.votes());
        let drawn = |seed| Bootstrap::new(seed, 60, 0.9).unwrap();
        let nominal = Alpha::new(&counts, Level::Nominal).unwrap();
        let ordinal = Alpha::new(&counts, Level::Ordinal).unwrap();
        let weights = Weights::identity(counts.labels());
        let gwet = Gwet::new(&counts, &weights).unwrap();
        let found = [
            ("nominal", estimate(&nominal, drawn(7))),
            ("ordinal", estimate(&ordinal, drawn(8))),
            ("ac1", estimate(&gwet, drawn(9))),
        ];
        for (measure, estimate) in found {
            let interval = estimate.unwrap().interval.unwrap();
            let found = [interval.low, interval.high, interval.samples as f64];
            same(&format!("{name}.{measure}"), found, &oracle[measure]);
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn several_choices_are_chosen_as_crowd_kit_does() {
    let fixture = fixture("choices");
    let set =
        |row: &Value| -> BTreeSet<u32> { row.as_array().unwrap().iter().map(number).collect() };
    let rows = fixture["answers"].as_array().unwrap().iter();
    let answers =
        Answers::new(rows.map(|row| (number(&row[0]), number(&row[1]), set(&row[2])))).unwrap();
    let chosen = choose(&answers);
    for ((task, _), oracle) in answers
        .votes()
        .by_task()
        .zip(fixture["chosen"].as_array().unwrap())
    {
        let of_task = chosen
            .iter()
            .filter(|chosen| chosen.consensus.label(task).index() == 1);
        assert_eq!(
            of_task.map(|chosen| chosen.label).collect::<BTreeSet<_>>(),
            set(oracle),
            "{task:?}"
        );
    }
}

#[test]
fn medians_are_those_of_numpy_and_scipy() {
    let fixture = fixture("numbers");
    let rows = fixture["answers"].as_array().unwrap().iter();
    let number_of = |row: &Value| Number::new(row[2].as_f64().unwrap()).unwrap();
    let answers =
        Answers::new(rows.map(|row| (number(&row[0]), number(&row[1]), number_of(row)))).unwrap();
    let oracle = fixture["medians"].as_array().unwrap();
    let found = medians(&answers);
    assert_eq!(found.len(), oracle.len());
    for (place, (found, oracle)) in found.iter().zip(oracle).enumerate() {
        same(
            &format!("task {place}"),
            [found.median, found.deviation],
            oracle,
        );
    }
}
