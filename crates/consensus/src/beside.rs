//! What others alone say of a worker's answers: the evidence by which somebody may be shut out.
//!
//! A label of which an answer is a part is no witness for or against it. It flatters who guesses, as a vote of two cannot
//! contradict either; and a model that learns labels and workers together may settle, by few answers, on a worker who is always wrong.

use crate::{
    Consensus, ErrorModel, Iterations, Known, LabelNo, Share, Votes, dawid_skene,
    overlap::{Answer, InvalidOverlap, Quality, posterior},
    tallies,
};

/// How probable a label has to be by others' answers. Unsure ones would hold against workers what hard tasks are to blame for.
const SURE: f64 = 0.9;

/// Per worker, of the answers to tasks whose label is known, or sure without that answer, those that equal it. `options` are all labels of
/// the field, given or not.
///
/// How good the others are is found by one coin each, whatever the project's method is: votes alone cannot tell who guesses.
///
/// # Errors
/// When there are more labels than options.
pub fn beside_others(
    votes: &Votes,
    known: &Known,
    options: usize,
) -> Result<Vec<Share>, InvalidOverlap> {
    let coins = dawid_skene(votes, known, ErrorModel::OneCoin, Iterations::default()).consensus;
    beside_fitted(votes, known, &coins, options)
}

/// The same where the fit of one coin each is there already.
pub(crate) fn beside_fitted(
    votes: &Votes,
    known: &Known,
    coins: &Consensus,
    options: usize,
) -> Result<Vec<Share>, InvalidOverlap> {
    let label = |task| match known.of(task) {
        Some(label) => (label, true),
        None => (coins.label(task), false),
    };
    let tallies = tallies(votes, |task| Some(label(task)));
    let quality: Vec<_> = tallies.iter().map(|t| Quality::new(t.right)).collect();
    let mut shares = vec![Share::default(); votes.workers()];
    let mut others = Vec::new();
    for (task, of_task) in votes.by_task() {
        for (place, vote) in of_task.iter().enumerate() {
            others.clear();
            let beside = of_task.iter().enumerate().filter(|(nth, _)| *nth != place);
            others.extend(beside.map(|(_, vote)| Answer {
                label: vote.label,
                quality: quality[vote.worker.index()],
            }));
            let label = match known.of(task) {
                Some(label) => Some(label),
                None => sure(options, &others)?,
            };
            if let Some(label) = label {
                shares[vote.worker.index()].count(vote.label == label);
            }
        }
    }
    Ok(shares)
}

fn sure(options: usize, answers: &[Answer]) -> Result<Option<LabelNo>, InvalidOverlap> {
    let best = posterior(options, answers)?.best();
    Ok(best
        .filter(|best| best.probability >= SURE)
        .map(|b| b.label))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answers, Collector, Labelled, Method};

    /// Ten tasks, of which three workers say the same and the last something else, and one that two of them answered.
    #[test]
    fn an_answer_is_held_against_what_others_say_and_only_where_they_are_sure() {
        let mut rows = Vec::new();
        for task in 0..10 {
            let said = if task % 2 == 0 { "x" } else { "y" };
            rows.extend(["a", "b", "c"].map(|worker| (task, worker, said)));
            rows.push((task, "d", "z"));
        }
        rows.push((10, "a", "x"));
        rows.push((10, "d", "y"));
        rows.push((11, "d", "z"));
        let answers = Answers::new(rows).unwrap();
        let share = |correct, total| Share::new(correct, total).unwrap();
        let nothing = Known::nothing(answers.votes());
        let found = beside_others(answers.votes(), &nothing, 3).unwrap();
        // What d says of task 10 makes nothing sure of a; what a says does of d.
        let expected = [share(10, 10), share(10, 10), share(10, 10), share(0, 11)];
        assert_eq!(found, expected);
        let decided = Known::new(&answers, [(11, "z"), (10, "y")]).unwrap();
        let found = beside_others(answers.votes(), &decided, 3).unwrap();
        assert_eq!([found[0], found[3]], [share(10, 11), share(2, 12)]);
        assert!(beside_others(answers.votes(), &nothing, 2).is_err());
    }
    /// Who guesses and who copies are told apart differently by each method, and alike by one coin.
    #[test]
    fn what_others_say_is_the_same_whatever_the_method_of_the_labels_is() {
        let beside = |method| {
            let mut given = Collector::default();
            for task in 0..30_usize {
                for worker in 0..5_usize {
                    let label = match worker {
                        0..3 => task % 3,
                        3 => task * task % 3,
                        _ => (task + 1) % 3,
                    };
                    // Some answered by two only.
                    if worker < 2 || task % 4 > 0 {
                        given.push(task, worker, label).unwrap();
                    }
                }
            }
            let known = vec![(4, 2), (9, 0)];
            let labelled = Labelled::fit(given, known, method).unwrap();
            labelled.beside_others(3).unwrap()
        };
        let first = beside(Method::ALL[0]);
        assert!(first.iter().any(|share| share.correct() > 0), "{first:?}");
        for method in Method::ALL {
            assert_eq!(beside(method), first, "{method:?}");
        }
    }
}
