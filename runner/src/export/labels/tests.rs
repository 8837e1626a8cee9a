use datacrowd_protocol::{
    export::GivenLabel, ids::TaskId, labeling::ConsensusMethod, raw::RawJson,
};

use super::{Collector, Labels, collect, fit};

fn raw(text: &str) -> RawJson {
    RawJson::parse(text.to_owned()).unwrap()
}

/// Who said what of which task.
fn labels(rows: &[(i64, &str, &str)], method: ConsensusMethod) -> Labels {
    let mut given = Collector::default();
    for (task, worker, label) in rows {
        let item = GivenLabel {
            task_id: TaskId(*task),
            worker_id: (*worker).to_owned(),
            label: raw(label),
        };
        collect(&mut given, item).unwrap();
    }
    fit(given, method).unwrap()
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
