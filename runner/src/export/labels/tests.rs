use datacrowd_protocol::{
    export::GivenLabel, ids::TaskId, labeling::ConsensusMethod, raw::RawJson,
};

use super::{Collector, DECISION, Decisions, Labels, collect, fit};

fn raw(text: &str) -> RawJson {
    RawJson::parse(text.to_owned()).unwrap()
}

/// Who said what of which task.
fn labels(rows: &[(i64, &str, &str)], method: ConsensusMethod) -> Labels {
    decided(rows, &[], method)
}

/// The same, with what the owner says of which task.
fn decided(
    rows: &[(i64, &str, &str)],
    decisions: &[(i64, &str)],
    method: ConsensusMethod,
) -> Labels {
    let mut given = Collector::default();
    for (task, worker, label) in rows {
        let item = GivenLabel {
            task_id: TaskId(*task),
            worker_id: (*worker).to_owned(),
            label: raw(label),
        };
        collect(&mut given, item).unwrap();
    }
    let decisions: Decisions = decisions
        .iter()
        .map(|(task, label)| (TaskId(*task), raw(label)))
        .collect();
    fit(given, decisions, method).unwrap()
}

const ROWS: [(i64, &str, &str); 6] = [
    (1, "a", "\"cat\""),
    (1, "b", "\"cat\""),
    (1, "c", "\"dog\""),
    (2, "a", "\"dog\""),
    (3, "a", "\"dog\""),
    (3, "b", "\"cat\""),
];

#[test]
fn most_votes_win_and_a_tie_goes_to_the_first_label() {
    let labels = labels(&ROWS, ConsensusMethod::MajorityVote);
    for (task, label, confidence, agreement) in [
        (1, "\"cat\"", 0.666_667, Some(0.333_333)),
        (2, "\"dog\"", 1.0, None),
        (3, "\"cat\"", 0.5, Some(0.0)),
    ] {
        let found = labels.of_task(TaskId(task));
        assert_eq!(found.label, Some(raw(label)), "{task}");
        assert_eq!(found.confidence, Some(confidence), "{task}");
        assert_eq!(found.agreement, agreement, "{task}");
        assert_eq!(found.method, "MAJORITY_VOTE");
    }
}

#[test]
fn the_order_of_answers_changes_nothing() {
    for method in [ConsensusMethod::DawidSkene, ConsensusMethod::Wawa] {
        let mut backwards = ROWS;
        backwards.reverse();
        let (one, other) = (labels(&ROWS, method), labels(&backwards, method));
        for task in 1..=3 {
            assert_eq!(one.of_task(TaskId(task)), other.of_task(TaskId(task)));
        }
    }
}

#[test]
fn a_task_whose_field_nobody_answered_has_no_label() {
    let found = labels(&ROWS, ConsensusMethod::MajorityVote).of_task(TaskId(4));
    assert_eq!((found.label, found.confidence), (None, None));
}

#[test]
fn true_and_false_stay_what_they_are() {
    let rows = [(1, "a", "true"), (1, "b", " true "), (1, "c", "false")];
    let labels = labels(&rows, ConsensusMethod::OneCoinDawidSkene);
    assert_eq!(labels.of_task(TaskId(1)).label, Some(raw("true")));
}

#[test]
fn the_owner_overrules_every_method_and_the_others_keep_theirs() {
    let decisions = [(1, "\"dog\""), (3, "\"bird\""), (9, "\"cat\"")];
    for method in [
        ConsensusMethod::MajorityVote,
        ConsensusMethod::Wawa,
        ConsensusMethod::ZeroBasedSkill,
        ConsensusMethod::DawidSkene,
        ConsensusMethod::OneCoinDawidSkene,
    ] {
        let labels = decided(&ROWS, &decisions, method);
        for (task, label) in decisions {
            let found = labels.of_task(TaskId(task));
            assert_eq!(found.label, Some(raw(label)), "{method:?} {task}");
            assert_eq!((found.confidence, found.method), (Some(1.0), DECISION));
        }
        assert_eq!(labels.of_task(TaskId(1)).agreement, Some(0.333_333));
        assert_ne!(labels.of_task(TaskId(2)).method, DECISION);
    }
}

#[test]
fn votes_do_not_learn_from_decisions() {
    for method in [ConsensusMethod::MajorityVote, ConsensusMethod::Wawa] {
        let labels = decided(&ROWS, &[(1, "\"dog\""), (3, "\"bird\"")], method);
        assert_eq!(labels.of_task(TaskId(2)).label, Some(raw("\"dog\"")));
    }
}

#[test]
fn methods_learn_from_decisions_who_errs() {
    // Task 4 has one answer of each; "a" was right where the owner decided, "b" was wrong.
    let rows = [
        (1, "a", "1"),
        (1, "b", "0"),
        (2, "a", "0"),
        (2, "b", "1"),
        (3, "a", "1"),
        (3, "b", "0"),
        (4, "a", "1"),
        (4, "b", "0"),
    ];
    let method = ConsensusMethod::OneCoinDawidSkene;
    let of = |decisions: &[(i64, &str)]| decided(&rows, decisions, method).of_task(TaskId(4));
    assert_eq!(of(&[(1, "1"), (2, "0"), (3, "1")]).label, Some(raw("1")));
    assert_eq!(of(&[(1, "0"), (2, "1"), (3, "0")]).label, Some(raw("0")));
}
