//! Dawid and Skene's model as it is written in `docs/quality.md`, in logarithms and on one thread, beside the library's,
//! which multiplies and parts many answers between threads.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use datacrowd_consensus::{
    Answers, DawidSkene, ErrorModel, Iterations, Known, Votes, dawid_skene, majority_vote,
};

const LEAST: f64 = 1e-10;
const ITERATIONS: u32 = 7;

/// What comes of a walk by SplitMix64.
fn draw(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// A crowd whose workers are right in 40 to 90 % of their answers.
fn crowd(tasks: u64, answers: u64, workers: u64, labels: u64) -> Answers<u64, u64, u64> {
    let mut state = 20_261_128;
    let mut rows = Vec::new();
    for task in 0..tasks {
        let (truth, first) = (draw(&mut state) % labels, draw(&mut state));
        for place in 0..answers {
            let worker = (first % workers + place) % workers;
            let is_right = draw(&mut state) % 100 < 40 + 50 * worker / workers;
            let said = if is_right {
                truth
            } else {
                draw(&mut state) % labels
            };
            rows.push((task, worker, said));
        }
    }
    Answers::new(rows).unwrap()
}

/// Per task the probabilities, and after each iteration the bound per answer.
fn plain(votes: &Votes, known: &Known, model: ErrorModel) -> (Vec<Vec<f64>>, Vec<f64>) {
    let start = majority_vote(votes).consensus;
    let keep = |mut row: Vec<f64>, known: Option<usize>| {
        if let Some(known) = known {
            row.fill(0.0);
            row[known] = 1.0;
        }
        row
    };
    let mut rows: Vec<_> = votes
        .by_task()
        .map(|(task, _)| {
            let known = known.of(task).map(|label| label.index());
            keep(start.probabilities(task).to_vec(), known)
        })
        .collect();
    let mut bounds = Vec::new();
    let (mut priors, mut errors) = learn(votes, &rows, model);
    for _ in 0..ITERATIONS {
        let mut entropy = 0.0;
        for (task, of_task) in votes.by_task() {
            let mut row: Vec<f64> = priors.iter().map(|prior| prior.max(LEAST).ln()).collect();
            for vote in of_task {
                for (truth, value) in row.iter_mut().enumerate() {
                    *value += errors[vote.worker.index()][vote.label.index()][truth].ln();
                }
            }
            let most = row.iter().copied().fold(f64::MIN, f64::max);
            let sum: f64 = row.iter().map(|value| (value - most).exp()).sum();
            for value in &mut *row {
                *value = (*value - most).exp() / sum;
            }
            let known = known.of(task).map(|label| label.index());
            let row = keep(row, known);
            let nats = |p: &f64| if *p > 0.0 { -p * p.ln() } else { 0.0 };
            entropy += row.iter().map(nats).sum::<f64>();
            rows[task.index()] = row;
        }
        (priors, errors) = learn(votes, &rows, model);
        let mut bound = entropy;
        for (task, of_task) in votes.by_task() {
            for vote in of_task {
                for (truth, share) in rows[task.index()].iter().enumerate() {
                    let error = errors[vote.worker.index()][vote.label.index()][truth];
                    bound += share * (error.ln() + priors[truth].max(LEAST).ln());
                }
            }
        }
        bounds.push(bound / votes.len() as f64);
    }
    (rows, bounds)
}

/// Priors, and per worker, label said and true label how probable that is.
type Learnt = (Vec<f64>, Vec<Vec<Vec<f64>>>);

fn learn(votes: &Votes, rows: &[Vec<f64>], model: ErrorModel) -> Learnt {
    let labels = votes.labels();
    let mut priors = vec![0.0; labels];
    let mut counts = vec![vec![vec![0.0; labels]; labels]; votes.workers()];
    let mut occurs = vec![vec![false; labels]; votes.workers()];
    let mut answers = vec![0.0; votes.workers()];
    for (task, of_task) in votes.by_task() {
        for (truth, share) in rows[task.index()].iter().enumerate() {
            priors[truth] += share / votes.tasks() as f64;
            for vote in of_task {
                counts[vote.worker.index()][vote.label.index()][truth] += share;
                occurs[vote.worker.index()][vote.label.index()] = true;
            }
        }
        for vote in of_task {
            answers[vote.worker.index()] += 1.0;
        }
    }
    for (worker, counts) in counts.iter_mut().enumerate() {
        let right: f64 =
            (0..labels).map(|label| counts[label][label]).sum::<f64>() / answers[worker];
        for truth in 0..labels {
            let said = (0..labels).filter(|said| occurs[worker][*said]);
            let sum: f64 = said.map(|said| counts[said][truth].max(LEAST)).sum();
            for (said, row) in counts.iter_mut().enumerate() {
                row[truth] = match model {
                    ErrorModel::Confusion => row[truth].max(LEAST) / sum,
                    ErrorModel::OneCoin if said == truth => right.clamp(LEAST, 1.0 - LEAST),
                    ErrorModel::OneCoin => {
                        ((1.0 - right) / (labels as f64 - 1.0)).clamp(LEAST, 1.0 - LEAST)
                    }
                };
            }
        }
    }
    (priors, counts)
}

#[track_caller]
fn compare(answers: &Answers<u64, u64, u64>, known: &Known) {
    let votes = answers.votes();
    for model in [ErrorModel::Confusion, ErrorModel::OneCoin] {
        let fit = || dawid_skene(votes, known, model, Iterations::exactly(ITERATIONS));
        let found: DawidSkene = fit();
        assert_eq!(found, fit(), "the same bits, whoever is first to end");
        let (rows, bounds) = plain(votes, known, model);
        for ((task, _), row) in votes.by_task().zip(&rows) {
            for (found, plain) in found.consensus.probabilities(task).iter().zip(row) {
                assert!(
                    (found - plain).abs() < 1e-9,
                    "{model:?} {task:?}: {found} {plain}"
                );
            }
        }
        assert_eq!(found.bounds.len(), bounds.len());
        for (found, plain) in found.bounds.iter().zip(&bounds) {
            assert!((found - plain).abs() < 1e-9, "{model:?}: {found} {plain}");
        }
    }
}

fn some_known(answers: &Answers<u64, u64, u64>) -> Known {
    Known::new(
        answers,
        (0..answers.tasks().len() as u64)
            .step_by(17)
            .map(|task| (task, 1)),
    )
    .unwrap()
}

#[test]
fn answers_that_two_threads_share_give_what_one_gives() {
    for labels in [2, 4, 12] {
        let answers = crowd(14_000, 5, 60, labels);
        assert!(answers.votes().len() > 1 << 16);
        compare(&answers, &some_known(&answers));
    }
}

#[test]
fn a_product_of_many_small_probabilities_does_not_vanish() {
    for labels in [1, 2, 3, 10, 11] {
        let answers = crowd(60, 400, 500, labels);
        compare(&answers, &Known::nothing(answers.votes()));
        if labels > 1 {
            compare(&answers, &some_known(&answers));
        }
    }
}

#[test]
fn workers_of_many_labels_and_few_answers_are_counted_by_those_they_gave() {
    let answers = crowd(300, 3, 200, 40);
    compare(&answers, &some_known(&answers));
}
