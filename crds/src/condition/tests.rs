//! The table of conditions, and what survives a merge.

use super::{
    ConditionStatus::{False, True, Unknown},
    *,
};

fn at(text: &str) -> Time {
    serde_json::from_value(serde_json::json!(text)).unwrap()
}

#[test]
fn the_table_of_conditions_holds() {
    let golden = [
        (Phase::Unseen, [Unknown, Unknown, True, False]),
        (Phase::Waiting, [False, Unknown, False, False]),
        (Phase::Running, [False, Unknown, True, False]),
        (Phase::Done, [True, True, False, False]),
        (Phase::Failed, [False, False, False, True]),
    ];
    for (phase, expected) in golden {
        assert_eq!(phase.table(), expected, "{phase:?}");
        let [ready, _, reconciling, stalled] = expected;
        assert!(!(reconciling == True && stalled == True), "{phase:?}");
        assert!(!(ready == True && stalled == True), "{phase:?}");
    }
}

#[test]
fn the_transition_time_moves_only_when_the_status_flips() {
    let (before, after) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T01:00:00Z"));
    let old = Verdict::new(Phase::Waiting, Reason::AwaitingPayment, "pay").conditions(
        &RUN_CONDITIONS,
        1,
        &before,
    );
    let new =
        Verdict::new(Phase::Running, Reason::JobRunning, "").conditions(&RUN_CONDITIONS, 2, &after);
    let merged = merge(&old, new);
    let times: Vec<_> = merged
        .iter()
        .map(|c| (c.kind, c.last_transition_time == before))
        .collect();
    assert_eq!(
        times,
        [
            (ConditionType::Ready, true),
            (ConditionType::Succeeded, true),
            (ConditionType::Reconciling, false),
            (ConditionType::Stalled, true)
        ]
    );
    assert!(
        merged
            .iter()
            .all(|c| c.observed_generation == Some(2) && c.reason == "JobRunning")
    );
}

#[test]
fn a_project_has_no_succeeded() {
    let kinds: Vec<_> = Verdict::new(Phase::Done, Reason::Accepted, "")
        .conditions(&STANDING_CONDITIONS, 1, &at("2026-01-01T00:00:00Z"))
        .into_iter()
        .map(|c| c.kind)
        .collect();
    assert_eq!(kinds, STANDING_CONDITIONS);
}

#[test]
fn every_reason_of_a_run_is_a_reason_of_a_condition() {
    use datacrowd_protocol::{WireEnum, run::RunReason};
    for reason in RunReason::ALL {
        assert_eq!(Reason::from(*reason).as_str(), reason.camel());
    }
}

#[test]
fn every_reason_says_what_it_means_and_what_to_do() {
    for reason in Reason::ALL {
        let sentences = reason.help().matches('.').count();
        assert!(
            sentences >= 2 && reason.help().ends_with('.'),
            "{reason}: {}",
            reason.help()
        );
    }
}
