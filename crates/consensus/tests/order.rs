//! Neither the order of answers nor that of ties leaves a trace; and what comes out are probabilities.

#![expect(clippy::unwrap_used, reason = "whatever fails here fails the test")]

use datacrowd_consensus::{
    Answers, Collector, ErrorModel, InvalidAnswers, InvalidKnown, Iterations, Known, Method,
    MissingSkill, Number, TaskNo, Unskilled, dawid_skene, gold_majority_vote, hold_out,
    majority_vote, medians, typical_errors, weighted_vote,
};
use proptest::prelude::*;

type Row = (u8, u8, u8);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    prop::collection::btree_map((0_u8..12, 0_u8..6), 0_u8..4, 0..40).prop_map(|rows| {
        rows.into_iter()
            .map(|((task, worker), label)| (task, worker, label))
            .collect()
    })
}

/// As two readers take them, the second half first.
fn in_two(rows: &[Row]) -> Answers<u8, u8, u8> {
    let (first, second) = rows.split_at(rows.len() / 2);
    let [mut second, first] = [second, first].map(|rows| {
        let mut collector = Collector::default();
        for (task, worker, label) in rows {
            collector.push(*task, *worker, *label).unwrap();
        }
        collector
    });
    second.append(first).unwrap();
    second.finish().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_method_gives_the_same_bits_for_answers_in_any_order(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
    ) {
        let answers = Answers::new(rows.clone()).unwrap();
        let again = Answers::new(shuffled).unwrap();
        prop_assert_eq!(&answers, &again);
        prop_assert_eq!(&answers, &in_two(&rows));
        let nothing = Known::nothing(answers.votes());
        for method in Method::ALL {
            let consensus = method.fit(answers.votes(), &nothing);
            prop_assert_eq!(&consensus, &method.fit(again.votes(), &nothing));
            for (task, _) in answers.votes().by_task() {
                let row = consensus.probabilities(task);
                prop_assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-9, "{:?}: {:?}", method, row);
                prop_assert!(row.iter().all(|share| (0.0..=1.0).contains(share)));
                let first = row.iter().position(|share| *share == consensus.confidence(task)).unwrap();
                prop_assert_eq!(first, consensus.label(task).index());
            }
        }
        for model in [ErrorModel::Confusion, ErrorModel::OneCoin] {
            let fit = dawid_skene(answers.votes(), &nothing, model, Iterations::default());
            prop_assert!(fit.skill.iter().all(|skill| (0.0..=1.0 + 1e-9).contains(skill)), "{:?}", fit.skill);
        }
    }

    #[test]
    fn what_is_known_stays_and_nothing_else_is_certain_by_it(rows in rows(), label in 0_u8..4) {
        let answers = Answers::new(rows).unwrap();
        let Some(task) = answers.tasks().first() else { return Ok(()) };
        let Some(truth) = answers.label(&label) else { return Ok(()) };
        let known = Known::new(&answers, [(*task, label)]).unwrap();
        let first = answers.task(task).unwrap();
        for model in [ErrorModel::Confusion, ErrorModel::OneCoin] {
            let fit = dawid_skene(answers.votes(), &known, model, Iterations::exactly(5));
            prop_assert_eq!(fit.consensus.label(first), truth);
            prop_assert_eq!(fit.consensus.confidence(first), 1.0);
        }
    }
}

fn task<T: datacrowd_consensus::Name>(answers: &Answers<T, u32, &'static str>, name: T) -> TaskNo {
    answers.task(&name).unwrap()
}

#[test]
fn a_tie_goes_to_the_first_label_in_sorted_order() {
    let answers = Answers::new([("t", 1, "b"), ("t", 2, "a")]).unwrap();
    let nothing = Known::nothing(answers.votes());
    for method in Method::ALL {
        let consensus = method.fit(answers.votes(), &nothing);
        let label = consensus.label(task(&answers, "t"));
        assert_eq!(answers.labels()[label.index()], "a", "{method:?}");
    }
}

#[test]
fn two_answers_of_one_worker_to_one_task_are_refused() {
    let refused = Answers::new([("t", 1, "a"), ("u", 1, "a"), ("t", 1, "b")]).unwrap_err();
    let InvalidAnswers::Twice { .. } = refused else {
        panic!("{refused}")
    };
    assert_eq!(refused.to_string(), "worker 1 answered task \"t\" twice");
}

#[test]
fn what_cannot_be_known_is_refused() {
    let answers = Answers::new([("t", 1, "a"), ("u", 1, "b")]).unwrap();
    let refusal = |known: &[(&'static str, &'static str)]| {
        let refused: InvalidKnown = Known::new(&answers, known.iter().copied()).unwrap_err();
        refused.to_string()
    };
    assert_eq!(
        refusal(&[("t", "c")]),
        "label \"c\" of task \"t\" is none of the labels of the answers"
    );
    assert_eq!(
        refusal(&[("t", "a"), ("t", "b")]),
        "two different labels are known of task \"t\""
    );
    // Nobody answered v: it tells nothing.
    let known = Known::new(&answers, [("v", "a"), ("t", "a"), ("t", "a")]).unwrap();
    assert_eq!(known.of(task(&answers, "t")), answers.label(&"a"));
    assert_eq!(known.of(task(&answers, "u")), None);
}

#[test]
fn workers_without_gold_are_refused_left_out_or_taken_at_a_value() {
    let answers =
        Answers::new([("t", 1, "a"), ("u", 1, "b"), ("u", 2, "a"), ("v", 2, "b")]).unwrap();
    let votes = answers.votes();
    let gold = Known::new(&answers, [("t", "a")]).unwrap();
    let refused = gold_majority_vote(votes, &gold, MissingSkill::Refuse).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "worker 1 answered no task whose label is known"
    );
    let refused = gold_majority_vote(votes, &gold, MissingSkill::Ignore).unwrap_err();
    assert_eq!(refused, Unskilled::Task(task(&answers, "v")));
    let voted = gold_majority_vote(votes, &gold, MissingSkill::Value(0.25)).unwrap();
    assert_eq!(
        voted.consensus.probabilities(task(&answers, "u")),
        [0.2, 0.8]
    );
    assert_eq!(voted.skill, [Some(1.0), None]);
    let refused = weighted_vote(votes, &[Some(-0.5), None], MissingSkill::Value(1.0)).unwrap_err();
    assert_eq!(refused, Unskilled::Skill(-0.5));
}

#[test]
fn a_label_that_nobody_gave_counts_once_it_is_named() {
    let mut collector = Collector::default();
    collector.push("t", 1, "a").unwrap();
    collector.name_label("c").unwrap();
    let answers = collector.finish().unwrap();
    assert_eq!(answers.labels(), ["a", "c"]);
    let consensus = majority_vote(answers.votes()).consensus;
    assert_eq!(consensus.probabilities(task(&answers, "t")), [1.0, 0.0]);
}

#[test]
fn the_report_of_a_hold_out_finds_the_method_that_knows_the_liar() {
    // Two workers mix up a and b, one does not; there are twice as many tasks as they need to show it.
    let truth = |task: u32| if task.is_multiple_of(2) { "a" } else { "b" };
    let other = |task: u32| truth(task + 1);
    let rows = (0..40).flat_map(|task| {
        let said = |worker: u32| {
            let wrong = match worker {
                0 => false,
                1 => task % 5 == 0,
                2 => task % 7 == 0,
                _ => true,
            };
            (task, worker, if wrong { other(task) } else { truth(task) })
        };
        (0..4).map(said).collect::<Vec<_>>()
    });
    let answers = Answers::new(rows).unwrap();
    let known = Known::new(&answers, (0..40).map(|task| (task, truth(task)))).unwrap();
    let trials = hold_out(answers.votes(), &known);
    assert!(
        trials.iter().all(|trial| trial.right.total() == 40),
        "{trials:?}"
    );
    let right = |method| {
        trials
            .iter()
            .find(|trial| trial.method == method)
            .unwrap()
            .right
            .correct()
    };
    assert_eq!(right(Method::DawidSkene), 40);
    assert!(right(Method::MajorityVote) < 40);
}

#[test]
fn numbers_are_finite_one_zero_and_in_order_of_size() {
    for value in [f64::NAN, f64::INFINITY] {
        assert!(Number::new(value).is_err());
    }
    let number = |value| Number::new(value).unwrap();
    assert_eq!(number(-0.0), number(0.0));
    let rows = [
        (1, 1, 10.0),
        (1, 2, 9.0),
        (1, 3, -20.0),
        (1, 4, 9.5),
        (2, 1, 7.0),
    ];
    let answers =
        Answers::new(rows.map(|(task, worker, value)| (task, worker, number(value)))).unwrap();
    assert_eq!(answers.labels()[0].value(), -20.0);
    let found = medians(&answers);
    // About 9.25 they are 0.75, 0.25, 29.25 and 0.25 away.
    assert_eq!(
        (found[0].median, found[0].deviation, found[0].answers),
        (9.25, 0.5, 4)
    );
    assert_eq!(
        (found[1].median, found[1].deviation, found[1].answers),
        (7.0, 0.0, 1)
    );
    assert_eq!(typical_errors(&answers, &found), [0.375, 0.25, 29.25, 0.25]);
}
